"""Checks whether switches of one name are made alike on both hosts: what they connect to, VLANs, SR-IOV, bandwidth mode."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model import names
from hyperv_placement.model.estate import HostFacts, SwitchKind, VirtualMachine, VirtualSwitch
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move

_MODES = {0: "default", 1: "weight", 2: "absolute", 3: "none"}
_WEIGHT, _NONE = 1, 3


def made_otherwise(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield in what a switch that the machine is connected to differs from the one of its name at the destination.

    Hyper-V looks for a switch by its name alone (Compare-VM, incompatibility 33012), and says nothing of these.
    """
    for name in dict.fromkeys(move.vm.switches or ()):
        here, there = _named(name, source), _named(name, destination)
        if here is not None and there is not None:
            yield from _kind(move, here, there)
            yield from _bandwidth(move, here, there)
            yield from _sriov(move, here, there)
    if destination.vlans is not None:
        yield from _vlans(move, destination.vlans)


def _named(name: str, facts: HostFacts) -> VirtualSwitch | None:
    found = facts.networks or ()
    exact = next((each for each in found if each.name == name), None)
    return exact or next((each for each in found if names.same(each.name, name)), None)


def _kind(move: Move, here: VirtualSwitch, there: VirtualSwitch) -> Iterator[Finding]:
    if here.kind == there.kind:
        return
    connected = f"{move.vm.name} is connected to switch {here.name!r}"
    if here.kind is None or there.kind is None:
        unread = move.source if here.kind is None else move.destination
        known = here.kind or there.kind
        yield Finding.warning(
            "switch-kind-unread",
            f"{connected}, which is {known} on {move.destination if here.kind is None else move.source}; whether it is on {unread} could"
            " not be read",
            f"Compare both with {quoting.powershell('Get-VMSwitch')}",
        )
        return
    if SwitchKind.WITHIN in {here.kind, there.kind} and SwitchKind.EXTERNAL not in {here.kind, there.kind}:
        return
    text = f"{connected}, which is {here.kind} on {move.source} and {there.kind} on {move.destination}"
    remedy = f"Give the switch of {move.destination} another name, or make it {here.kind} as on {move.source}"
    # The one has a way out of the host that the other lacks: a network lost, or one that nobody meant to have.
    if SwitchKind.EXTERNAL in {here.kind, there.kind}:
        yield Finding.refusal("switch-kind-differs", text, remedy)
    else:
        yield Finding.warning("switch-kind-differs", text, remedy)


def _bandwidth(move: Move, here: VirtualSwitch, there: VirtualSwitch) -> Iterator[Finding]:
    one, other = _mode(here), _mode(there)
    if one is not None and other is not None and one != other:
        yield Finding.warning(
            "switch-bandwidth-differs",
            f"Switch {here.name!r} of {move.vm.name} counts bandwidth by {_MODES.get(one, one)!r} on {move.source} and by"
            f" {_MODES.get(other, other)!r} on {move.destination}",
            "A minimum bandwidth of its adapter may be refused or mean something else there. The mode is chosen when a switch is"
            " made (New-VMSwitch -MinimumBandwidthMode)",
        )


def _mode(switch: VirtualSwitch) -> int | None:
    """Return the mode that counts: the default is weight, and none where SR-IOV is on (New-VMSwitch page)."""
    if switch.bandwidth:
        return switch.bandwidth
    if switch.bandwidth is None or switch.sriov is None:
        return None
    return _NONE if switch.sriov else _WEIGHT


def _sriov(move: Move, here: VirtualSwitch, there: VirtualSwitch) -> Iterator[Finding]:
    wanted = _wants_sriov(move.vm, here.name)
    if wanted is not False and here.sriov and there.sriov is False:
        yield Finding.warning(
            "switch-sriov-differs",
            f"Switch {here.name!r} of {move.vm.name} has SR-IOV on {move.source} and not on {move.destination}"
            f"{'' if wanted else '; whether its adapter uses it could not be read'}",
            "Its traffic goes through the software switch there. SR-IOV is chosen when a switch is made (New-VMSwitch -EnableIov)",
        )


def _wants_sriov(vm: VirtualMachine, switch: str) -> bool | None:
    """Say whether an adapter of the machine at `switch` wants SR-IOV; None where that was not read."""
    if vm.adapters is None:
        return None
    return any(each.sriov for each in vm.adapters if names.same(each.switch, switch))


def _vlans(move: Move, there: tuple[int, ...]) -> Iterator[Finding]:
    wanted = {vlan for each in move.vm.adapters or () for vlan in each.vlans}
    if unseen := sorted(wanted - set(there)):
        listed = ", ".join(map(str, unseen))
        yield Finding.warning(
            "vlan-unseen",
            f"{move.vm.name} uses VLAN {listed}, which no adapter on {move.destination} uses: whether its physical network carries"
            " it no host reports",
            f"Look at the ports of the physical switch that {move.destination} is connected to",
        )

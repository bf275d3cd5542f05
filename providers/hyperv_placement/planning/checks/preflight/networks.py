"""Checks whether the destination has the switches and virtual SANs that a machine is connected to, by name."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model import names
from hyperv_placement.model.estate import HostFacts, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName
from hyperv_placement.model.near_names import near_ones


def networks(vm: VirtualMachine, destination: HostFacts, name: HostName) -> Iterator[Finding]:
    """Yield each switch and virtual SAN that the host called `name` lacks."""
    if vm.switches is None:
        yield Finding.refusal(
            "switches-unread", f"The network connections of {vm.name} could not be read", "Run again"
        )
    for switch in dict.fromkeys(vm.switches or ()):
        if switch in destination.switches:
            continue
        alike = next((each for each in destination.switches if names.same(each, switch)), None)
        if alike is None:
            yield Finding.refusal(
                "switch-missing",
                f"{vm.name} is connected to switch {switch!r}, which {name} does not have{near_ones(switch, destination.switches)}",
                f"Create the switch on {name}, or connect the machine to another one",
            )
        else:
            # -ceq, because a name that is looked up (Get-VMSwitch -Name) is a pattern and may fit other switches.
            renaming = quoting.powershell(
                "Get-VMSwitch | Where-Object Name -ceq {} | Rename-VMSwitch -NewName {}", alike, switch
            )
            yield Finding.warning(
                "switch-case",
                f"{vm.name} is connected to switch {switch!r}, which is spelled {alike!r} on {name}; which of the two a host"
                " asks for is not known",
                f"Give both one name, on {name}: {renaming}",
            )
    if vm.devices is not None and vm.devices.fibre_channel:
        yield from _fibre_channel(vm, vm.devices.fibre_channel, destination, name)


def _fibre_channel(
    vm: VirtualMachine, wanted: tuple[str, ...], destination: HostFacts, name: HostName
) -> Iterator[Finding]:
    """A virtual SAN of the same name must be there (Hyper-V Virtual Fibre Channel page); no host reports the zoning."""
    there = destination.fibre_channel or ()
    # An adapter without a SAN has an empty name: it is connected to nothing, and misses nothing.
    missing = [
        san for san in dict.fromkeys(wanted) if san and not any(names.same(san, each) for each in there)
    ]
    for san in dict.fromkeys(wanted):
        alike = next((each for each in there if san not in there and names.same(san, each)), None)
        if alike is not None:
            yield Finding.warning(
                "san-case",
                f"{vm.name} is connected to virtual SAN {san!r}, which is spelled {alike!r} on {name}; which of the two a"
                " host asks for is not known",
                "Give both one name",
            )
    for san in missing if destination.fibre_channel is not None else ():
        yield Finding.refusal(
            "san-missing",
            f"{vm.name} is connected to virtual SAN {san!r}, which {name} does not have",
            f"Create it there ({quoting.powershell('New-VMSan -Name {}', san)}), or connect the adapter to one that is there",
        )
    if not missing or destination.fibre_channel is None:
        yield Finding.warning(
            "fibre-channel-unverified",
            f"{vm.name} has virtual Fibre Channel: whether {name} reaches its disks is unverified",
            "Check zoning and masking for both sets of its addresses",
        )

"""The whole examination: reads once, checks everything, and lists errors first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from hyperv_placement.clock import Clock
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import UNKNOWN_CLUSTER
from hyperv_placement.model.finding import Finding, Severity, Subject
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.not_checked import NotChecked
from hyperv_placement.model.others import OthersSeen
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.unreachable import several
from hyperv_placement.planning.machine.computers import facts_in, same_names
from hyperv_placement.planning.machine.next_door import twice_in
from hyperv_placement.planning.machine.others import of_others

from .controllers import controller_diagnoses
from .files import file_diagnoses
from .hosts import host_diagnoses, silent_hosts, unproven_hosts
from .machines import machine_diagnoses
from .pairs import caller_diagnoses, needs_delegation, pair_diagnoses
from .possible import possible_moves, possible_pairs
from .reading import read
from .symptoms import Reading


class Examined(NamedTuple):
    """What an examination has found."""

    found: list[Finding]
    """Errors first."""
    not_checked: list[NotChecked]
    """What cannot be checked from here."""
    others: OthersSeen | None
    """Machines of others on the hosts; None where the stack file does not say of any."""


def examine(stack: Stack, clock: Clock, known: Kept = NOTHING_KEPT) -> Examined:
    """Return the diagnoses, what cannot be checked from here, and machines of others. Nothing is changed; no host is asked twice."""
    estate = Estate(stack.hosts, clock=clock)
    try:
        reading = read(stack, estate, clock, known)
    finally:
        estate.close()
    # The same cause shows at each pair and machine: once is enough.
    found = list(dict.fromkeys(diagnoses(stack, reading)))
    for label, twice in twice_in(stack, reading.inventory, known):
        error = replace(twice, severity=Severity.REFUSAL)
        found.append(error.about(Subject.machine(label), "Two stacks take it to and fro"))
    found.sort(key=lambda each: not each.refuses)
    others = of_others(stack.at(clock.utc()), reading.inventory, known)
    return Examined(found, list(not_checked(stack, reading)), others)


def diagnoses(stack: Stack, reading: Reading) -> Iterator[Finding]:
    """Yield every diagnosis: callers and directory, hosts, pairs, machines."""
    yield from caller_diagnoses(reading)
    yield from silent_hosts(stack, reading)
    yield from unproven_hosts(stack)
    for spec in stack.hosts.values():
        if reading.hosts[spec.name].trouble is None:
            yield from host_diagnoses(reading, spec)
    for name, finding in same_names(facts_in(reading.inventory)):
        breaks = (
            "Its machines and its room count twice: nothing is moved"
            if finding.refuses
            else "Which computer it is is unknown: nothing is moved to it"
        )
        # A plan warns of a name that may be another host's and goes on without it; here it is what stands in the way.
        yield replace(finding, severity=Severity.REFUSAL).about(Subject.host(name), breaks)
    for source, destination in possible_pairs(stack, reading.inventory, reading.known):
        yield from pair_diagnoses(stack, reading, source, destination)
    for machine, vm, host in possible_moves(stack, reading.inventory, reading.known):
        yield from machine_diagnoses(stack, reading, machine, vm, host)
    yield from file_diagnoses(stack, reading.inventory)
    yield from controller_diagnoses(stack, reading)


def not_checked(stack: Stack, reading: Reading) -> Iterator[NotChecked]:
    """Yield what cannot be checked from here, so that nobody takes it for checked."""
    # From here no connection between two hosts can be tried, and nothing is started there to try it.
    if len(stack.hosts) > 1:
        ports = "whether TCP 6600 and 445 are open between the hosts (Test-NetConnection HOST -Port 6600, on each)"
        yield NotChecked(text=ports)
    if stack.directory is None and needs_delegation(stack):
        yield NotChecked(
            text="delegation, because the stack file has no directory; a move between hosts that lack it fails with 0x8009030E",
            decides="delegation",
        )
    read = [host for host in reading.hosts.values() if host.trouble is None]
    of_host = [each.name for each in read if reading.inventory.hosts[each.name].facts is None]
    if of_host:
        silent = several(of_host)
        yield NotChecked(text=f"what moves ask of {silent}, silent since", decides=silent)
    if doubtful := list(_in_doubt(reading)):
        yield _without_right(
            "the failover cluster, if any, of", doubtful, "root, or root/MSCluster", decides=True
        )
    for what, needs, names in (
        (
            "whether Credential Guard runs on",
            _DEVICE_GUARD,
            [each.name for each in read if each.credential_guard is None],
        ),
        (
            "whether Virtual Machine Manager manages",
            "Win32_Service in root/cimv2, as administrators of the host have it",
            [each.name for each in read if each.managed_by_vmm is None],
        ),
        ("the clock of", "root/cimv2", [each.name for each in read if each.ahead is None]),
    ):
        if names:
            yield _without_right(what, names, needs)


def _without_right(what: str, names: Sequence[HostName], needs: str, *, decides: bool = False) -> NotChecked:
    shown = several(names)
    return NotChecked(
        text=f"{what} {shown} (needs the right to read {needs})",
        decides=f"the failover cluster of {shown}" if decides else "",
    )


def _in_doubt(reading: Reading) -> Iterator[HostName]:
    """Yield hosts that may be nodes of a cluster."""
    for name, host in reading.inventory.hosts.items():
        if host.facts is not None and host.facts.cluster == UNKNOWN_CLUSTER:
            yield name


_DEVICE_GUARD = "root/Microsoft/Windows/DeviceGuard"

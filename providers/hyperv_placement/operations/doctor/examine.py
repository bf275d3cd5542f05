"""The whole examination: reads once, checks everything, and lists errors first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hyperv_placement.clock import Clock
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import UNKNOWN_CLUSTER
from hyperv_placement.model.finding import Finding, Severity, Subject
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.unreachable import several
from hyperv_placement.planning.machine.computers import facts_in, same_names

from .controllers import controller_diagnoses
from .files import file_diagnoses
from .hosts import host_diagnoses, silent_hosts, unproven_hosts
from .machines import machine_diagnoses
from .pairs import caller_diagnoses, pair_diagnoses
from .possible import possible_moves, possible_pairs
from .reading import read
from .symptoms import Reading


def examine(stack: Stack, clock: Clock, known: Kept = NOTHING_KEPT) -> tuple[list[Finding], list[str]]:
    """Return the diagnoses, errors first, and what cannot be checked from here. Nothing is changed; no host is asked twice."""
    estate = Estate(stack.hosts, clock=clock)
    try:
        reading = read(stack, estate, clock, known)
    finally:
        estate.close()
    # The same cause shows at each pair and machine: once is enough.
    found = list(dict.fromkeys(diagnoses(stack, reading)))
    found.sort(key=lambda each: not each.refuses)
    return found, list(not_checked(stack, reading))


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


def not_checked(stack: Stack, reading: Reading) -> Iterator[str]:
    """Yield what cannot be checked from here, so that nobody takes it for checked."""
    # From here no connection between two hosts can be tried, and nothing is started there to try it.
    yield "whether TCP 6600 and 445 are open between the hosts (Test-NetConnection HOST -Port 6600, on each)"
    if stack.directory is None:
        yield "delegation, because the stack file has no directory:"
    read = [host for host in reading.hosts.values() if host.trouble is None]
    of_host = [each.name for each in read if reading.inventory.hosts[each.name].facts is None]
    if of_host:
        yield f"what moves ask of {several(of_host)}, silent since"
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
        ("the failover cluster, if any, of", "root, or root/MSCluster", list(_in_doubt(reading))),
        ("the clock of", "root/cimv2", [each.name for each in read if each.ahead is None]),
    ):
        if names:
            yield f"{what} {several(names)} (needs the right to read {needs})"


def _in_doubt(reading: Reading) -> Iterator[HostName]:
    """Yield hosts that may be nodes of a cluster."""
    for name, host in reading.inventory.hosts.items():
        if host.facts is not None and host.facts.cluster == UNKNOWN_CLUSTER:
            yield name


_DEVICE_GUARD = "root/Microsoft/Windows/DeviceGuard"

"""Hosts about which nothing is known, reported once for each cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hyperv_placement.model.alike import alike
from hyperv_placement.model.estate import Silence, UnreachableHost
from hyperv_placement.model.names import HostName

_MORE = ", ...)"
_NAMED = 8
"""Names that stand in a line; of more, their number."""
_DONE = {
    Silence.SILENT: ("did not answer", "did not answer"),
    Silence.UNREADABLE: ("could not be read", "could not be read"),
    Silence.UNASKED: ("was not asked", "were not asked"),
}
"""For one host, and for several."""


def became(host: UnreachableHost) -> str:
    """Return what became of a host, without its name: `did not answer`."""
    return _DONE[host.kind][0]


def by_cause(hosts: Iterable[UnreachableHost]) -> Mapping[str, Sequence[UnreachableHost]]:
    """Return the hosts of each reason, in the order of hosts; reasons that differ in the host's own name are one."""
    named = {host.name: host for host in hosts}
    return {
        reason: [named[HostName(name)] for name in names]
        for names, reason in alike((host.name, host.reason) for host in named.values())
    }


def reported(hosts: Iterable[UnreachableHost]) -> Iterator[str]:
    """Yield a line for each cause: how many hosts it has hit, and that their machines are unknown."""
    for reason, found in by_cause(hosts).items():
        yield f"{who(found)}, {'their' if len(found) > 1 else 'its'} machines are unknown: {reason}"


def listed(hosts: Iterable[UnreachableHost]) -> Iterator[str]:
    """Yield a line for each cause, as lists of hosts have it: `hv1: did not answer: REASON`."""
    for reason, found in by_cause(hosts).items():
        yield f"{several([host.name for host in found])}: {shared(found)}: {reason}"


def shared(hosts: Sequence[UnreachableHost]) -> str:
    """Return what became of hosts of one cause, without their names where it was the same for all."""
    kinds = {host.kind for host in hosts}
    return _DONE[hosts[0].kind][len(hosts) > 1] if len(kinds) == 1 else who(hosts)


def who(hosts: Iterable[UnreachableHost]) -> str:
    """Return what happened to which hosts: `hv1 could not be read and 2 hosts (hv2, hv3) were not asked`."""
    kinds: dict[Silence, list[str]] = {}
    for host in hosts:
        kinds.setdefault(host.kind, []).append(host.name)
    return " and ".join(f"{several(names)} {_DONE[kind][len(names) > 1]}" for kind, names in kinds.items())


def likewise(who: str) -> str:
    """Return what follows the words for the first of `several`; where not all are named, where they stand."""
    return f"; the others likewise{' (all: --json)' if who.endswith(_MORE) else ''}"


def several(names: Sequence[str], what: str = "hosts") -> str:
    """Return a name, or the number of hosts, or of `what` they are, with the first of their names."""
    if len(names) == 1:
        return names[0]
    shown = ", ".join(names[:_NAMED])
    return f"{len(names)} {what} ({shown}{_MORE if len(names) > _NAMED else ')'}"

"""The sections maintenance: and hold: as values: hosts that must be empty, and hosts and machines that hands are at."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from datetime import date

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Hold, HostSpec, Maintenance, Rule, VmSpec
from hyperv_placement.planning.machine.displaced import ways_out

from .findings import Findings, listed
from .nodes import Mapping, Node, Scalar, Sequence
from .rules import RuleReader
from .words import read_day, read_word


def read_maintenance(root: Mapping, names: RuleReader, findings: Findings) -> Dict[HostName, Maintenance]:
    """Return the hosts that must be empty, by name, with how long, why, and where their machines go."""
    found: dict[HostName, Maintenance] = {}
    for position, item in enumerate(_items(root.value("maintenance"))):
        where = f"maintenance[{position}]"
        named = item.scalar("host") if isinstance(item, Mapping) else item
        known = names.known_hosts(Sequence(item.line, [named] if named else []), where)
        for host in known:
            if host in found:
                text = f"{where}: '{host}' stands here twice; name it once"
                findings.add("listed-twice", item.line, text)
            entry = item if isinstance(item, Mapping) else None
            found.setdefault(host, _maintenance(host, entry, where, names, findings))
    return found


def _maintenance(
    host: HostName, entry: Mapping | None, where: str, names: RuleReader, findings: Findings
) -> Maintenance:
    if entry is None:
        return Maintenance()
    to = names.known_hosts(entry.value("to"), f"{where}.to")
    if host in to:
        text = f"{where}.to: '{host}' is the host that must be empty; name others"
        findings.add("maintenance-impossible", entry.line, text)
    until, reason = entry.scalar("until"), entry.scalar("reason")
    return Maintenance(
        until=_day(until, f"{where}.until", findings), reason="" if reason is None else reason.text, to=to
    )


def _day(node: Scalar | None, where: str, findings: Findings) -> date | None:
    return None if node is None else read_day(node, where, findings)


def read_holds(root: Mapping, names: RuleReader, findings: Findings) -> tuple[Hold, ...]:
    """Return the holds of the file, in its order."""
    found: list[Hold] = []
    for position, item in enumerate(_items(root.value("hold"))):
        for hold in _holds(item, f"hold[{position}]", names, findings) if isinstance(item, Mapping) else ():
            if any((each.host, each.label) == (hold.host, hold.label) for each in found):
                text = f"hold[{position}]: '{hold.host or hold.label}' stands here twice; name it once"
                findings.add("listed-twice", item.line, text)
            found.append(hold)
    return tuple(found)


def _holds(item: Mapping, where: str, names: RuleReader, findings: Findings) -> Iterator[Hold]:
    if len(item.entries.keys() & {"host", "vm"}) != 1:
        text = f"{where}: names {'both a host and a machine' if 'vm' in item.entries else 'neither a host nor a machine'}"
        advice = (
            "write {host: hv1, until: 2026-12-01, reason: why} or {vm: VM001, until: 2026-12-01, reason: why}"
        )
        findings.add("hold-incomplete", item.line, f"{text}; {advice}")
        return
    word = read_word(item, where, findings)
    if word is None:
        return
    host, label = (
        Sequence(item.line, [named] if named is not None else [])
        for named in (item.scalar("host"), item.scalar("vm"))
    )
    for name in names.known_hosts(host, f"{where}.host"):
        yield Hold(until=word[0], reason=word[1], host=name)
    for each in names.known(label, f"{where}.vm"):
        yield Hold(until=word[0], reason=word[1], label=each)


def _items(node: Node | None) -> list[Node]:
    return [each for each in node.items if each.kind != "broken"] if isinstance(node, Sequence) else []


def report_maintenance(
    maintenance: Dict[HostName, Maintenance],
    line: int,
    hosts: Dict[HostName, HostSpec],
    vms: Dict[str, VmSpec],
    rules: tuple[Rule, ...],
    findings: Findings,
) -> None:
    """Report machines that would have no host at all while these hosts are empty, whatever the others hold."""
    stuck = [
        vm.label
        for vm in vms.values()
        if vm.hosts and set(vm.hosts) <= maintenance.keys() and not ways_out(maintenance, hosts, vm, rules)
    ]
    if stuck:
        findings.add(
            "maintenance-impossible",
            line,
            f"maintenance: {listed(stuck)} may be nowhere else than on {' and '.join(maintenance)}; name hosts under to:,"
            " allow them another host (host: [hv1, hv2]), or take a host out of maintenance",
        )

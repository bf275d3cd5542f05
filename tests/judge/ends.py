"""What is declared: on which hosts a machine may end, where its files then lie, and whether a whole end keeps the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .estate import Estate, Pool
from .places import Place, allowed, end_on, held, here, kept_on


def hosts_of(estate: Estate, label: str) -> tuple[str, ...]:
    """Return the hosts on which a machine may be in the end.

    One host: pinned. A list: any of these. None: it stays, unless a rule names it or its host is in maintenance. Where
    all that it names are in maintenance, any host will do, or those that the maintenance names.
    """
    entry, machine = estate.entries[label], estate.machines[label]
    if entry.held:
        return (machine.host,)
    emptied = [
        estate.hosts[name] for name in entry.hosts if name in estate.hosts and estate.hosts[name].maintenance
    ]
    displaced = bool(entry.hosts) and len(emptied) == len(entry.hosts)
    if len(entry.hosts) == 1 and not displaced:
        return entry.hosts
    ruled = [rule for rule in estate.rules if label in rule.labels]
    own = estate.hosts[machine.host]
    if not entry.hosts and not ruled and not own.maintenance:
        return (machine.host,)
    out = [name for host in (emptied if displaced else [own]) for name in host.ways_out]
    named = entry.hosts if entry.hosts and not displaced else tuple(out) or tuple(estate.hosts)
    fitting = [
        name
        for name in named
        if name in estate.hosts
        and not estate.hosts[name].maintenance
        and (not estate.hosts[name].closed or name == machine.host)
        and all(name in rule.hosts for rule in ruled if rule.kind == "within")
    ]
    return tuple(fitting) or entry.hosts or (machine.host,)


def ends_of(estate: Estate, label: str) -> Iterator[Place]:
    """Yield each place where a machine may end, the one where it is first, as far as a single order would be taken for it."""
    machine, entry = estate.machines[label], estate.entries[label]
    start = here(machine)
    for name in sorted(hosts_of(estate, label), key=lambda name: name != machine.host):
        end = end_on(machine, entry, estate.hosts[name]) if name in estate.hosts else None
        if end is None:
            continue
        if end.key == start.key:
            yield start
        elif not entry.protected and not entry.held and allowed(estate, label, start, end):
            yield end


def followed(estate: Estate, label: str) -> Place | None:
    """Return where a running job takes a machine, if that is where it has to go: then the job is followed.

    One that is in place already nobody here wants anywhere else, be it another host of its list.
    """
    there = estate.under_way.get(label)
    ends = list(ends_of(estate, label)) if label in estate.entries else []
    if any(end.key == here(estate.machines[label]).key for end in ends):
        return None
    return next((end for end in ends if end.host == there), None)


def moved_by_others(estate: Estate) -> frozenset[str]:
    """Return the machines that a running job takes elsewhere than they are declared: nobody touches them."""
    return frozenset(label for label in estate.under_way if followed(estate, label) is None)


def arriving(estate: Estate, labels: Iterable[str]) -> dict[Pool, int]:
    """Return what machines on their way will hold where they come, beyond what the readings show as taken.

    The generated estates show all of it or nothing, so what is in use there and no machine explains tells which.
    """
    found: dict[Pool, int] = {}
    for label in labels:
        machine, there = estate.machines[label], estate.under_way[label]
        start = here(machine)
        end = followed(estate, label) or kept_on(start, there, machine)
        have = held(estate, label, start)
        new: dict[Pool, int] = {}
        for thing, (pool, amount) in held(estate, label, end).items():
            if thing not in have:
                new[pool] = new.get(pool, 0) + amount
        for pool, amount in new.items():
            unexplained = estate.hosts[there].unexplained.get(
                "memory" if pool[0] == "memory" else pool[-1], 0
            )
            if pool[0] not in {"memory", "volume"} or unexplained < amount:
                found[pool] = found.get(pool, 0) + amount
    return found


def keeps_rules(estate: Estate, at: Mapping[str, str]) -> bool:
    """Say whether machines on these hosts (label -> host) keep apart, together and within."""
    return not list(broken(estate, at))


def broken(estate: Estate, at: Mapping[str, str]) -> Iterator[str]:
    """Yield the rules over machines that do not hold."""
    for rule in estate.rules:
        hosts = [at[label] for label in rule.labels if label in at]
        if rule.kind == "apart" and len(set(hosts)) < len(hosts):
            yield f"apart {', '.join(rule.labels)}"
        if rule.kind == "together" and len(set(hosts)) > 1:
            yield f"together {', '.join(rule.labels)}"
        if rule.kind == "within" and not set(hosts) <= set(rule.hosts):
            yield f"within {', '.join(rule.labels)}"

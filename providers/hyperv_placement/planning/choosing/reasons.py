"""Why machines have no host, in sentences that a person can check, and what would help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.model.units import MIB, format_bytes

from .conflict import Conflict, Remedy, conflicts, remedy
from .problem import Assignment, AssignmentProblem
from .rooms import Rooms

_NAMED = 6
"""Machines, hosts and pools that a sentence names."""
_MORE = "Allow them more hosts, or declare one for some of them"
_FALLBACK = "Allow them other hosts, make room there, or change the rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why machines have no host."""

    labels: tuple[str, ...]
    refusal: Finding
    """For machines that may not be where they are."""
    warning: Finding
    """For machines that may, against a rule."""


Barred = Callable[[int], Iterable[str]]
"""Number of a unit -> sentences: why hosts that it may be on by the stack file do not take it."""


def reasons(
    problem: AssignmentProblem,
    answer: Assignment,
    labels: Sequence[tuple[str, ...]],
    rooms: Rooms,
    barred: Barred,
) -> tuple[Reason, ...]:
    """Return why units have no host. `labels`: the machines of each unit."""
    homeless = [number for number, option in enumerate(answer.chosen) if option is None]
    found = conflicts(problem, answer)
    help_ = (_said(problem, remedy(problem, found)) if answer.sure else "") or _FALLBACK
    sentences = _Sentences(problem, labels, rooms, barred)
    reported = []
    rest = set(homeless)
    for group in _alike(problem, found):
        mine = [number for conflict in group for number in conflict.units if number in rest]
        rest -= set(mine)
        text = sentences.each(group) if len(group) > 1 else sentences.of(group[0], mine)
        reported.append(_reason(labels, mine, text, help_, sure=True))
    if not rest:
        return tuple(reported)
    names = _named(labels, sorted(rest))
    if problem.cuts:
        text = f"No choice of hosts was found for {names} but such as were given up because no safe order was found: there may be one"
    elif not answer.sure:
        text = f"No choice of hosts was found for {names} within the search's budget: there may be one"
    else:
        text = f"No choice of hosts fits {names} beside the other machines"
        reported.append(_reason(labels, sorted(rest), text, help_, sure=True))
        return tuple(reported)
    reported.append(_reason(labels, sorted(rest), text, _MORE, sure=False))
    return tuple(reported)


def _alike(problem: AssignmentProblem, found: Sequence[Conflict]) -> list[list[Conflict]]:
    """Return contradictions in groups: those of single machines that the same pools keep out of the same hosts are reported in one sentence."""
    groups: dict[object, list[Conflict]] = {}
    for number, conflict in enumerate(found):
        alone = conflict.units[0] if len(conflict.units) == 1 else None
        key = number if alone is None else (problem.units[alone].hosts, conflict.pools)
        groups.setdefault(key, []).append(conflict)
    return list(groups.values())


def _reason(
    labels: Sequence[tuple[str, ...]], units: Sequence[int], text: str, help_: str, *, sure: bool
) -> Reason:
    mine = tuple(label for number in units for label in labels[number])
    if sure:
        return Reason(
            labels=mine,
            refusal=Finding.refusal("no-host-fits", text, help_, topic=Topic.ORDER),
            warning=Finding.warning("no-host-fits", f"{text}; {_stay(mine)}", help_),
        )
    return Reason(
        labels=mine,
        refusal=Finding.refusal("no-host-found", text, help_, topic=Topic.ORDER),
        warning=Finding.warning("no-host-found", f"{text}; {_stay(mine)}", help_),
    )


def _stay(labels: Sequence[str]) -> str:
    return f"{_listed(labels)} {'stays where it is' if len(labels) == 1 else 'stay where they are'}"


class _Sentences:
    def __init__(
        self, problem: AssignmentProblem, labels: Sequence[tuple[str, ...]], rooms: Rooms, barred: Barred
    ) -> None:
        self._problem = problem
        self._labels = labels
        self._rooms = rooms
        self._barred = barred

    def of(self, conflict: Conflict, first: Sequence[int]) -> str:
        """Return the contradiction as one line, which names `first` first."""
        parts = [*self._places(conflict), *self._wanted(conflict), *self._there(conflict)]
        units = [*first, *(number for number in conflict.units if number not in first)]
        return f"No choice of hosts fits {_named(self._labels, units)}: {'; '.join(parts)}"

    def each(self, group: Sequence[Conflict]) -> str:
        """Return contradictions of single machines as one line."""
        units = tuple(number for conflict in group for number in conflict.units)
        # What the smallest of them lacks room for, the others lack it for as well.
        least = min(group, key=lambda conflict: sum(self._least(n, "memory") for n in conflict.units))
        parts = [
            *self._places(replace(least, units=units)), *self._wanted(least, each=True), *self._there(least),
        ]  # fmt: skip
        return f"No choice of hosts fits any of {_named(self._labels, units)}: {'; '.join(parts)}"

    def _places(self, conflict: Conflict) -> Iterator[str]:
        units = [self._problem.units[number] for number in conflict.units]
        names = self._rooms.hosts
        lists: dict[tuple[int, ...], list[int]] = {}
        for number in conflict.units:
            lists.setdefault(self._problem.units[number].hosts, []).append(number)
        if len(lists) > _NAMED:
            lists = {tuple(sorted({host for unit in units for host in unit.hosts})): list(conflict.units)}
        for hosts, members in lists.items():
            alone = len(members) == 1 and units[0].machines == 1
            subject = _named(self._labels, members) if len(lists) > 1 else "it" if alone else "they"
            yield f"{subject} may be on {_listed([names[host] for host in hosts])} only"
        shown = (text for number in conflict.units[:_NAMED] for text in self._barred(number))
        yield from islice(dict.fromkeys(shown), _NAMED)
        homes = sorted({names[unit.home] for unit in units if unit.home >= 0 and unit.home not in unit.hosts})
        leaving = [name for name in homes if name in self._rooms.stack.maintenance]
        if leaving:
            yield f"{_listed(leaving)} {'is' if len(leaving) == 1 else 'are'} in maintenance"

    def _wanted(self, conflict: Conflict, *, each: bool = False) -> Iterator[str]:
        for kind in ("memory", "volume"):
            pools = [pool for pool in conflict.pools if self._problem.pools[pool].kind == kind]
            if not pools:
                continue
            least = sum(self._least(number, kind) for number in conflict.units)
            what = "of memory" if kind == "memory" else "of disk"
            unit = MIB if kind == "memory" else 1
            room = sum(max(0, self._problem.room[pool]) for pool in pools)
            hosts = {host for number in conflict.units for host in self._problem.units[number].hosts}
            needed = f"{format_bytes(least * unit)} {what} are needed"
            if each:
                yield f"at least {format_bytes(least * unit)} {what} are needed for each"
                continue
            if least > room and len({self._problem.pools[pool].host for pool in pools}) == len(hosts):
                there = format_bytes(room * unit)
                # Numbers that are shown alike say nothing of what is lacking.
                alike = there == format_bytes(least * unit)
                yield (
                    f"{needed}, {format_bytes((least - room) * unit)} more than there are"
                    if alike
                    else f"{needed}, and {there} are there"
                )
            else:
                yield needed

    def _least(self, number: int, kind: str) -> int:
        """Return the least that a unit holds of a kind of pool on any of its hosts."""
        unit = self._problem.units[number]
        return min(
            sum(amount for pool, amount in unit.option(host).holds if self._problem.pools[pool].kind == kind)
            for host in unit.hosts
        )

    def _there(self, conflict: Conflict) -> Iterator[str]:
        pools = [self._problem.pools[pool] for pool in conflict.pools]
        rules = sorted({pool.line for pool in pools if pool.kind == "seat"})
        rooms = list(zip(conflict.pools, pools, strict=True))
        if len(rooms) > _NAMED:  # the largest ones tell the most
            rooms.sort(key=lambda each: (each[1].kind != "memory", -self._problem.room[each[0]]))
        for number, pool in rooms[:_NAMED]:
            if pool.kind in {"memory", "volume"}:
                room = pool.amount(max(0, self._problem.room[number]))
                yield f"{_owner(pool)} has {room} for them{self._kept(pool)}"
            elif pool.kind == "name":
                yield f"the file name {pool} can be had by one machine"
        for line in rules:
            yield f"the rule in line {line} (apart) allows one on each host"
        if len(pools) > _NAMED:
            alike = all(pool.kind == "memory" for pool in pools)
            yield (
                f"{len(pools) - _NAMED} others have no more"
                if alike
                else f"and so on for {len(pools) - _NAMED} more"
            )
        if not conflict.irreducible:
            yield "not all of these may be needed for the proof"

    def _kept(self, pool: Pool) -> str:
        reserve = self._rooms.stack.hosts[self._host(pool)].reserve
        if pool.kind == "memory":
            return (
                f" beside its reserve of {format_bytes(reserve.memory_mib * MIB)}"
                if reserve.memory_mib
                else ""
            )
        return " beside its reserve" if reserve.keeps_disk else ""

    def _host(self, pool: Pool) -> HostName:
        return next(name for name in self._rooms.hosts if name == pool.host)


def _owner(pool: Pool) -> str:
    return f"the memory of {pool.host}" if pool.kind == "memory" else str(pool)


def _said(problem: AssignmentProblem, found: Remedy | None) -> str:
    """Return a remedy as a sentence; empty where there is none."""
    if found is None:
        return ""
    if found.without is not None:
        return f"Without the rule in line {found.without.line} all of them find a host"
    more = [
        f"{problem.pools[pool].amount(amount)} more of {problem.pools[pool]}" for pool, amount in found.more
    ]
    return f"{_listed(more)} would do" if more else ""


def _named(labels: Sequence[tuple[str, ...]], units: Sequence[int]) -> str:
    groups = [" with ".join(labels[number]) for number in units]
    return _listed(groups)


def _listed(names: Sequence[str]) -> str:
    """Return names as a person lists them; of many the first and how many more."""
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)

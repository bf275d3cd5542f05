"""When a group of hosts could not lose any one of them while a run goes on: N + 1 at every moment, not only in the end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.memory import held_mib, in_memory, needed_mib
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Schedule
from hyperv_placement.model.spare import Spare
from hyperv_placement.model.stack import Rule, Stack
from hyperv_placement.model.units import format_seconds

from .n_plus_one import serving, unread
from .survival import Survival, loss

MOMENTS = 400
"""Moments of a run, times hosts of a rule, up to which each is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """A time in which the loss of a host would not be borne."""

    lost: HostName
    begin: float
    end: float
    """Infinite where the run does not end it."""
    moving: tuple[str, ...]
    """Labels of the machines that move when it begins."""


def spare_on_the_way(
    stack: Stack, inventory: Inventory, schedule: Schedule, spare: Spare
) -> Iterator[Finding]:
    """Yield a warning for each time in a run in which a group of hosts (n_plus_1) does not bear a loss that it bore before.

    A machine on its way runs at its source, and its room is taken at both ends. Times are those of the schedule, as estimated.
    `spare`: what its order keeps whatever each move takes, and is not looked at again.
    """
    for number, declared in enumerate(stack.rules):
        if declared.kind != "n_plus_1" or not schedule.moves:
            continue
        rule = serving(declared, stack)
        names = [name for name in rule.hosts if (number, name) not in spare.kept]
        if not names:
            continue
        moments = sorted(
            {0.0, *(each.start for each in schedule.moves), *(each.end for each in schedule.moves)}
        )
        begun = _State(rule, stack, inventory)
        if not begun.known:
            continue
        if len(moments) * len(names) > MOMENTS:
            yield Finding.warning(
                "rule-n-plus-1-unknown",
                f"Whether the rule in line {rule.line} (n_plus_1) holds while the run goes on was not looked at: it has"
                f" {len(schedule.moves)} moves",
                "In the end it was judged; move fewer machines in one run to know more",
                topic=Topic.RULE,
            )
            continue
        if gaps := list(_gaps(names, begun, schedule, moments)):
            yield _said(rule, gaps, proved=spare.proved)


def _said(rule: Rule, gaps: Sequence[_Gap], *, proved: bool) -> Finding:
    by_host: dict[HostName, list[_Gap]] = {}
    for gap in gaps:
        by_host.setdefault(gap.lost, []).append(gap)
    times = "; ".join(f"without {lost} {_when(found)}" for lost, found in sorted(by_host.items()))
    why = ""
    if any(gap.end < math.inf for gap in gaps):  # what the end breaks, no order keeps
        why = "; no order that keeps it was found within the search's budget"
        if proved:
            why = "; no order keeps it (every order was tried)"
    return Finding.warning(
        "rule-n-plus-1-on-the-way",
        f"The rule in line {rule.line} (n_plus_1) holds now and is broken by the run: the others would find no room {times}{why}",
        "The run is not held back for that: start it when the loss of a host is least likely, or keep more memory free",
        topic=Topic.RULE,
    )


def _when(gaps: Sequence[_Gap]) -> str:
    """Return for how long, first from when, and whether the run ends it."""
    first = gaps[0]
    begin = f"{format_seconds(first.begin)} of this run" if first.begin else "the beginning of this run"
    if first.end == math.inf:
        return f"from {begin} on"
    moving = f" while {' and '.join(first.moving[:3])} {'moves' if len(first.moving) == 1 else 'move'}"
    length = sum(gap.end - gap.begin for gap in gaps if gap.end < math.inf)
    several = f", the first of {len(gaps)} times," if len(gaps) > 1 else ""
    lasting = "" if gaps[-1].end < math.inf else f", and from {format_seconds(gaps[-1].begin)} on"
    return f"for {format_seconds(length)}, from {begin}{several}{moving if first.moving else ''}{lasting}"


class _State:
    """What each host of a rule has free, and what it runs."""

    def __init__(self, rule: Rule, stack: Stack, inventory: Inventory) -> None:
        self.free: dict[HostName, int] = {}
        self.running: dict[HostName, dict[VmId, int]] = {}
        self.coming: dict[VmId, tuple[HostName, HostName, int]] = {}
        """Source, destination and MiB of machines on their way."""
        self.arrived: dict[VmId, int] = {}
        self.known = True
        for name in rule.hosts:
            host = inventory.hosts.get(name)
            if host is None or host.facts is None or host.facts.memory_free_mib is None:
                self.known = False
                return
            if unread(host.vms):
                self.known = False
                return
            self.free[name] = stack.hosts[name].reserve.left_of_memory(host.facts.memory_free_mib)
            self.running[name] = {vm.id: needed_mib(vm) or 0 for vm in host.vms if in_memory(vm)}

    def start(self, move: Move) -> None:
        """Let a machine be on its way: its room is taken at both ends, and it runs at its source."""
        if in_memory(move.vm):
            self.coming[move.vm.id] = (move.source, move.destination, needed_mib(move.vm) or 0)

    def end(self, move: Move) -> None:
        """Let a machine that was on its way run at its destination."""
        if not in_memory(move.vm):
            return
        vm, needed = move.vm, needed_mib(move.vm) or 0
        self.coming.pop(vm.id, None)
        # Parked, it has there what it needed on arrival.
        held = self.arrived.get(vm.id, held_mib(vm) or 0)
        self.arrived[vm.id] = needed
        if move.source in self.free:
            self.free[move.source] += held
            self.running[move.source].pop(vm.id, None)
        if move.destination in self.free:
            self.free[move.destination] -= needed
            self.running[move.destination][vm.id] = needed

    def lost(self) -> dict[HostName, Survival]:
        """Return what the loss of each host would mean now."""
        found = {}
        for lost, running in self.running.items():
            free = {name: left for name, left in self.free.items() if name != lost}
            for source, destination, needed in self.coming.values():
                # What comes from the host that is lost does not come, and its room is free again.
                if destination in free and source != lost:
                    free[destination] -= needed
            found[lost] = loss(running.values(), free.values()).verdict
        return found


def _gaps(
    names: Sequence[HostName], state: _State, schedule: Schedule, moments: Sequence[float]
) -> Iterator[_Gap]:
    before = state.lost()
    open_: dict[HostName, tuple[float, tuple[str, ...]]] = {}
    moving = [each for each in schedule.moves if each.move.changes_host]
    for moment in moments:
        for each in moving:
            if each.end == moment:
                state.end(each.move)
        for each in moving:
            if each.start == moment:
                state.start(each.move)
        now = state.lost()
        under_way = tuple(each.label for each in schedule.moves if each.start <= moment < each.end)
        for name in names:
            fails = before[name] == Survival.HOLDS and now[name] == Survival.FAILS
            if fails and name not in open_:
                open_[name] = (moment, under_way)
            elif not fails and name in open_:
                begin, labels = open_.pop(name)
                yield _Gap(lost=name, begin=begin, end=moment, moving=labels)
    for name, (begin, labels) in open_.items():
        yield _Gap(lost=name, begin=begin, end=math.inf, moving=labels)

"""What of a plan a run takes where moves may start in windows alone; the rest waits for another run.

A machine whose windows are shut, or which by its estimate would still be on its way when one of them closes, stays where
it is. So do those that need the room that it would have freed. The others are scheduled without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from hyperv_placement import quoting
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.guard import Occasion
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Schedule, Standing, Step
from hyperv_placement.model.stack import Stack

from .checks.windows import has_windows, once, windows_of

ROUNDS = 4
"""Schedules that are made to see what ends in time; after them everything that has a window waits."""

Scheduled = Callable[[Plan], Plan]
"""Returns a plan with the order of its moves."""


def in_windows(plan: Plan, stack: Stack, occasion: Occasion, scheduled: Scheduled) -> Plan:
    """Return `plan` with the order of those of its moves that windows let start in a run at `occasion.now`."""
    if "window" in occasion.allowed or not has_windows(stack):
        return scheduled(plan)
    if occasion.now is None:
        found = scheduled(plan)
        return replace(found, findings=(*found.findings, *_unjudged(found)))
    return _Run(plan, stack, occasion.now, scheduled).found()


class _Run:
    def __init__(self, plan: Plan, stack: Stack, now: datetime, scheduled: Scheduled) -> None:
        self._plan = plan
        self._stack = stack
        self._now = now
        self._scheduled = scheduled
        self._whole: Schedule | None = None
        self._moving = {each.label for each in plan.steps if each.standing == Standing.MOVE}
        self._running = {step.label for step in plan.steps if step.under_way}

    def found(self) -> Plan:
        starting = [
            each for each in self._plan.steps if each.standing == Standing.MOVE and not each.under_way
        ]
        shut = ((each.label, self._against(each)) for each in starting)
        waiting = {label: why for label, why in shut if why}
        for _ in range(ROUNDS):
            waiting = self._with_companions(waiting)
            found = self._scheduled(_held(self._plan, waiting))
            more = self._needing(found, waiting) if waiting else {}
            more = more or self._late(found.schedule)
            if not more:
                return found
            waiting |= more
        bound = {each.label: why for each in starting if (why := self._at_all(each))}
        return self._scheduled(_held(self._plan, self._with_companions(bound | waiting)))

    def _with_companions(self, waiting: dict[str, str]) -> dict[str, str]:
        """Return `waiting` with those that a rule (together) keeps with one that waits, as far as they are with it now."""
        by_label = {step.label: step for step in self._plan.steps}
        for rule in self._stack.rules:
            members = (
                [by_label[label] for label in rule.labels if label in by_label]
                if rule.kind == "together"
                else []
            )
            first = next((each.label for each in members if each.label in waiting), None)
            if first is None or len({each.vm.host for each in members if each.vm is not None}) > 1:
                continue
            for each in members:
                going = each.standing == Standing.MOVE and each.move is not None and each.move.changes_host
                if going and not each.under_way:
                    waiting.setdefault(
                        each.label,
                        f"the rule in line {rule.line} (together) keeps it with {first}, which waits",
                    )
        return waiting

    def _against(self, step: Step) -> str:
        """Return why a machine may not begin now, whatever its move takes."""
        hosts = _ends(step)
        return windows_of(self._stack, step.label, *hosts).against(self._now, 0.0, 0.0) if hosts else ""

    def _at_all(self, step: Step) -> str:
        windows = windows_of(self._stack, step.label, *_ends(step))
        return (
            f"no order was found in which it ends before its windows of {windows.file} close"
            if windows.scopes
            else ""
        )

    def _late(self, schedule: Schedule) -> dict[str, str]:
        """Return the machines with a move that is not over in time, and why."""
        late: dict[str, str] = {}
        for each in schedule.moves:
            windows = windows_of(self._stack, each.label, each.move.source, each.move.destination)
            if each.label in self._running or not (why := windows.against(self._now, each.start, each.end)):
                continue
            if each.label in self._moving:
                late.setdefault(each.label, why)
                continue
            # One that is in its place and would only make room: those for whom it would, wait.
            for label in _behind(schedule, frozenset({each.label})):
                if label in self._moving:
                    late.setdefault(label, f"it needs {each.label} to step aside, and {why}")
        return late

    def _needing(self, found: Plan, waiting: Mapping[str, str]) -> dict[str, str]:
        """Return the machines that find no place without those that wait, and would with them."""
        if not _stuck(found, self._plan):
            return {}
        if self._whole is None:
            self._whole = self._scheduled(self._plan).schedule
        behind = _behind(self._whole, frozenset(waiting))
        return {
            label: f"it needs the room that {before} frees, which waits for another run"
            for label, before in behind.items()
            if label not in waiting and label in self._moving - self._running
        }


def _unjudged(plan: Plan) -> Iterator[Finding]:
    if plan.moves:
        yield Finding.warning(
            "windows-unjudged",
            "Which of these moves a run takes is decided by windows when it runs: a recorded inventory has no clock",
            f"What one at a moment would take: {quoting.own('bin/placement plan STACK --inventory FILE --at MOMENT')}",
        )


def _ends(step: Step) -> tuple[HostName, ...]:
    return (step.move.source, step.move.destination) if step.move is not None else ()


def _stuck(found: Plan, before: Plan) -> bool:
    """Say whether a schedule refuses what the plan before it did not."""
    refused = [sum(step.standing == Standing.REFUSED for step in each.steps) for each in (found, before)]
    return refused[0] > refused[1] or len(found.refusals) > len(before.refusals)


def _behind(schedule: Schedule, first: frozenset[str]) -> dict[str, str]:
    """Return the machines that wait for those in `first`, directly or not, each with one that it waits for."""
    found: dict[str, str] = {}
    while True:
        held = first | found.keys()
        more = {
            each.label: schedule.moves[number].label
            for each in schedule.moves
            for number in each.after
            if each.label not in held and schedule.moves[number].label in held
        }
        if not more:
            return found
        found |= more


def _held(plan: Plan, waiting: Mapping[str, str]) -> Plan:
    """Return `plan` with machines that stay where they are in this run, each with its reason."""
    if not waiting:
        return plan
    steps = tuple(_waits(step, waiting[step.label]) if step.label in waiting else step for step in plan.steps)
    return replace(plan, steps=steps)


def _waits(step: Step, why: str) -> Step:
    finding = Finding.warning(
        "window-closed",
        f"{step.label} waits for another run: {why}",
        f"Run again in its window, or allow it once: {once()}",
    )
    kept = tuple(each for each in step.findings if not each.is_transient)
    return replace(step, standing=Standing.WAITING, excused=why, findings=(*kept, finding))

"""The proposal: moves one after the other, each the one that gains most, as long as the plan of the changed file is sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.guard import ON_PAPER, Occasion
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.budget import Budget

from .loads import Loads, loads
from .mending import mending
from .moving import Candidates, Shift

EVEN = 5.0
"""Percent points of a host that a move must gain where neither the file nor the command says more: below it runs cost more than they bring."""
LOOKS = 5_000_000
"""Pairs of machine and host that are looked at."""
ROUNDS = 8
"""Times that a proposal is made again without machines that its plan refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What a proposal may cost, and from what it is worth it. None = without that limit."""

    moves: int | None = None
    bytes: int | None = None
    hosts: frozenset[HostName] | None = None
    """Hosts between which machines may go."""
    threshold: float | None = None
    """Percent points that each step must gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repinned:
    """One entry of the stack file that would change."""

    label: str
    declared: tuple[HostName, ...]
    """Its hosts as declared now; empty where it names none."""
    source: HostName
    """Where it is once what is declared now is reached."""
    target: HostName
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Which share of a host is in use, 1 = all of it."""

    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalancing:
    """What would change, what it costs, and what it brings."""

    stack: Stack
    """With the changed entries."""
    due: Plan
    """By the file as it is."""
    plan: Plan
    """By the changed entries; the same as `due` where there are none."""
    entries: tuple[Repinned, ...]
    uses: Mapping[HostName, Use]
    by: tuple[str, ...]
    """What is balanced."""
    threshold: float
    """Percent points that each step gains at least."""
    unread: tuple[HostName, ...]
    """Hosts that take no part, because what they have or what is free could not be read."""
    notes: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """What is copied for it, over what is due anyway."""
        return max(0, self.plan.schedule.bytes - self.due.schedule.bytes)

    @property
    def highest(self) -> Use:
        """How full the fullest host is."""
        return Use(
            before=max((each.before for each in self.uses.values()), default=0.0),
            after=max((each.after for each in self.uses.values()), default=0.0),
        )

    @property
    def spread(self) -> Use:
        """What lies between the fullest and the emptiest host."""
        return Use(
            before=self.highest.before - min((each.before for each in self.uses.values()), default=0.0),
            after=self.highest.after - min((each.after for each in self.uses.values()), default=0.0),
        )


def rebalanced(
    stack: Stack,
    inventory: Inventory,
    within: Within,
    known: Kept = NOTHING_KEPT,
    occasion: Occasion = ON_PAPER,
) -> Rebalancing:
    """Return entries with which hosts are more evenly used than by the stack file, within limits; none where nothing gains enough.

    Rules that pins break come first: a step mends one as far as one move can, whatever it gains. Each other step sends machines that share a host, or two such groups that change places, where the more loaded of both hosts
    loses at least the threshold. What the plan of the changed file would refuse, or a rule that would no longer hold, is left out.
    Once the proposal is reached, the same hosts give no other.
    """
    stack = stack.at(occasion.moment)
    unlimited = replace(stack, guard=replace(stack.guard, max_moves=None, max_bytes=None, max_hosts=None))
    due = plan(unlimited, inventory, known, occasion)
    return _Proposer(stack, unlimited, inventory, within, known, occasion, due).proposed()


class _Proposer:
    def __init__(  # noqa: PLR0913, PLR0917 - what a proposal is made by
        self,
        stack: Stack,
        unlimited: Stack,
        inventory: Inventory,
        within: Within,
        known: Kept,
        occasion: Occasion,
        due: Plan,
    ) -> None:
        self._stack = stack
        self._unlimited = unlimited
        self._inventory = inventory
        self._within = within
        self._known = known
        self._occasion = occasion
        self._due = due
        declared = stack.balance.threshold or EVEN
        self._threshold = declared if within.threshold is None else within.threshold

    def proposed(self) -> Rebalancing:
        entries, before, after = self._sound()
        changed, found = self._planned(self._stack, entries)
        notes = [f"processors are left out: {before.uncounted}"] if before.uncounted else []
        notes += [_unmended(each) for each in found.broken_rules if each.id.startswith("rule-")]
        return Rebalancing(
            stack=changed, due=self._due, plan=found, entries=self._priced(entries, found),
            uses={
                name: Use(before=before.of(name), after=(after if entries else before).of(name))
                for name in sorted(before.total)
            },
            by=before.by, threshold=self._threshold, unread=before.unread, notes=tuple(notes),
        )  # fmt: skip

    def _sound(self) -> tuple[tuple[Repinned, ...], Loads, Loads]:
        """Return entries by which the plan refuses nothing more and breaks no more rules, and the loads before and after."""
        banned: set[str] = set()
        for _ in range(ROUNDS):
            steps, candidates, before, after = self._searched(banned)
            entries = self._entries(steps, candidates)
            _, found = self._planned(self._unlimited, entries)
            refused = self._worse(found)
            if refused:
                banned |= refused
            elif self._breaks(found):
                entries, after = self._longest_sound(steps, banned)
                return entries, before, after
            else:
                return entries, before, after
        _, _, before, after = self._searched(banned, 0)
        return (), before, after

    def _searched(
        self, banned: set[str], most: int | None = None
    ) -> tuple[list[tuple[Shift, ...]], Candidates, Loads, Loads]:
        """Return the steps, where they lead, and the loads before and after them. `most`: so many steps alone."""
        facts = {
            name: host.facts if (host := self._inventory.hosts.get(name)) else None
            for name in self._stack.hosts
        }
        now = loads(facts, self._inventory.vms(), self._stack.balance.by)
        hosts = self._within.hosts if self._within.hosts is not None else frozenset(self._stack.hosts)
        candidates = Candidates(self._unlimited, self._inventory, self._due, now, hosts)
        before, budget = now.copy(), Budget(LOOKS)
        steps: list[tuple[Shift, ...]] = []
        while most is None or len(steps) < most:
            # A rule that pins break first, then evenness: of that no step breaks a rule.
            step = mending(self._unlimited, candidates, banned)
            step = step or candidates.best(self._threshold / 100, banned, budget)
            if not step or not self._affordable([*steps, step]):
                break
            candidates.apply(step)
            steps.append(step)
        return steps, candidates, before, now

    def _affordable(self, steps: Sequence[tuple[Shift, ...]]) -> bool:
        shifts = [each for step in steps for each in step]
        labels = {label for each in shifts for label in each.labels}
        size = sum(each.bytes for each in shifts)
        return (self._within.moves is None or len(labels) <= self._within.moves) and (
            self._within.bytes is None or size <= self._within.bytes
        )

    def _entries(self, steps: Sequence[tuple[Shift, ...]], candidates: Candidates) -> tuple[Repinned, ...]:
        first: dict[str, HostName] = {}
        for step in steps:
            for shift in step:
                for label in shift.labels:
                    first.setdefault(label, shift.source)
        return tuple(
            Repinned(
                label=label, declared=self._stack.vms[label].hosts, source=first[label],
                target=candidates.at[label], bytes=0,
            )
            for label in self._stack.vms
            if label in first and candidates.at[label] != first[label]
        )  # fmt: skip

    def _planned(self, stack: Stack, entries: Sequence[Repinned]) -> tuple[Stack, Plan]:
        if not entries and stack is self._unlimited:
            return stack, self._due
        pins = {each.label: (each.target,) for each in entries}
        vms = {
            label: replace(spec, hosts=pins[label]) if label in pins else spec
            for label, spec in stack.vms.items()
        }
        changed = replace(stack, vms=vms)
        return changed, plan(changed, self._inventory, self._known, self._occasion)

    def _worse(self, found: Plan) -> set[str]:
        """Return machines that the changed file leaves out and the present one does not."""
        before = {step.label for step in self._due.left_out}
        return {step.label for step in found.left_out} - before

    def _breaks(self, found: Plan) -> bool:
        """Say whether a rule, or the plan as a whole, is refused by the changed file alone."""
        before = {_which(each) for each in (*self._due.broken_rules, *self._due.refusals)}
        return any(_which(each) not in before for each in (*found.broken_rules, *found.refusals))

    def _longest_sound(
        self, steps: Sequence[tuple[Shift, ...]], banned: set[str]
    ) -> tuple[tuple[Repinned, ...], Loads]:
        """Return the longest beginning of the proposal that breaks no rule, found by halves."""
        low, high = 0, len(steps) - 1
        best: tuple[Repinned, ...] = ()
        after = self._searched(banned, 0)[3]
        while low < high or (low == high and low > 0):
            middle = (low + high + 1) // 2
            taken, candidates, _, reached = self._searched(banned, middle)
            entries = self._entries(taken, candidates)
            _, found = self._planned(self._unlimited, entries)
            if self._breaks(found) or self._worse(found):
                high = middle - 1
            else:
                best, after, low = entries, reached, middle
            if low >= high:
                break
        return best, after

    @staticmethod
    def _priced(entries: Sequence[Repinned], found: Plan) -> tuple[Repinned, ...]:
        size = {each.label: 0 for each in entries}
        for move in found.schedule.moves:
            if move.label in size:
                size[move.label] += move.bytes
        return tuple(replace(each, bytes=size[each.label]) for each in entries)


def _unmended(finding: Finding) -> str:
    why = (
        "within these limits no single move mends it"
        if finding.id == "rule-broken"
        else "rebalance does not mend this rule"
    )
    return f"{finding.text}; {why}"


def _which(finding: Finding) -> tuple[str, str]:
    """Return what a finding is about: of a broken rule its line, as it may be broken by fewer machines now."""
    return finding.id, finding.text.partition(": ")[0] if finding.id == "rule-broken" else finding.text

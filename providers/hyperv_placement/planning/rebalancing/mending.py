"""Steps that make a rule hold again which pins break: before anything is made more even, and whatever they gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Rule, Stack

from .moving import Candidates, Shift


def mending(stack: Stack, candidates: Candidates, banned: Collection[str]) -> tuple[Shift, ...]:
    """Return the cheapest step that brings the first broken rule nearer to holding; nothing where none does, or all rules hold.

    `n_plus_1` is not mended: which of many moves bring it back is a question to all of them together.
    """
    for rule in stack.rules:
        steps = [
            step
            for step in _steps(rule, candidates)
            if not any(label in banned for shift in step for label in shift.labels)
        ]
        if steps:
            return min(steps, key=lambda step: (sum(each.bytes for each in step), len(step), _names(step)))
    return ()


def _names(step: tuple[Shift, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((*shift.labels, shift.target) for shift in step)


def _steps(rule: Rule, candidates: Candidates) -> Iterator[tuple[Shift, ...]]:
    at = {label: candidates.at[label] for label in rule.labels if label in candidates.at}
    match rule.kind:
        case "apart":
            crowded = {host for host, count in Counter(at.values()).items() if count > 1}
            yield from _elsewhere({label for label, host in at.items() if host in crowded}, candidates)
        case "within":
            outside = {label for label, host in at.items() if host not in rule.hosts}
            yield from _elsewhere(outside, candidates)
        case "together":
            if len(set(at.values())) > 1:
                yield from _joined(rule, candidates)
        case "n_plus_1":
            return


def _elsewhere(labels: Collection[str], candidates: Candidates) -> Iterator[tuple[Shift, ...]]:
    """Yield the moves of one machine, with those that go together with it, to a host that its rules allow, the emptiest first."""
    free = sorted(candidates.hosts, key=lambda name: (candidates.loads.of(name), name))
    for unit in candidates.tied:
        source = candidates.at[unit[0]]
        together = all(candidates.at[label] == source for label in unit)
        if not together or not set(labels).intersection(unit) or not candidates.may_mend(unit):
            continue
        targets = (
            target
            for target in free
            if target != source
            and candidates.suits(unit, target)
            and candidates.has_room(((unit, target),), ())
        )
        target = next(targets, None)
        if target is not None:
            yield (candidates.shift(unit, source, target),)


def _joined(rule: Rule, candidates: Candidates) -> Iterator[tuple[Shift, ...]]:
    """Yield ways to bring the machines of a rule (together) to one of the hosts where they are."""
    unit = next(each for each in candidates.tied if set(each).intersection(rule.labels))
    for target in sorted({candidates.at[label] for label in unit}.intersection(candidates.hosts)):
        coming = tuple(label for label in unit if candidates.at[label] != target)
        allowed = candidates.may_mend(coming) and candidates.suits(coming, target)
        if allowed and candidates.has_room(((coming, target),), ()):
            yield tuple(_each(coming, target, candidates))


def _each(coming: Collection[str], target: HostName, candidates: Candidates) -> Iterator[Shift]:
    for label in coming:
        yield candidates.shift((label,), candidates.at[label], target)

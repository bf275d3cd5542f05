"""Live placement written back into the stack file: what is there now becomes what is declared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.drift import Found
from hyperv_placement.operations.rewrite import rewrite
from hyperv_placement.planning.drift import Drift, DriftKind
from hyperv_placement.planning.drift.acceptance import disturbances, still_elsewhere
from hyperv_placement.planning.what_counts import doubt
from hyperv_placement.stackfile import load
from hyperv_placement.stackfile.editing import Editor
from hyperv_placement.stackfile.rewriting import Rewriting, rewriting


class AcceptError(PlacementError):
    """A machine's placement cannot be written into the stack file; the file stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was written."""

    labels: tuple[str, ...]
    diff: str
    """Unified, of the stack file; empty where nothing was to be done."""
    left: tuple[str, ...] = ()
    """Why other drift of machines was left alone, and what is not known of them, a line each."""


def accept(stack: Stack, found: Found, labels: Sequence[str]) -> Accepted:
    """Write where `labels` are now, or all machines that are elsewhere, into the stack file.

    The file is replaced only where the new one loads, the comparison with the same hosts finds these machines in place,
    and no other machine would move by it. Raises AcceptError where one of `labels` cannot be written; then the file is as
    it was. Without names as many are written as can be.
    """
    # That another stack file declares a machine as well is nothing that this one could take in.
    every = [
        drift.subject for drift in found.report.drifts if drift.of_machine and drift.kind != DriftKind.TWICE
    ]
    reasons = {label: _obstacle(label, stack, found) for label in labels or every}
    if labels and any(reasons.values()):
        raise AcceptError("; ".join(reason for reason in reasons.values() if reason))
    chosen = tuple(label for label, reason in reasons.items() if reason is None)
    left = [reason for reason in reasons.values() if reason]
    if not labels:
        # Who accepts everything must hear of what was not compared: silent hosts, and machines that are unknown.
        left += [
            each.text if each.is_machine else f"{each.subject} {each.text}"
            for each in (*found.report.unknown, *found.report.away)
            if each.is_machine or each.subject in found.inventory.unreachable
        ]
    if not chosen:
        return Accepted(labels=(), diff="", left=tuple(left))
    done = _written(stack, found, chosen, all_or_none=bool(labels))
    return replace(done, left=(*left, *done.left))


def _written(stack: Stack, found: Found, chosen: tuple[str, ...], *, all_or_none: bool) -> Accepted:
    """Write where `chosen` are, or as many of them as can be. Raises AcceptError, and PlacementError where nothing can be written."""
    with rewriting(stack, _WrongError) as change:
        # Reading hosts takes seconds to minutes, in which somebody may have saved the file.
        if load(stack.path) != stack:
            raise AcceptError(f"{stack.path} was changed while hosts were read", remedy="Run again")
        attempt = _Attempt(stack, found, change)
        kept, why = (chosen, {}) if all_or_none else attempt.most(chosen)
        left = tuple(why.values())
        if not kept:
            return Accepted(labels=(), diff="", left=left)
        try:
            attempt.prove(kept)
        except _WrongError as wrong:
            raise wrong.of_all(stack.path) from wrong
        change.keep()
    return Accepted(labels=kept, diff=change.difference(), left=left)


def _obstacle(label: str, stack: Stack, found: Found) -> str | None:
    """Return why a machine cannot be accepted, None where it can."""
    if label not in stack.vms:
        near = NearNames(stack.vms).suggestion(label)
        return f"{label} is not declared in {stack.path}{near or '; write an entry for it'}"
    step = next(step for step in found.plan.steps if step.label == label)
    drift = _drift_of(label, found)
    if step.standing == Standing.UNKNOWN:
        return f"{label} is unknown, not gone: {_why(step)}"
    if (doubt := _doubt_of(label, stack, found)) is not None:
        return doubt
    if drift is None:
        return f"{label} is as declared; there is nothing to accept"
    return _hindrance(drift, step, stack)


def _hindrance(drift: Drift, step: Step, stack: Stack) -> str | None:
    label = step.label
    if drift.mover is not None and drift.mover.running:
        return f"{label} is on its way; accept it when its migration has ended"
    if drift.kind not in {DriftKind.PLACED, DriftKind.FILES} or step.vm is None:
        return f"{label} cannot be accepted: {_why(step)}"
    # A rule, or maintenance:, makes it go from a host that the entry allows: no other host in the entry would change that.
    hosts = stack.vms[label].hosts
    if drift.kind == DriftKind.PLACED and (not hosts or step.vm.host in hosts):
        return f"{label} is where its entry allows; what makes it go is: {drift.reason}. Change that"
    return None


def _drift_of(label: str, found: Found) -> Drift | None:
    every = (*found.report.drifts, *found.report.snoozed, *found.report.held)
    mine = (drift for drift in every if drift.of_machine and drift.kind != DriftKind.TWICE)
    return next((drift for drift in mine if drift.subject == label), None)


def _doubt_of(label: str, stack: Stack, found: Found) -> str | None:
    """Return why it is not known which machine is meant; a snooze does not make it known."""
    drift = _drift_of(label, found)
    if drift is not None:
        return doubt(label, drift.vm_id, drift.host, stack, found.inventory, found.plan.known)
    unknown = found.report.unknown
    return next((each.text for each in unknown if each.is_machine and each.subject == label), None)


def _why(step: Step) -> str:
    return " | ".join(map(str, step.findings)) or str(step.standing)


class _WrongError(AcceptError):
    """Some machines cannot be accepted together; `of`: those that are known to be the reason, and why."""

    def __init__(self, message: str, *, remedy: str = "", of: Mapping[str, str] | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.of = of or {}

    def of_all(self, path: Path) -> AcceptError:
        """Return it as the end of a run that was to accept just these machines."""
        return AcceptError(f"{path} stays as it is: {self.message}", remedy=self.remedy)


class _Attempt:
    """A new text of the stack file, held against the same hosts before it is kept."""

    def __init__(self, stack: Stack, found: Found, change: Rewriting) -> None:
        """`change`: of the file of `stack`."""
        self._stack, self._found, self._change = stack, found, change

    def most(self, labels: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return as many of `labels` as can be written together, and why the others cannot.

        A machine that was left out only because of others is tried again with those that are written.
        """
        first: dict[str, str] = {}
        kept = self._grown((), labels, first)
        left: dict[str, str] = {}
        kept = self._grown(kept, tuple(first), left)
        return tuple(label for label in labels if label in kept), left

    def _grown(self, base: tuple[str, ...], more: tuple[str, ...], left: dict[str, str]) -> tuple[str, ...]:
        """Return `base` and as much of `more` as can be written with it. Where no single machine is the reason, halves are tried."""
        if not more:
            return base
        try:
            self.prove((*base, *more))
        except _WrongError as wrong:
            own = [label for label in more if label in wrong.of] or list(more[:1] if len(more) == 1 else ())
            if own:
                left.update({label: f"{label} is left: {wrong.of.get(label, wrong)}" for label in own})
                return self._grown(base, tuple(label for label in more if label not in own), left)
            # Halves find what cannot go together in a few proofs, where one by one takes as many as there are machines.
            half = len(more) // 2
            return self._grown(self._grown(base, more[:half], left), more[half:], left)
        return (*base, *more)

    def prove(self, labels: Collection[str]) -> None:
        """Try the text that says where `labels` are. Raises _WrongError, and PlacementError where it cannot be written."""
        self._hold(self._change.loaded(self._edited(labels)), labels)

    def _edited(self, labels: Collection[str]) -> str:
        editor = Editor(self._change.text)
        steps = {step.label: step for step in self._found.plan.steps}
        wrong: dict[str, str] = {}
        for label in labels:
            vm = steps[label].vm
            try:
                if vm is not None:
                    rewrite(editor, self._stack.vms[label], vm, self._stack.hosts)
            except PlacementError as error:
                wrong[label] = str(error)
        if wrong:
            raise _WrongError("; ".join(wrong.values()), of=wrong)
        return editor.text()

    def _hold(self, declared: Stack, labels: Collection[str]) -> None:
        remaining = still_elsewhere(declared, self._found.inventory, labels, self._found.plan.known)
        if remaining:
            raise _WrongError(
                "; ".join(remaining.values()),
                remedy="Change such an entry by hand",
                of=remaining,
            )
        # Nor may others move by it: where a rule or a choice of hosts weighs several machines, one can push out another.
        disturbed = tuple(
            disturbances(self._stack, declared, self._found.inventory, labels, self._found.plan.known)
        )
        if disturbed:
            raise _WrongError(
                "; ".join(disturbed),
                remedy="Accept those who are elsewhere as well, or change the file by hand",
            )

"""Live placement written back into the stack file: what is there now becomes what is declared."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from providers.drifted import Found
from providers.errors import PlacementError, StackFileError
from providers.model.plan import Standing, Step
from providers.model.stack import Stack
from providers.planning.drift import Drift, Kind, disturbances, still_elsewhere
from providers.rewriting import rewrite
from providers.stackfile import load
from providers.stackfile.editing import Editor


class AcceptError(PlacementError):
    """A machine's placement cannot be written into the stack file; the file stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was written."""

    labels: tuple[str, ...]
    diff: str
    """Unified, of the stack file; empty where nothing was to be done."""
    left: tuple[str, ...] = ()
    """Why other drift of machines was left alone, a line each."""


def accept(stack: Stack, found: Found, labels: Sequence[str]) -> Accepted:
    """Write where `labels` are now, or all machines that are elsewhere, into the stack file.

    The file is replaced only where the new one loads and the comparison with the same hosts finds these machines in
    place. Raises AcceptError; then the file is as it was.
    """
    reasons = {label: _obstacle(label, stack, found) for label in labels or _all(found)}
    if labels and any(reasons.values()):
        raise AcceptError("; ".join(reason for reason in reasons.values() if reason))
    chosen = tuple(label for label, reason in reasons.items() if reason is None)
    left = tuple(reason for reason in reasons.values() if reason)
    if not chosen:
        return Accepted(labels=(), diff="", left=left)
    old = _read(stack)
    new = _edited(old, stack, found, chosen)
    _replace(stack, found, chosen, new)
    return Accepted(labels=chosen, diff=_diff(stack.path, old, new), left=left)


def _all(found: Found) -> list[str]:
    return [drift.subject for drift in found.report.drifts if drift.of_machine]


def _obstacle(label: str, stack: Stack, found: Found) -> str | None:
    """Return why a machine cannot be accepted, None where it can."""
    if label not in stack.vms:
        return f"{label} is not declared in {stack.path}; write an entry for it"
    step = next(step for step in found.plan.steps if step.label == label)
    drift = _drift_of(label, found)
    if step.standing == Standing.UNKNOWN:
        return f"{label} is unknown, not gone: {_why(step)}"
    if (doubt := _doubt_of(label, found)) is not None:
        return doubt
    if drift is None:
        return f"{label} is as declared; there is nothing to accept"
    return _hindrance(drift, step, stack)


def _hindrance(drift: Drift, step: Step, stack: Stack) -> str | None:
    label = step.label
    if drift.kind not in {Kind.PLACED, Kind.FILES} or step.vm is None:
        return f"{label} cannot be accepted: {_why(step)}"
    if drift.mover is not None and drift.mover.running:
        return f"{label} is on its way; accept it when its migration has ended"
    hosts = stack.vms[label].hosts
    if drift.kind == Kind.PLACED and (not hosts or step.vm.host in hosts):
        return f"{label} is where its entry allows; what makes it go is: {drift.reason}. Change that"
    return None


def _drift_of(label: str, found: Found) -> Drift | None:
    every = (*found.report.drifts, *found.report.snoozed)
    return next((drift for drift in every if drift.of_machine and drift.subject == label), None)


def _doubt_of(label: str, found: Found) -> str | None:
    unknown = found.report.unknown
    return next((each.text for each in unknown if each.is_machine and each.subject == label), None)


def _why(step: Step) -> str:
    return " | ".join(map(str, step.findings)) or str(step.standing)


def _read(stack: Stack) -> str:
    """Return the file's text. Raises AcceptError where it is not what was compared any more."""
    try:
        text = stack.path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AcceptError(f"{stack.path} cannot be read: {error}") from error
    if load(stack.path) != stack:
        raise AcceptError(f"{stack.path} was changed while hosts were read", remedy="Run again")
    return text


def _edited(text: str, stack: Stack, found: Found, labels: Sequence[str]) -> str:
    editor = Editor(text)
    steps = {step.label: step for step in found.plan.steps}
    for label in labels:
        vm = steps[label].vm
        if vm is not None:
            rewrite(editor, stack.vms[label], vm, stack.hosts)
    return editor.text()


def _replace(stack: Stack, found: Found, labels: Sequence[str], text: str) -> None:
    """Put a new file in the old one's place, once it is proved. Raises AcceptError."""
    path = stack.path.resolve()
    fresh = path.with_name(f".{path.name}.accepted")
    try:
        try:
            fresh.write_bytes(text.encode("utf-8"))
            shutil.copymode(path, fresh)
            _prove(fresh, stack, found, labels)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise AcceptError(f"{stack.path} cannot be written: {error.strerror}") from error


def _prove(fresh: Path, stack: Stack, found: Found, labels: Sequence[str]) -> None:
    """Hold the new file against the same hosts."""
    try:
        declared = load(fresh)
    except StackFileError as error:
        told = error.message.replace(str(fresh), str(stack.path))
        raise AcceptError(
            f"what would be written does not load, so that {stack.path} stays: {told}"
        ) from error
    remaining = still_elsewhere(declared, found.inventory, labels)
    if remaining:
        raise AcceptError(
            f"{'; '.join(remaining.values())}, so that {stack.path} stays",
            remedy="Change such an entry by hand",
        )
    disturbed = tuple(disturbances(stack, declared, found.inventory, labels))
    if disturbed:
        raise AcceptError(
            f"{'; '.join(disturbed)}, so that {stack.path} stays",
            remedy="Accept those who are elsewhere as well, or change the file by hand",
        )


def _diff(path: Path, old: str, new: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"a/{path.as_posix()}", f"b/{path.as_posix()}", lineterm=""
    )
    return "\n".join(lines)

"""The history of one machine, from the audit logs of the project and the state of the stack that declares it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.migration.audit import ENDING
from hyperv_placement.migration.audit_events import read_logs
from hyperv_placement.model.names import VmId, folded, is_guid, vm_id
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.past import Logs, MachineHistory, StateMove, history_of
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.engine_calls import EngineCalls
from hyperv_placement.workspace.identities import identities_path, is_of_project, read_kept
from hyperv_placement.workspace.stacks import resolve_stack, stack_files
from hyperv_placement.workspace.state_moves import StateUnreadError, state_moves


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """The machine that a word means."""

    name: str
    vm_id: VmId | None
    stack: Stack | None = None
    """The stack that declares it; None where none does."""


def machine_history(
    subject: str, word: str | None, project: Path, *, copies: Sequence[Path] = (), state: bool = True
) -> MachineHistory:
    """Return the history of a machine: a key of a stack file, a name of the past, or a GUID.

    `word`: the stack; None: whichever of the project declares it. `copies`: logs that lie elsewhere. `state`: whether the
    engine is asked for what the state keeps. Raises PlacementError where nothing anywhere knows the machine.
    """
    logs = read_logs([*sorted((project / ".pulumi" / "audit").glob(f"*{ENDING}")), *_there(copies)])
    meant = _meant(subject, word, project, logs)
    kept, trouble = _kept(meant, project) if state else ((), "it was not asked for")
    found = history_of(meant.name, meant.vm_id, logs, kept, state=trouble)
    return found if meant.stack is None else replace(found, zone=meant.stack.zone)


def _there(copies: Sequence[Path]) -> Sequence[Path]:
    for path in copies:
        if not path.is_file():
            raise PlacementError(f"{path} is no file", remedy="Name a copy of an audit log")
    return copies


def _meant(subject: str, word: str | None, project: Path, logs: Logs) -> _Meant:
    having = [stack for stack in _stacks(word, project) if subject in stack.vms]
    if len(having) > 1:
        paths = ", ".join(str(stack.path) for stack in having)
        raise PlacementError(
            f"{subject} is declared by {paths}", remedy="Say which: bin/placement history VM STACK"
        )
    if having:
        stack = having[0]
        spec = stack.vms[subject]
        known = spec.id
        if known is None and is_of_project(stack, project):
            known = read_kept(identities_path(project, stack.path.stem)).machines.get(subject)
        return _Meant(
            name=spec.name or subject, vm_id=known or _id_of(spec.name or subject, logs), stack=stack
        )
    if is_guid(subject):
        return _Meant(name=subject, vm_id=vm_id(subject))
    return _Meant(name=subject, vm_id=_recorded(subject, logs))


def _stacks(word: str | None, project: Path) -> list[Stack]:
    if word is not None:
        return [load(resolve_stack(word, project))]
    found = []
    for path in stack_files(project):
        # One file that is being mended hides no machine of the others.
        with suppress(StackFileError):
            found.append(load(path))
    return found


def _id_of(name: str, logs: Logs) -> VmId | None:
    """Return the GUID of the only machine of that name in the logs; None where there is none, or several."""
    ids = {each.vm_id for each in logs.events if each.vm and folded(each.vm) == folded(name)}
    return ids.pop() if len(ids) == 1 else None


def _recorded(name: str, logs: Logs) -> VmId | None:
    """Return the GUID of a machine that no stack declares. Raises PlacementError where no log has it, or several of its name."""
    ids = {each.vm_id for each in logs.events if each.vm and folded(each.vm) == folded(name)}
    if len(ids) > 1:
        every = ", ".join(sorted(str(each) for each in ids if each))
        raise PlacementError(
            f"The logs have several machines of the name {name}", remedy=f"Name one: {every}"
        )
    if ids:
        return ids.pop()
    meant = NearNames(sorted({each.vm for each in logs.events if each.vm})).suggestion(name)
    raise PlacementError(
        f"No stack file and no audit log of this project has {name}{meant}",
        remedy="Name a key under vms:, or a GUID",
    )


def _kept(meant: _Meant, project: Path) -> tuple[tuple[StateMove, ...], str]:
    """Return what the state keeps of a machine, and why it was not read; an empty text where it was."""
    stack = meant.stack
    if stack is None or not is_of_project(stack, project):
        return (), "no stack of this project declares it"
    if meant.vm_id is None:
        return (), f"no run of {stack.path.stem} that is known on this computer has taken it in yet"
    name = stack.path.stem
    try:
        return state_moves(EngineCalls(project, name, os.environ), name).get(meant.vm_id, ()), ""
    except StateUnreadError as error:
        return (), error.message

"""Which stack of the project declares a host or a machine, where a person names that alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.adoption import adopting
from hyperv_placement.stackfile import load

from .stacks import resolve_stack, stack_files


def stack_with_host(host: str, word: str | None, project: Path, *, command: str) -> Stack:
    """Return the stack that declares `host`, of those that `word` names, or of all of the project.

    `command`: what to type where several declare it. Raises PlacementError then, and where none does.
    """
    found = _loaded(word, project)
    having = [stack for stack in found if host in stack.hosts]
    if not having:
        known = sorted({str(each) for stack in found for each in stack.hosts})
        raise PlacementError(
            f"No stack file declares the host {host}",
            remedy=f"{NearNames(known).question(host)}Known hosts: {', '.join(known) or 'none'}",
        )
    return _only(having, host, command)


def stack_that_has(subject: str, word: str | None, project: Path, *, command: str) -> Stack:
    """Return the stack that `word` names, or the one of the project that declares a host or a machine of that key.

    `command`: what to type where several declare it. Raises PlacementError then, and where none does.
    """
    name = subject.removeprefix("host:").removeprefix("vm:")
    found = _loaded(word, project)
    having = [stack for stack in found if word is not None or name in stack.hosts or name in stack.vms]
    if not having:
        near = NearNames(str(each) for stack in found for each in (*stack.hosts, *stack.vms)).question(name)
        raise PlacementError(
            f"No stack file declares a host or a machine {name}",
            remedy=f"{near}Name a key under hosts: or vms:",
        )
    return _only(having, name, command)


def stack_with_vm(label: str, word: str | None, project: Path) -> Stack:
    """Return the stack that `word` names, or the one of the project that declares `label`.

    Raises PlacementError where none declares it, or several do.
    """
    found = _loaded(word, project)
    having = [stack for stack in found if word is not None or label in stack.vms]
    if not having:
        near = NearNames(each for stack in found for each in stack.vms).question(label)
        raise PlacementError(f"No stack file declares {label}", remedy=f"{near}Write an entry for it first")
    return _only(having, label, f"{adopting(label, 'GUID')} STACK")


def _loaded(word: str | None, project: Path) -> list[Stack]:
    return [load(path) for path in (stack_files(project) if word is None else [resolve_stack(word, project)])]


def _only(having: Sequence[Stack], key: str, command: str) -> Stack:
    if len(having) > 1:
        paths = ", ".join(str(stack.path) for stack in having)
        raise PlacementError(f"{key} is declared by {paths}", remedy=f"Say which: {command}")
    return having[0]

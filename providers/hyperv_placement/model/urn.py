"""Pulumi's names of resources: `urn:pulumi:STACK::PROJECT::[PARENT$]TYPE::NAME` (pulumi/pulumi sdk/go/common/resource/urn/urn.go)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .names import StackName, stack_name

_PREFIX = "urn:pulumi:"
_PARTS = 4
_PROJECT = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""sdk/go/common/tokens/project.go and names.go of Pulumi."""
COMPONENT = "hyperv-placement:index:Placement"
"""Type of the component under which a larger program has the resources of one stack file (`hyperv_placement.Placement`)."""
SEPARATOR = "/"
"""Between the component's name and a key of its stack file, in the name of a resource."""
_SHOWN = 200
"""Characters of what is none that stand in an error."""
_KINDS = re.compile(r"[A-Za-z0-9_./:$-]{1,1000}")
"""Types with their parents', as `pkg:module/file:Type$pkg:module:Type`. The length is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urn:
    """The parts of a resource's name, each of its grammar. None but the stack's is ever part of a path."""

    stack: StackName
    project: str
    type: str
    """Without its parents'."""
    label: str
    """The resource's key in the stack file, any text: its own name, without that of its component."""
    component: StackName | None = None
    """The component that it belongs to; None where the program itself has it."""

    @property
    def declared_by(self) -> StackName:
        """The name of the stack file that declares it."""
        return self.component or self.stack


def read_urn(text: str) -> Urn:
    """Return the parts of a resource's name. Raises ValueError where it is none, StackNameError where the stack's is none."""
    if not text.startswith(_PREFIX):
        raise ValueError(f"{_shown(text)} does not begin with {_PREFIX}")
    # Not at every `::`: the label, which stands last, is any text.
    parts = text.removeprefix(_PREFIX).split("::", _PARTS - 1)
    if len(parts) != _PARTS:
        raise ValueError(f"{_shown(text)} has not the four parts of an URN")
    stack, project, kinds, label = parts
    if not _PROJECT.fullmatch(project):
        raise ValueError(f"{_shown(project)} is no name of a project")
    if not _KINDS.fullmatch(kinds):
        raise ValueError(f"{_shown(kinds)} is no type of a resource")
    parents, _, kind = kinds.rpartition("$")
    if parents.rpartition("$")[2] != COMPONENT:
        return Urn(stack=stack_name(stack), project=project, type=kind, label=label)
    component, separator, key = label.partition(SEPARATOR)
    if not separator:
        raise ValueError(f"{_shown(label)} does not begin with the name of a component")
    return Urn(
        stack=stack_name(stack), project=project, type=kind, label=key, component=stack_name(component)
    )


def _shown(text: str) -> str:
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")

"""A plan of the engine (`pulumi preview --save-plan FILE`): what was reviewed, read again where a run is held to it (`up --plan FILE`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.errors import PlacementError
from hyperv_placement.model import strict_json
from hyperv_placement.system.files import read_bounded

_LARGEST = 256 << 20
"""Bytes; the engine writes some 3 KiB for each machine."""
_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResource:
    """What a plan holds of one resource."""

    type: str
    name: str
    wanted: Mapping[str, Any]
    """Its properties after the run."""
    needs: tuple[tuple[str, str], ...]
    """Type and name of each resource that it depends on."""
    adopted: bool
    """Whether the state did not have it."""
    goes: bool
    """Whether the run is to forget it: then the program does not register it."""

    @property
    def after(self) -> frozenset[str]:
        """Names of the resources of its own type that it depends on."""
        return frozenset(name for kind, name in self.needs if kind == self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan:
    """A plan that somebody has saved."""

    file: Path
    made: str
    """When: ISO 8601, as the engine has written it; empty where it has not."""
    stack: str
    resources: tuple[PlannedResource, ...]
    lines: tuple[str, ...]
    """The stack output `plan` of the preview that made it: the whole, then a line for each move."""

    def of(self, kind: str) -> Mapping[str, PlannedResource]:
        """Return the resources of a type by their names, without those that go."""
        return {each.name: each for each in self.resources if each.type == kind and not each.goes}


def plan_file(command: Sequence[str], folder: Path) -> Path | None:
    """Return the file that an engine's command line holds its run to; None where it names none. `folder`: where the engine runs."""
    for word, following in pairwise((*command, "")):
        flag, equals, value = word.partition("=")
        if flag == "--plan":
            return folder / (value if equals else following)
    return None


def read_update_plan(file: Path) -> UpdatePlan:
    """Return what a file holds. Raises PlacementError where it cannot be read, or is no plan of the engine."""
    remedy = f"Make one: {quoting.own('bin/pulumi preview --save-plan FILE')}"
    try:
        content = read_bounded(file, _LARGEST)
    except OSError as error:
        raise PlacementError(f"The plan {file} cannot be read: {error.strerror}", remedy=remedy) from error
    try:
        return _read(file, strict_json.loads(content))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PlacementError(f"{file} is no plan of the engine", remedy=remedy) from error


def _read(file: Path, content: Mapping[str, Any]) -> UpdatePlan:
    plans: Mapping[str, Mapping[str, Any]] = content["resourcePlans"]
    stacks = {urn.partition("::")[0].removeprefix("urn:pulumi:") for urn in plans}
    if len(stacks) != 1:
        raise ValueError
    outputs = next((each.get("state") or {} for urn, each in plans.items() if _named(urn)[0] == _STACK), {})
    return UpdatePlan(
        file=file,
        made=str((content.get("manifest") or {}).get("time", "")),
        stack=stacks.pop(),
        resources=tuple(_resources(plans)),
        lines=tuple(str(line) for line in outputs.get("plan") or ()),
    )


def _resources(plans: Mapping[str, Mapping[str, Any]]) -> Iterator[PlannedResource]:
    for urn, planned in plans.items():
        kind, name = _named(urn)
        goal = planned.get("goal") or {}
        yield PlannedResource(
            type=kind,
            name=name,
            wanted=dict(planned.get("state") or {}),
            needs=tuple(_named(each) for each in goal.get("dependencies") or ()),
            adopted="create" in (planned.get("steps") or ()),
            goes="delete" in (planned.get("steps") or ()),
        )


def _named(urn: str) -> tuple[str, str]:
    """Return the type and the name in an URN: `urn:pulumi:STACK::PROJECT::[PARENT$]TYPE::NAME` (Pulumi's docs, URNs)."""
    _, _, kinds, name = urn.split("::", 3)
    return kinds.rpartition("$")[2], name

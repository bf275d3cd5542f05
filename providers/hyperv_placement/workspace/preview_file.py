"""A preview of the engine (`pulumi preview --json`): the steps that change machines and hosts, and what was reported of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.errors import PlacementError
from hyperv_placement.model import strict_json
from hyperv_placement.model.resource_types import FORMER, MACHINE
from hyperv_placement.system.files import read_bounded

_QUIET = {"same", "refresh", "read", "read-discard", "discard"}
"""Operations that change nothing (pulumi: pkg/display/operation.go)."""
_MOVE = "move"
"""The input that tells policy packs of a move: how, and not what, is wanted."""
_KINDS = {
    token: FORMER[present].rpartition(":")[2] for present in FORMER for token in (present, FORMER[present])
}
"""Type -> kind of resource, also as states of before have it."""
_MACHINE = _KINDS[MACHINE]
_PLACE = {"host", "config", "checkpoints", "paging"}
"""Properties of a machine that only a move changes, beside its disks."""
_LARGEST = 256 << 20
"""Bytes; the engine writes some 5 KiB for each machine."""
_REMEDY = "Make one: bin/pulumi preview --json > FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One property; None = it is not there."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewStep:
    """One resource of ours that would change."""

    kind: str
    """VmPlacement, MigrationHost, MigrationDelegation."""
    label: str
    operation: str
    """Of the engine: create (a machine is adopted), update, delete (it is managed no longer)."""
    differences: tuple[Difference, ...]

    @property
    def is_machine(self) -> bool:
        """Whether it is a virtual machine."""
        return self.kind == _MACHINE

    @property
    def is_adopted(self) -> bool:
        """Whether it is a machine that is adopted, wherever it is, and then moved if it is not in place."""
        return self.is_machine and self.operation == "create"

    @property
    def goes_elsewhere(self) -> bool:
        """Whether it is a machine that another place is wanted for than it has; of one that is adopted: not known."""
        if not self.is_machine or self.operation in {"create", "delete"}:
            return False
        return any(each.name in _PLACE or each.name.startswith("disks.") for each in self.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was said of a resource, or of the whole (label None)."""

    severity: str
    label: str | None
    text: str

    @property
    def reports_a_move(self) -> bool:
        """Whether it is what the program says of a machine that moves, and of no other (report/text.py, `describe`)."""
        return self.label is not None and self.text.startswith(
            (f"{self.label}: is on ", f"{self.label}: stays on ")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """A preview: what would change, in the engine's order, and what was said."""

    steps: tuple[PreviewStep, ...]
    messages: tuple[Message, ...]

    def of(self, severity: str) -> tuple[Message, ...]:
        """Return what was said that severely: info, warning, error."""
        return tuple(each for each in self.messages if each.severity == severity)

    def moves(self) -> tuple[bool | None, ...]:
        """Return for each step whether a machine moves by it; None = the preview does not show it.

        The steps do not show where a machine is that is adopted: the messages of the program do. A preview without any word on
        any move may have none of either.
        """
        reported = {each.label for each in self.of("info") if each.reports_a_move}
        silent = None if not reported else False
        return tuple(
            (step.label in reported or silent) if step.is_adopted else step.goes_elsewhere
            for step in self.steps
        )


_PARTS = {"steps": list, "diagnostics": list, "changeSummary": dict}
"""Of a preview the engine writes each that is not empty, and one is (pulumi/pulumi pkg/display/json.go, PreviewDigest)."""


def read_preview(path: Path) -> Previewed:
    """Return what a file holds. Raises PlacementError where it cannot be read, or is not a preview."""
    try:
        content = read_bounded(path, _LARGEST)
    except OSError as error:
        raise PlacementError(f"{path} cannot be read: {error.strerror}", remedy=_REMEDY) from error
    return previewed(content, str(path))


def previewed(text: str | bytes, name: str) -> Previewed:
    """Return a preview; `name`: of its file. Raises PlacementError where it is something else."""
    try:
        content = _digest(strict_json.loads(text))
        return Previewed(
            steps=tuple(_steps(content.get("steps") or ())),
            messages=tuple(_messages(content.get("diagnostics") or ())),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PlacementError(
            f"{name} is not output of `{quoting.own('pulumi preview --json')}`", remedy=_REMEDY
        ) from error


def _digest(content: Any) -> Mapping[str, Any]:
    """Return `content` where it is the engine's. Raises TypeError: any other object would be a preview without a change."""
    parts = {name: content[name] for name in _PARTS if content.get(name)}
    if not parts or not all(isinstance(part, _PARTS[name]) for name, part in parts.items()):
        raise TypeError
    return dict(content)


def _steps(found: Any) -> Iterator[PreviewStep]:
    for step in found:
        kind, label = _named(step["urn"])
        # Stacks and providers are resources, too, and change nothing of a host.
        if kind in _KINDS and step["op"] not in _QUIET:
            yield PreviewStep(
                kind=_KINDS[kind], label=label, operation=str(step["op"]),
                differences=tuple(_differences(step)),
            )  # fmt: skip


def _differences(step: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what is wanted otherwise than it is: new inputs beside old outputs, which have the same names."""
    before = _flat((step.get("oldState") or {}).get("outputs") or {})
    after = _flat({**((step.get("newState") or {}).get("inputs") or {}), _MOVE: {}})
    for name, wanted in after.items():
        if before.get(name) != wanted:
            yield Difference(name=name, before=before.get(name), after=wanted)


def _flat(values: Mapping[str, Any], way: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{way}{key}.")
        elif not key.startswith("__"):  # what the engine keeps for itself, as the pickled provider
            found[f"{way}{key}"] = value if isinstance(value, str) else json.dumps(value)
    return found


def _messages(found: Any) -> Iterator[Message]:
    for each in found:
        urn = each.get("urn")
        kind, label = _named(urn) if urn else ("", None)
        yield Message(
            severity=str(each["severity"]).removesuffix("#err"),
            label=label if kind in _KINDS else None,
            text=str(each["message"]).strip(),
        )


def _named(urn: str) -> tuple[str, str]:
    """Return the type and the name in an URN: `urn:pulumi:STACK::PROJECT::[PARENT$]TYPE::NAME` (Pulumi's docs, URNs)."""
    _, _, kinds, name = str(urn).split("::", 3)
    return kinds.rpartition("$")[2], name

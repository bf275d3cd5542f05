"""Holds of a stack in the state that its runs share: tags of the stack, wherever the engine keeps that (folder, S3, database, cloud).

Each hold is one tag, so that two people who hold two things at a time write one value each. In a folder the file of tags
(pulumi/pulumi pkg/backend/diy/stack_tags.go) is read without the engine; everything else asks it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.errors import PlacementError
from hyperv_placement.launch.engine import INSTALL
from hyperv_placement.model import strict_json
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Hold
from hyperv_placement.system.files import read_bounded

from .locks import backend_folder
from .stacks import project_name

_PREFIX = "placement:hold:"
"""Of a tag's name, which has 40 characters of letters, digits and `-_.:` at most (pulumi/pulumi pkg/util/validation/stack.go)."""
_DIGITS = 16
_LONGEST = 256
"""Characters of a tag's value (the same file)."""
_LARGEST = 16 << 20
"""Bytes of a file of tags."""
_NO_STACK = 6
"""How the engine ends where it knows no stack of that name (seen with 3.259)."""
_PATIENCE_S = 60
_BACKEND = "PULUMI_BACKEND_URL"
_NO_ENGINE = "Holds are kept in the state, which only the Pulumi engine writes, and it could not be asked:"


class HoldsError(PlacementError):
    """Holds of the shared state cannot be read or written."""


class SharedHolds:
    """The holds of one stack in its shared state."""

    def __init__(
        self, project: Path, stack: str, environ: Mapping[str, str] | None = None, *, in_run: bool = False
    ) -> None:
        """`project`: the folder with Pulumi.yaml. `environ`: where the state is kept, and what reaches it; default: this process'.

        `in_run`: whether an engine runs this process. Where no variable names the place of the state, that engine alone knows it.
        """
        self._in_run = in_run
        self._project = project
        self._stack = stack
        self._environ = os.environ if environ is None else environ

    def read(self) -> tuple[Hold, ...]:
        """Return the holds, by name; of a stack that has no state yet there are none. Raises HoldsError."""
        return holds_in(self.tags())

    def tags(self) -> Mapping[str, str]:
        """Return all tags of the stack. Raises HoldsError."""
        return self._tags_in_folder() if self.in_folder else self._tags_by_engine()

    def stamp(self) -> object:
        """Return what is another one once the tags of a folder have changed; None where only reading them shows that."""
        if not self.in_folder:
            return None
        found: list[tuple[int, int, int] | None] = []
        for path in self._files():
            try:
                seen = path.stat()
            except OSError:
                found.append(None)
                continue
            found.append((seen.st_mtime_ns, seen.st_size, seen.st_ino))
        return tuple(found)

    def write(self, name: str, value: str) -> None:
        """Set a tag. Raises HoldsError."""
        if len(value) > _LONGEST:
            raise HoldsError(
                f"The shared state keeps {_LONGEST} characters of a tag", remedy="Say it shorter"
            )
        self._engine("set", name, value)

    def remove(self, name: str) -> None:
        """Take a tag away. Raises HoldsError."""
        self._engine("rm", name)

    def set(self, hold: Hold) -> None:
        """Set a hold, over an earlier one of the same host or machine. Raises HoldsError."""
        value = json.dumps(_plain(hold), separators=(",", ":"), ensure_ascii=False)
        if len(value) > _LONGEST:
            raise HoldsError(
                f"The hold has {len(value)} characters, and the shared state keeps {_LONGEST} of one",
                remedy="Give a shorter reason",
            )
        self._engine("set", _tag(hold), value)
        if hold not in self.read():
            raise HoldsError(
                "The hold is not in the shared state though it was written: somebody has written at the same time",
                remedy="Run again",
            )

    def release(self, hold: Hold) -> None:
        """Take a hold away. Raises HoldsError."""
        self._engine("rm", _tag(hold))

    @property
    def in_folder(self) -> bool:
        """Whether the state is kept in a folder, and is read without the engine."""
        url = self._environ.get(_BACKEND, "")
        return url.startswith("file:") if url else not (self._in_run or self._declares_backend())

    def _declares_backend(self) -> bool:
        return any(line.startswith("backend:") for line in self._project_file())

    def _project_file(self) -> list[str]:
        try:
            return (self._project / "Pulumi.yaml").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def _files(self) -> tuple[Path, ...]:
        """Return where a folder may have the tags."""
        name = project_name(self._project)
        stacks = backend_folder(self._environ.get(_BACKEND), self._project) / "stacks"
        # The engine keeps stacks below their project's name, and before 3.61 did without.
        return (stacks / name / f"{self._stack}.pulumi-tags", stacks / f"{self._stack}.pulumi-tags")

    def _tags_in_folder(self) -> Mapping[str, str]:
        for path in self._files():
            try:
                return _tags(strict_json.loads(read_bounded(path, _LARGEST))["tags"])
            except FileNotFoundError:
                continue
            except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
                raise HoldsError(
                    f"Whether anything is held is not known: {path} cannot be read: {error}",
                    remedy="Make it readable; where it is torn, hold anew what is to be held, which writes it",
                ) from error
        return {}

    def _tags_by_engine(self) -> Mapping[str, str]:
        done = self._run("ls", "--json")
        if done.returncode == _NO_STACK:
            return {}
        if done.returncode != 0:
            raise self._failed(done)
        try:
            return _tags(strict_json.loads(done.stdout.encode("utf-8")))
        except (ValueError, TypeError, RecursionError) as error:
            raise HoldsError(
                f"The engine's list of tags cannot be read: {error}", remedy="Run again"
            ) from error

    def _engine(self, *words: str) -> None:
        done = self._run(*words)
        if done.returncode != 0:
            raise self._failed(done)

    def _failed(self, done: subprocess.CompletedProcess[str]) -> HoldsError:
        lines = (done.stderr or done.stdout).splitlines()
        # Before it the libraries of backends may have warned of something else.
        first = next((number for number, line in enumerate(lines) if line.startswith("error:")), None)
        said = " ".join(" ".join(lines[first or 0 :]).split()) or f"it ended with {done.returncode}"
        if done.returncode == _NO_STACK:
            return HoldsError(
                f"The shared state has no stack {self._stack}: {said}",
                remedy="Say where it is kept (PULUMI_BACKEND_URL), or have it made there, which moves nothing: "
                f"{quoting.own('bin/pulumi stack select --create {}', self._stack)}",
            )
        # What starts the engine has said what to do where there is none.
        if first is None and INSTALL in said:
            return HoldsError(f"{_NO_ENGINE} {said}", remedy="")
        if first is None:
            return HoldsError(
                f"{_NO_ENGINE} {said}", remedy=f"Make it run: {quoting.own('bin/pulumi version')}"
            )
        return HoldsError(
            f"The shared state of {self._stack} does not answer: {said}",
            remedy="Make the backend reachable (PULUMI_BACKEND_URL and its credentials), then run again",
        )

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*self._command(), "stack", "tag", *words, "--stack", self._stack, "--non-interactive"]
        try:
            return subprocess.run(
                command, cwd=self._project, env=dict(self._environ), check=False, capture_output=True, text=True,
                encoding="utf-8", errors="replace", timeout=_PATIENCE_S, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise HoldsError(f"{_NO_ENGINE} there is no {command[0]} on PATH", remedy=INSTALL) from error
        except subprocess.TimeoutExpired as error:
            raise HoldsError(
                f"{_NO_ENGINE} it has not answered within {_PATIENCE_S:g} s",
                remedy="Make the backend reachable (PULUMI_BACKEND_URL and its credentials), then run again",
            ) from error
        except (OSError, subprocess.SubprocessError) as error:
            raise HoldsError(
                f"{_NO_ENGINE} {error}", remedy=f"Make it run: {quoting.own('bin/pulumi version')}"
            ) from error

    def _command(self) -> Sequence[str]:
        """Return what runs the engine: within a run the one that runs it, which comes first on PATH, else our wrapper."""
        wrapper = self._project / "bin" / "pulumi"
        found = shutil.which("pulumi", path=self._environ.get("PATH"))
        if self._in_run and found is not None:
            return [found]
        return [sys.executable, str(wrapper)] if wrapper.exists() else [found or "pulumi"]


def with_holds(kept: Kept, shared: SharedHolds) -> Kept:
    """Return what is kept, with the holds of the shared state, or why they are not known."""
    try:
        return replace(kept, holds=shared.read())
    except PlacementError as error:
        return replace(kept, holds_unread=error.message)


def holds_in(tags: Mapping[str, str]) -> tuple[Hold, ...]:
    """Return the holds among tags, by name. Raises HoldsError where one cannot be read."""
    found = (_hold(value) for name, value in sorted(tags.items()) if name.startswith(_PREFIX))
    return tuple(sorted(found, key=lambda hold: (hold.host is None, hold.host or hold.label or "")))


def _tag(hold: Hold) -> str:
    """Return the name of a hold's tag: keys of stack files have characters that no tag has."""
    subject = f"host:{hold.host}" if hold.host is not None else f"vm:{hold.label}"
    return f"{_PREFIX}{hashlib.sha256(subject.encode('utf-8')).hexdigest()[:_DIGITS]}"


def _tags(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise TypeError("no mapping of tags")
    return {str(name): str(value) for name, value in given.items()}


def _plain(hold: Hold) -> dict[str, str]:
    subject = {"host": str(hold.host)} if hold.host is not None else {"vm": str(hold.label)}
    return {
        **subject,
        "until": hold.until.isoformat(),
        "reason": hold.reason,
        "by": hold.by,
        "since": hold.since,
    }


def _hold(value: str) -> Hold:
    """Return the hold of a tag. Raises HoldsError where it is none: what somebody meant to hold is then not known."""
    try:
        given = strict_json.loads(value.encode("utf-8"))
        [(kind, name)] = [(key, str(given[key])) for key in ("host", "vm") if key in given]
        return Hold(
            until=date.fromisoformat(given["until"]), reason=str(given["reason"]), by=str(given["by"]),
            since=str(given["since"]), host=HostName(name) if kind == "host" else None,
            label=name if kind == "vm" else None,
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HoldsError(
            f"A hold in the shared state cannot be read: {error}",
            remedy="See the tags of the stack, and remove the one that is no hold",
        ) from error

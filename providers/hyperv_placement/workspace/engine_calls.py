"""The engine asked by a command: `bin/pulumi` of the project, run to its end."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.launch.engine import INSTALL
from hyperv_placement.launch.passphrase import what_to_set

from .holders import Holder, holders_in

NO_STACK = 6
"""How the engine ends where it knows no stack of that name (seen with 3.259)."""
_PATIENCE_S = 3600.0
"""Seconds; a refresh reads every host, of which each that is silent takes its time."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the engine has answered."""

    code: int
    output: str
    errors: str

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who holds the lock because of which it did nothing; none where that is not why."""
        return holders_in(f"{self.errors}\n{self.output}") if self.code else ()

    @property
    def reason(self) -> str:
        """Why it failed, in its own words: its errors, or else the last that it said; behind a refused passphrase what to set."""
        lines = [" ".join(line.split()) for line in f"{self.output}\n{self.errors}".splitlines()]
        found = [line for line in lines if line.startswith("error:")] or [line for line in lines if line][-1:]
        helps = filter(None, map(what_to_set, found))
        return "; ".join(dict.fromkeys([*found, *helps])) or f"it ended with {self.code}"


class EngineCalls:
    """The engine of a project, for one stack."""

    def __init__(self, project: Path, stack: str, environ: Mapping[str, str]) -> None:
        """`environ`: where the state is kept, and what reaches it."""
        self._project = project
        self._stack = stack
        self._environ = dict(environ)

    def run(self, *words: str) -> Answer:
        """Run `bin/pulumi WORDS --stack STACK`. Raises PlacementError where the engine cannot be run at all.

        Ctrl-C reaches the engine as well, which ends in order; only then does KeyboardInterrupt go on.
        """
        wrapper = self._project / "bin" / "pulumi"
        start = [sys.executable, str(wrapper)] if wrapper.exists() else [shutil.which("pulumi") or "pulumi"]
        command = [*start, *words, "--stack", self._stack, "--non-interactive", "--color", "never"]
        try:
            with subprocess.Popen(
                command, cwd=self._project, env=self._environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
            ) as process:  # fmt: skip
                try:
                    output, errors = process.communicate(timeout=_PATIENCE_S)
                except KeyboardInterrupt:
                    process.communicate()
                    raise
                except subprocess.TimeoutExpired:
                    process.terminate()
                    output, errors = process.communicate()
        except OSError as error:
            raise PlacementError(
                f"The engine cannot be run: {error.strerror}: {command[0]}", remedy=INSTALL
            ) from error
        return Answer(
            code=process.returncode, output=_COLOURS.sub("", output), errors=_COLOURS.sub("", errors)
        )

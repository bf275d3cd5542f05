"""A copy of the project to work in: own lab, own stacks, own Pulumi home; the user's are never touched."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from lab.background.control import connect
from lab.world.person import CommandError

PROJECT = Path(__file__).resolve().parent.parent
_LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv",
    ".lab",
    ".pulumi",
    ".chaos",
    ".*_cache",
    ".hypothesis",
    "*.pyc.*",  # one that another process writes just now, and renames
    "tests",
    "docs",
    "Pulumi.*.yaml",
)
_OWN_SETTINGS = ("PULUMI_", "PLACEMENT_", "LAB_", "HYPERV_")
"""Variables of the user that would lead a command out of the copy."""


PATIENCE = 20
"""Seconds that an interrupted command may take to end."""


class Workspace:
    """A copy of the project, in which `bin/lab` and `bin/pulumi` are run as a user types them."""

    def __init__(self, folder: Path, *, keep: Mapping[str, str] | None = None) -> None:
        """Copy the project to `folder`, which must not exist. `keep`: variables to set on top."""
        shutil.copytree(PROJECT, folder, ignore=_LEFT_OUT)
        (folder / ".venv").symlink_to(PROJECT / ".venv", target_is_directory=True)
        self.folder = folder
        own = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_SETTINGS)}
        # The copy has no compiled modules yet; without them each process would compile all again, for a third of its time.
        own.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environment = {**own, "PULUMI_HOME": str(folder / ".pulumi-home"), **(keep or {})}

    def command(self, *words: str) -> list[str]:
        """Return the argument list that runs `bin/NAME ...` of the copy."""
        name, *arguments = words
        return [sys.executable, str(self.folder / "bin" / name), *arguments]

    def run(self, *words: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `bin/NAME ...` in the copy; raise CalledProcessError on a non-zero exit where `check` is set."""
        return subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment, check=check, text=True, **options
        )

    def show(self, *words: str) -> int:
        """Run `bin/NAME ...` on the terminal and return its exit code.

        Ctrl-C reaches the command as well: it is given time to end in order before the interruption goes on.
        """
        with subprocess.Popen(self.command(*words), cwd=self.folder, env=self.environment) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE)
                process.kill()
                raise

    def status(self) -> dict[str, Any]:
        """Return the lab's own account of the estate, as `bin/lab status --json` prints it.

        Asked without a process: who waits for something asks ten times a second. Raises CommandError.
        """
        lab = connect(self.folder / ".lab")
        if lab is None:
            raise CommandError("the lab is not running")
        return dict(lab.call("status", sums=True))

    def point_at_lab(self, stack: str = "lab") -> None:
        """Write the lab's present ports into `stacks/STACK.yaml` of the copy."""
        path = self.folder / "stacks" / f"{stack}.yaml"
        text = path.read_text(encoding="utf-8")
        for name, host in self.status()["hosts"].items():
            text = re.sub(rf"(?m)^(\s+{name}:.*?https://)[^/]+", rf"\g<1>{_authority(host['https'])}", text)
        path.write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Stop the copy's lab, if it runs, and remove the copy."""
        remove(self.folder)


def remove(folder: Path) -> None:
    """Stop the lab of the copy in `folder`, by the pid that it noted, and remove the copy. A lab that does not run is no error."""
    if (folder / ".lab").exists():
        down = [sys.executable, str(folder / "bin" / "lab"), "down"]
        subprocess.run(down, cwd=folder, check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def stop_session(leader: int) -> None:
    """Kill what is left of the session that process `leader` began.

    An engine that is killed leaves its language host behind, in a process group of its own (seen with Pulumi 3.259).
    """
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


def _authority(url: str) -> str:
    return url.removeprefix("https://").split("/")[0]

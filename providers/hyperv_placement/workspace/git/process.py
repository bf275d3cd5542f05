"""git as a process: what it answers, and what to say where it fails."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from hyperv_placement.errors import PlacementError

OTHERWISE = "Fix the git error above, or name a file"
_PATIENCE = 60
"""Seconds for git."""
_SECRET = re.compile(r"://\S*@")
"""User name and password in a remote's URL, which git may repeat."""


def git(
    folder: Path, *words: str, typed: bytes = b"", index: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder. It may fetch what a partial clone lacks, and asks nobody for a password. Raises PlacementError.

    `typed`: what it reads from its input. `index`: in place of the repository's own.
    """
    command = ["git", "--literal-pathspecs", "-C", str(folder), *words]
    own = {} if index is None else {"GIT_INDEX_FILE": str(index)}
    # Hooks have GIT_DIR. Without a work tree beside it git takes the folder of -C for the top of the repository (git, "GIT_DIR").
    given = {
        key: value for key, value in os.environ.items() if key != "GIT_DIR" or "GIT_WORK_TREE" in os.environ
    }
    try:
        return subprocess.run(
            command, check=False, capture_output=True, input=typed, timeout=_PATIENCE,
            env={**given, **own, "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlacementError(f"git does not answer: {error}", remedy="Install git, or name a file") from error


def unreadable(revision: str, path: Path, failed: subprocess.CompletedProcess[bytes]) -> PlacementError:
    """Return the error for a file or folder that git does not give."""
    return PlacementError(
        f"git cannot read {path.name} at {revision!r}: {complaint(failed)}", remedy=OTHERWISE
    )


def complaint(failed: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git complained of, or the first line of its answer, in one line and without passwords."""
    words = (failed.stderr.strip() or failed.stdout.partition(b"\n")[0]).decode("utf-8", "replace")
    return _SECRET.sub("://***@", " ".join(words.split()))

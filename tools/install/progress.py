"""A long build, followed on the terminal: what it does, for how long, and its words if it fails."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tools.install.errors import SetupError

EVERY_SECONDS = 15


class Tally:
    """What a long build has said so far; as it is, what `go install -v` says: modules fetched, packages compiled."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.modules = 0
        self.packages = 0
        self.last: deque[str] = deque(maxlen=20)

    def read(self, line: str) -> None:
        """Count one line."""
        if line.startswith("go: downloading "):
            self.modules += 1
        elif line and not line.startswith(("go: ", "#", "\t", " ")) and ": " not in line:
            self.packages += 1
        else:
            self.last.append(line)

    def __str__(self) -> str:
        """Return the counts for people."""
        if self.packages:
            return f"{self.packages} packages compiled"
        return f"{self.modules} modules fetched" if self.modules else "starting"


def follow(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], what: str, tally: Tally | None = None
) -> None:
    """Run a build to its end, with a line every 15 s. Raises SetupError with its last words if it fails."""
    began = time.monotonic()
    tally = tally or Tally()
    with subprocess.Popen(
        command, cwd=cwd, env=dict(env), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        reader = threading.Thread(target=_read, args=(process.stdout, tally), daemon=True)
        reader.start()
        try:
            while _runs(process):
                print(f"  {what}: {minutes(time.monotonic() - began)}, {tally}", flush=True)
        except BaseException:
            process.terminate()
            raise
        reader.join()
    if process.returncode != 0:
        raise SetupError(f"{what} failed:\n" + "\n".join(tally.last))
    print(f"  {what}: done in {minutes(time.monotonic() - began)}", flush=True)


def minutes(seconds: float) -> str:
    """Return a duration as people say it: `45 s`, `3 min 05 s`."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"  # noqa: PLR2004 - a minute


def _read(stream: IO[str], tally: Tally) -> None:
    for line in stream:
        tally.read(line.rstrip())


def _runs(process: subprocess.Popen[str]) -> bool:
    try:
        process.wait(timeout=EVERY_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False

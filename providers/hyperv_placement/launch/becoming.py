"""One program in place of another."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn


def become(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Run `command` in place of this process, or, on Windows, wait for it and leave with its exit code."""
    if sys.platform != "win32":
        os.execve(command[0], list(command), dict(environ))  # noqa: S606 - an argument list, no shell
    else:
        import subprocess  # noqa: PLC0415 - a third of what a wrapper loads, and Windows alone needs it

        with subprocess.Popen(list(command), env=dict(environ)) as process:
            while True:
                try:
                    sys.exit(process.wait())
                except KeyboardInterrupt:
                    # The terminal sent Ctrl-C to the command as well, and how to end is its decision.
                    continue

"""Plugins of runs whose engine is gone: each notices that within a second or two, and leaves, unless it was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_PLUGIN = "hyperv_placement.plugin"


def orphans(project: Path) -> Iterator[int]:
    """Yield the numbers of plugin processes of this user that work in a project and have no engine above them."""
    me = psutil.Process().username()
    for process in psutil.process_iter():
        # What the system does not show is somebody else's.
        with suppress(psutil.Error, OSError):
            if (
                _PLUGIN in process.cmdline()
                and process.username() == me
                and process.status() != psutil.STATUS_ZOMBIE
                and project.samefile(process.cwd())
                and not any("pulumi" in each.name().casefold() for each in process.parents())
            ):
                yield process.pid

"""The clock of the computer that runs things: set forward and back, for the Python processes of a round's runs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SOURCE = Path(__file__).with_name("turned_clock.c")
_COMPILER = "cc"


def has_compiler() -> bool:
    """Say whether this computer can make what turns the clock."""
    return shutil.which(_COMPILER) is not None


class OwnClock:
    """A clock that is right until it is turned. Pulumi's own processes, which ask the kernel, go by the right one."""

    def __init__(self, folder: Path) -> None:
        """Make what turns it in `folder`. Raises CalledProcessError or OSError."""
        library, self._turned = folder / "turned_clock.so", folder / "turned_clock"
        if not library.exists():
            made = [_COMPILER, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE)]
            subprocess.run(made, check=True, capture_output=True)
        self._turned.write_bytes(bytes(8))
        self.environment: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "TURNED_CLOCK": str(self._turned),
        }
        """What has a process go by it."""

    def turn(self, seconds: int) -> None:
        """Set it so many seconds forward, or back; 0 sets it right again."""
        with self._turned.open("r+b", buffering=0) as file:  # in place: processes look at this very file
            file.write(seconds.to_bytes(8, "little", signed=True))

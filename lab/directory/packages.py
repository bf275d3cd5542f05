"""What of Debian's packages the directory needs, and whether it is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .errors import DirectoryError

DEBIANS_PYTHON = "/usr/bin/python3"
"""The one that python3-samba is made for."""
LIST = Path(__file__).with_name("debian-packages.txt")
_SYSTEM = "/usr/sbin:/sbin"
_PATIENCE = 30  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Samba:
    """The programs of an installed Samba."""

    server: str
    tool: str
    spnupdate: str
    compiler: str
    version: str
    """As it says itself: `4.17.12-Debian`."""

    @classmethod
    def find(cls) -> Self:
        """Return what is installed. Raises DirectoryError with the one line that helps."""
        if not sys.platform.startswith("linux"):
            raise DirectoryError(
                "the directory is Samba's domain controller, which the lab runs on Linux alone"
            )
        names = ("samba", "samba-tool", "samba_spnupdate", "cc")
        found = {name: program(name) for name in names}
        missing = [name for name, path in found.items() if path is None]
        if not missing and not _imports_samba():
            missing = ["python3-samba"]
        if not missing and not Path("/usr/share/samba/setup/provision.ldif").exists():
            missing = ["samba-ad-provision"]
        if missing:
            raise DirectoryError(
                f"the directory needs {', '.join(missing)}; as root: make directory, which installs of Debian "
                + " ".join(listed())
            )
        server, tool, spnupdate, compiler = (path or "" for path in found.values())
        if os.geteuid() != 0:
            raise DirectoryError(
                "the directory runs as root alone (Samba's domain controller, ports 88, 389, 636)"
            )
        return cls(server=server, tool=tool, spnupdate=spnupdate, compiler=compiler, version=_version(server))


def program(name: str) -> str | None:
    """Return the path of a program, those of administrators included."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}")


def listed() -> list[str]:
    """Return the names of the packages."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _imports_samba() -> bool:
    try:
        asked = subprocess.run(
            [DEBIANS_PYTHON, "-I", "-c", "import samba.dckeytab"],
            check=False,
            capture_output=True,
            timeout=_PATIENCE,
        )
    except FileNotFoundError:
        return False
    return asked.returncode == 0


def _version(server: str) -> str:
    asked = subprocess.run(
        [server, "--version"], check=True, capture_output=True, text=True, timeout=_PATIENCE
    )
    return asked.stdout.strip().removeprefix("Version ")

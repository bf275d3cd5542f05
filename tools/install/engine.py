"""Which Pulumi engine the project uses: one on PATH that fits, our copy in the cache, or a fresh build."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.install.places import program, read_record
from tools.install.versions import ENGINE, dotted, engine_fits, parse

LANGUAGE_HOST = "pulumi-language-python"
PROGRAMS = (program("pulumi"), program(LANGUAGE_HOST))
SCRIPTS = ("pulumi-language-python-exec", "pulumi-resource-pulumi-python")
COMPLETE = "complete.json"
"""Lies in a finished copy and tells the size of each of its files."""

_RECIPE = 1
"""Raised when the way of building changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A Pulumi CLI and the folder of the Python language host that goes with it."""

    pulumi: str
    language_host: str
    version: str
    origin: str  # "PATH" or "cache"

    def record(self) -> dict[str, str]:
        """Return it as the wrappers read it."""
        return asdict(self)


def from_path(path: str, *, not_ours: Path) -> Engine | None:
    """Return the first `pulumi` on `path` that fits and has its Python language host.

    `not_ours`: the project's `bin`, whose wrapper may well be on PATH.
    """
    for folder in _folders(path):
        command = folder / program("pulumi")
        if folder.resolve() == not_ours.resolve() or not os.access(command, os.X_OK) or command.is_dir():
            continue
        host = _language_host(command, path)
        version = _version(command) if host else None
        if host and version and engine_fits(version):
            return Engine(
                pulumi=str(command), language_host=str(host), version=dotted(version), origin="PATH"
            )
    return None


def from_cache(copy: Path) -> Engine | None:
    """Return our copy in the folder `copy`, if each of its files is there and whole."""
    sizes = read_record(copy / COMPLETE)
    if set(sizes) != {*PROGRAMS, *SCRIPTS}:
        return None
    for name, size in sizes.items():
        file = copy / name
        if not file.is_file() or file.stat().st_size != size or not os.access(file, os.X_OK):
            return None
    return Engine(
        pulumi=str(copy / PROGRAMS[0]), language_host=str(copy), version=dotted(ENGINE), origin="cache"
    )


def copy_folder(cache: Path, project: Path) -> Path:
    """Return where our copy belongs; its name changes with everything that it is built from."""
    digest = hashlib.sha256(f"{_RECIPE} {sys.platform} {platform.machine()}".encode())
    for module in ("pulumi", "language-host"):
        for name in ("go.mod", "go.sum"):
            digest.update((project / "tools" / module / name).read_bytes())
    return cache / f"pulumi-{dotted(ENGINE)}-{digest.hexdigest()[:12]}"


def _folders(path: str) -> Iterator[Path]:
    return (Path(entry) for entry in path.split(os.pathsep) if entry)


def _language_host(command: Path, path: str) -> Path | None:
    beside = command.resolve().parent
    if os.access(beside / program(LANGUAGE_HOST), os.X_OK):
        return beside
    found = shutil.which(LANGUAGE_HOST, path=path)
    return Path(found).parent if found else None


def _version(command: Path) -> tuple[int, int, int] | None:
    try:
        answer = subprocess.run(
            [str(command), "version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse(answer.stdout) if answer.returncode == 0 else None

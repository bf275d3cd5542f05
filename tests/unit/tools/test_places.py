"""Where set-up keeps things, and when an environment counts as made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.install.environment import flaw, pip_environment, stamp
from tools.install.places import (
    cache_folder,
    lock_file,
    read_record,
    stamp_file,
    venv_folder,
    venv_python,
    write_record,
)
from tools.install.progress import Tally, minutes

HOME = Path("/home/operator")


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {}, HOME / ".cache"),
        ("linux", {"XDG_CACHE_HOME": "/var/cache/ann"}, Path("/var/cache/ann")),
        ("linux", {"XDG_CACHE_HOME": ""}, HOME / ".cache"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, HOME / ".cache"),
        ("darwin", {}, HOME / "Library" / "Caches"),
        ("win32", {"LOCALAPPDATA": "/c/Users/ann/AppData/Local"}, Path("/c/Users/ann/AppData/Local")),
        ("win32", {}, HOME / "AppData" / "Local"),
    ],
)
def test_the_cache_is_where_each_system_keeps_caches(
    platform: str, environ: dict[str, str], folder: Path
) -> None:
    """XDG on Linux, Library/Caches on macOS, LOCALAPPDATA on Windows; a relative XDG path is invalid."""
    assert cache_folder(platform, environ, HOME) == folder / "hyperv-placement"


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"'])
def test_a_record_that_is_half_written_is_no_record(tmp_path: Path, content: str) -> None:
    """A set-up that was killed while writing leaves nothing that misleads the next one."""
    record = tmp_path / "record.json"
    record.write_text(content, encoding="utf-8")
    assert read_record(record) == {}


def test_the_stamp_changes_with_the_lock_and_with_python() -> None:
    """Either makes the environment stale."""
    made = stamp(b"pulumi==1", (3, 11))
    assert made == stamp(b"pulumi==1", (3, 11))
    assert made != stamp(b"pulumi==2", (3, 11))
    assert made != stamp(b"pulumi==1", (3, 13))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an environment of its own, made without packages, and stamped."""
    project = tmp_path_factory.mktemp("project")
    lock_file(project).write_text("", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv_folder(project)], check=True)
    package = next(venv_folder(project).glob("lib/*/site-packages")) / "thing-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1\n", encoding="utf-8")
    (package / "RECORD").write_text("thing.py,,\nthing-1.dist-info/METADATA,,\n", encoding="utf-8")
    (package.parent / "thing.py").write_text("", encoding="utf-8")
    write_record(stamp_file(project), stamp(b"", sys.version_info[:2]))
    return project


def _lose_file(project: Path) -> Path:
    return next(venv_folder(project).glob("lib/*/site-packages/thing.py"))


DAMAGES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "half finished": (stamp_file, "half finished"),
    "Python gone": (venv_python, "Python is gone"),
    "package damaged": (_lose_file, "thing.py is missing"),
}


@pytest.mark.parametrize(("victim", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_environment_is_noticed(made: Path, victim: Callable[[Path], Path], reason: str) -> None:
    """Whatever is missing, the next set-up makes the environment anew and says why."""
    assert flaw(made) is None
    file = victim(made)
    away = file.rename(file.with_name("away"))
    try:
        assert reason in str(flaw(made))
    finally:
        away.rename(file)


def test_a_changed_lock_makes_the_environment_stale(made: Path) -> None:
    """After a `git pull` that changes the lock, set-up installs what it names now."""
    lock_file(made).write_text("thing==2\n", encoding="utf-8")
    try:
        assert "changed" in str(flaw(made))
    finally:
        lock_file(made).write_text("", encoding="utf-8")


def test_pip_keeps_the_users_mirror_and_installs_nowhere_else() -> None:
    """PIP_USER or PIP_TARGET would put packages beside the environment."""
    user = {
        "PIP_INDEX_URL": "https://mirror.corp.example",
        "PIP_USER": "1",
        "PIP_TARGET": "/x",
        "PYTHONPATH": "/y",
    }
    assert pip_environment(user) == {"PIP_INDEX_URL": "https://mirror.corp.example"}


def test_progress_counts_modules_and_packages_and_keeps_what_went_wrong() -> None:
    """The lines of `go install -v` become counts; compiler errors are kept for the end."""
    tally = Tally()
    tally.read("go: downloading github.com/spf13/cobra v1.10.1")
    assert str(tally) == "1 modules fetched"
    for line in (
        "internal/goarch",
        "github.com/spf13/cobra",
        "# example.org/broken",
        "x.go:3:1: undefined: y",
    ):
        tally.read(line)
    assert str(tally) == "2 packages compiled"
    assert list(tally.last) == ["# example.org/broken", "x.go:3:1: undefined: y"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s")]
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    """Seconds below a minute, minutes and seconds above."""
    assert minutes(seconds) == text

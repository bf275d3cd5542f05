"""Which Pulumi an installed product starts, and with what: the file that it would start is a program of this system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hyperv_placement.launch.engine import VARIABLE, engine_of
from tests.unit.tools.fakes import posix_only
from tools.workspace import PROJECT

pytestmark = posix_only
SHOWN = ("PULUMI_PARALLEL", "PULUMI_BACKEND_URL", "NO_PROXY", "PULUMI_CONTINUE_ON_ERROR")


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """A `pulumi` that prints its words and what of its environment is ours."""
    return _pulumi(tmp_path / "engine")


def _pulumi(folder: Path) -> Path:
    folder.mkdir()
    command = folder / "pulumi"
    command.write_text('#!/bin/sh\necho "$@"\nenv\n[ "$2 $3" != "stack --show-name" ]\n', encoding="utf-8")
    command.chmod(0o755)
    return command


def test_the_one_that_is_named_goes_first(engine: Path, tmp_path: Path) -> None:
    """Then the first on PATH that is not the project's own launcher."""
    other, launcher = _pulumi(tmp_path / "other"), _pulumi(tmp_path / "bin")
    path = os.pathsep.join(
        ["relative", str(launcher.parent), str(tmp_path / "gone"), str(other.parent), str(engine.parent)]
    )
    assert engine_of({VARIABLE: str(engine), "PATH": path}, not_ours=launcher.parent) == engine
    assert engine_of({VARIABLE: "", "PATH": path}, not_ours=launcher.parent) == other


@pytest.mark.parametrize("word", ["pulumi", "/nowhere/pulumi"])
def test_a_name_of_no_program_is_one_line(word: str, tmp_path: Path) -> None:
    """A relative path would mean another program in each folder."""
    with pytest.raises(SystemExit, match=f"{VARIABLE} is '{word}', which is no absolute path of a program"):
        engine_of({VARIABLE: word}, not_ours=tmp_path)


def test_without_one_it_says_where_pulumi_comes_from(tmp_path: Path) -> None:
    """And how to name one that lies elsewhere."""
    with pytest.raises(SystemExit, match=f"no pulumi on PATH.*winget install pulumi.*{VARIABLE}="):
        engine_of({"PATH": str(tmp_path)}, not_ours=tmp_path)


def test_one_that_others_may_change_is_not_started(engine: Path, tmp_path: Path) -> None:
    """The file, a folder above it, or what a link leads to."""
    link = tmp_path / "link"
    link.symlink_to(engine)
    for writable in (engine, engine.parent):
        writable.chmod(0o777)
        with pytest.raises(SystemExit, match=f"is not started: others may write {writable}"):
            engine_of({VARIABLE: str(link)}, not_ours=tmp_path)
        writable.chmod(0o755)
    assert engine_of({VARIABLE: str(link)}, not_ours=tmp_path) == engine


def run(project: Path, engine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher in a folder, as a project's `bin/pulumi` does."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT / "providers"), VARIABLE: str(engine)}
    command = [sys.executable, "-P", "-m", "hyperv_placement.launch", *words]
    return subprocess.run(command, cwd=project, env=environ, check=False, capture_output=True, text=True)


def test_the_launcher_starts_it_with_the_settings_of_long_runs(engine: Path, tmp_path: Path) -> None:
    """State in the project, workers enough, loopback past every proxy; one stack alone is selected by itself."""
    project = tmp_path / "project"
    (project / "stacks").mkdir(parents=True)
    (project / "Pulumi.yaml").write_text("name: site\n", encoding="utf-8")
    for name in ("site1.yaml", "Pulumi.site1.yaml"):
        (project / "stacks" / name).touch()
    answer = run(project / "stacks", engine, "stack", "ls")
    assert answer.returncode == 0, answer.stderr
    words, *variables = answer.stdout.splitlines()
    assert words == "stack ls"
    shown = dict(line.split("=", 1) for line in variables if line.startswith(SHOWN))
    assert shown == {
        "PULUMI_PARALLEL": "256",
        "PULUMI_CONTINUE_ON_ERROR": "true",
        "PULUMI_BACKEND_URL": project.as_uri(),
        "NO_PROXY": "127.0.0.1,localhost,::1",
    }


def test_outside_a_project_it_says_how_to_make_one(engine: Path, tmp_path: Path) -> None:
    """In place of Pulumi's own error: the checkout that this test runs in is the project then, so it is an installed copy that is asked."""
    copy = tmp_path / "site-packages" / "hyperv_placement"
    for room in ("launch", "system"):
        _copied(PROJECT / "providers" / "hyperv_placement" / room, copy / room)
    for name in ("__init__.py", "quoting.py", "visible.py"):
        (copy / name).write_bytes((PROJECT / "providers" / "hyperv_placement" / name).read_bytes())
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copy.parent), VARIABLE: str(engine)}
    command = [sys.executable, "-P", "-m", "hyperv_placement.launch", "up"]
    answer = subprocess.run(command, cwd=tmp_path, env=environ, check=False, capture_output=True, text=True)
    assert answer.returncode == 1
    assert (
        answer.stderr
        == "There is no Pulumi.yaml here or above. Go to a project's folder, or make one: placement init DIR\n"
    )


def _copied(folder: Path, place: Path) -> None:
    place.mkdir(parents=True)
    for file in folder.glob("*.py"):
        (place / file.name).write_bytes(file.read_bytes())

"""The files that people and the engine start, run for real in a copy of the project's skeleton."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.strangers import AS_ROOT, link_of_another, of_another
from tests.unit.tools.fakes import posix_only, pulumi
from tools.install.engine import Engine
from tools.install.environment import stamp
from tools.install.places import engine_file, lock_file, stamp_file, write_record
from tools.workspace import PROJECT

pytestmark = posix_only

LAUNCHER = Path("providers") / "hyperv_placement" / "plugin" / "pulumi-resource-pulumi-python"
_SHOW = '#!/bin/sh\necho "$0" "$@"\necho "$PYTHONPATH"\n'


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """The wrappers and what they need, in a folder with a space in its name, not set up."""
    project = tmp_path / "my project"
    for folder in ("bin", "tools"):
        shutil.copytree(PROJECT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    package = Path("providers") / "hyperv_placement"
    shutil.copytree(
        PROJECT / package / "launch",
        project / package / "launch",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("__init__.py", "visible.py"):
        shutil.copy(PROJECT / package / name, project / package / name)
    (project / LAUNCHER).parent.mkdir(parents=True)
    shutil.copy(PROJECT / LAUNCHER, project / LAUNCHER)
    for name in ("Pulumi.yaml", "requirements.txt"):
        shutil.copy(PROJECT / name, project / name)
    return project


@pytest.fixture
def project(skeleton: Path) -> Path:
    """The skeleton set up: a Python that shows how it is called, an engine that prints its variables."""
    _python(skeleton / ".venv")
    write_record(stamp_file(skeleton), stamp(lock_file(skeleton).read_bytes(), sys.version_info[:2]))
    engine = pulumi(skeleton.parent / "engine", "v3.270.0")
    engine.write_text('#!/bin/sh\necho "$@"\nenv\nexit 7\n', encoding="utf-8")
    write_record(engine_file(skeleton), engine_of(engine).record())
    return skeleton


def engine_of(command: Path) -> Engine:
    """Return an engine as set-up would choose it."""
    return Engine(pulumi=str(command), language_host=str(command.parent), version="3.270.0", origin="named")


def _python(venv: Path) -> Path:
    python = venv / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(_SHOW, encoding="utf-8")
    python.chmod(0o755)
    return python


def run(
    *command: str | Path, cwd: Path, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a wrapper with a small environment."""
    small = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin", **(environ or {})}
    return subprocess.run(command, cwd=cwd, env=small, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["pulumi", "placement", "lab"])
def test_before_set_up_one_line_says_what_to_type(skeleton: Path, name: str) -> None:
    """Nobody reads a traceback because a step was left out."""
    answer = run(skeleton / "bin" / name, "up", cwd=skeleton.parent)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [f"The project is not set up. Run: make -C {skeleton} setup"]


def test_after_a_changed_lock_one_line_says_what_to_type(project: Path) -> None:
    """A pulled change of the lock is noticed before anything runs with other versions."""
    with lock_file(project).open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    answer = run(project / "bin" / "lab", "status", cwd=project)
    assert answer.returncode == 1
    assert "make -C" in answer.stderr


@pytest.mark.parametrize(("name", "module"), [("placement", "hyperv_placement.commands"), ("lab", "lab")])
def test_a_command_runs_from_any_folder_and_through_a_link(project: Path, name: str, module: str) -> None:
    """The project's Python runs the module; words and folder are the user's."""
    link = project.parent / "link"
    link.symlink_to(project / "bin" / name)
    answer = run(link, "a b", "--json", cwd=project.parent)
    assert answer.stdout.splitlines() == [
        f"{project}/.venv/bin/python -P -m {module} a b --json",
        f"{project}/providers:{project}",
    ]


def test_the_engine_gets_words_variables_and_the_project(project: Path) -> None:
    """From elsewhere the engine is told where the project is; its exit code comes back."""
    answer = run(
        project / "bin" / "pulumi", "up", "-s", "x", cwd=project.parent, environ={"PULUMI_PARALLEL": "9"}
    )
    words, *variables = answer.stdout.splitlines()
    assert answer.returncode == 7
    assert words == f"-C {project} up -s x"
    assert {"PULUMI_PARALLEL=9", "PULUMI_CONTINUE_ON_ERROR=true"} <= set(variables)


def test_in_the_project_the_engine_finds_it_by_itself(project: Path) -> None:
    """So `--save-plan plan.json` names a file of the folder where it was typed."""
    answer = run(project / "bin" / "pulumi", "version", cwd=project / "tools")
    assert answer.stdout.splitlines()[0] == "version"


def test_an_engine_that_was_removed_is_one_clear_line(project: Path) -> None:
    """Somebody uninstalls Pulumi or empties the cache."""
    (project.parent / "engine" / "pulumi").unlink()
    answer = run(project / "bin" / "pulumi", "version", cwd=project)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        f"The Pulumi engine is gone ({project.parent}/engine/pulumi). Run: make -C {project} setup"
    ]


def test_an_engine_that_somebody_has_changed_is_not_started(project: Path) -> None:
    """Or could have changed, by its mode or its folder's."""
    engine = project.parent / "engine" / "pulumi"
    engine.chmod(0o777)
    answer = run(project / "bin" / "pulumi", "version", cwd=project)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert f"is not started: others may write {engine}" in answer.stderr
    engine.chmod(0o755)
    assert run(project / "bin" / "pulumi", "version", cwd=project).returncode == 7
    engine.write_text(engine.read_text(encoding="utf-8").replace("exit 7", "exit 8"), encoding="utf-8")
    answer = run(project / "bin" / "pulumi", "version", cwd=project)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.splitlines() == [
        f"{engine} has changed since set-up chose it, and is not started. Run: make -C {project} setup"
    ]


def test_an_engine_that_an_earlier_set_up_chose_is_looked_at_by_owner_and_mode(project: Path) -> None:
    """It has left no hash."""
    engine = project.parent / "engine" / "pulumi"
    write_record(engine_file(project), {"pulumi": str(engine), "language_host": str(engine.parent)})
    assert run(project / "bin" / "pulumi", "version", cwd=project).returncode == 7
    engine.parent.chmod(0o777)
    assert "others may write" in run(project / "bin" / "pulumi", "version", cwd=project).stderr


def test_what_the_engine_keeps_is_closed_to_others(project: Path) -> None:
    """Files that it makes, by the umask; a folder that was open before is closed, and that is said once."""
    engine = project.parent / "engine" / "pulumi"
    engine.write_text("#!/bin/sh\numask\n", encoding="utf-8")
    write_record(engine_file(project), engine_of(engine).record())
    state = project / ".pulumi"
    state.mkdir(mode=0o755)
    state.chmod(0o755)
    answer = run(project / "bin" / "pulumi", "version", cwd=project)
    assert answer.stdout.strip() == "0077"
    assert answer.stderr == f"{state} was open to other users and is closed now: it tells of the estate\n"
    assert state.stat().st_mode & 0o777 == 0o700
    assert run(project / "bin" / "pulumi", "version", cwd=project).stderr == ""


@pytest.mark.parametrize("wrapper", ["pulumi", "placement"])
def test_what_an_earlier_version_left_open_by_a_umask_of_002_is_closed(project: Path, wrapper: str) -> None:
    """Before it is looked at: folders of the audit log and of identities into which others may write would stop all."""
    state = project / ".pulumi"
    folders = [state, state / "audit", state / "identities"]
    for each in folders:
        each.mkdir()
        each.chmod(0o775)
    elsewhere = project / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    elsewhere.chmod(0o755)
    (state / "link").symlink_to(elsewhere)
    answer = run(project / "bin" / wrapper, "version", cwd=project)
    assert answer.stderr == f"{state} was open to other users and is closed now: it tells of the estate\n"
    assert [each.stat().st_mode & 0o777 for each in folders] == [0o700] * 3
    assert elsewhere.stat().st_mode & 0o777 == 0o755
    assert run(project / "bin" / wrapper, "version", cwd=project).stderr == ""


@AS_ROOT
def test_nothing_is_closed_beyond_a_link_of_another_user(project: Path) -> None:
    """He would choose which of our folders that is."""
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    link_of_another(project / ".pulumi", elsewhere)
    assert run(project / "bin" / "placement", "version", cwd=project).stderr == ""
    assert elsewhere.stat().st_mode & 0o777 == 0o755


def test_the_engine_is_started_from_a_folder_that_has_gone(project: Path, tmp_path: Path) -> None:
    """It is given the project's folder, as from anywhere else."""
    gone = tmp_path / "gone"
    gone.mkdir()
    command = 'cd "$1" && rmdir "$1" && exec "$2" version'
    answer = run(
        Path("/bin/sh"), "-c", command, "sh", str(gone), str(project / "bin" / "pulumi"), cwd=project
    )
    assert answer.returncode == 7, answer.stderr
    assert answer.stdout.startswith(f"-C {project} version\n")


@AS_ROOT
def test_state_in_a_folder_of_another_user_is_not_used(project: Path) -> None:
    """Nor beyond a link that he has made, nor one that leads nowhere."""
    state = project / ".pulumi"
    link_of_another(state, project / "bin")
    answer = run(project / "bin" / "pulumi", "version", cwd=project)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "belongs to another user" in answer.stderr
    state.unlink()
    state.symlink_to(project / "nowhere")
    assert "leads nowhere" in run(project / "bin" / "pulumi", "version", cwd=project).stderr
    state.unlink()
    state.mkdir()
    of_another(state)
    assert "belongs to another user" in run(project / "bin" / "pulumi", "version", cwd=project).stderr


def test_the_plugin_runs_in_the_projects_python(project: Path) -> None:
    """The engine starts the launcher with its address as the last word."""
    answer = run(
        project / LAUNCHER, "127.0.0.1:4711", cwd=project.parent, environ={"PYTHONPATH": "/elsewhere"}
    )
    assert answer.stdout.splitlines() == [
        f"{project}/.venv/bin/python -u -P -m hyperv_placement.plugin 127.0.0.1:4711",
        f"{project}/providers:/elsewhere",
    ]


@pytest.mark.parametrize("variable", ["PULUMI_RUNTIME_VIRTUALENV", "VIRTUAL_ENV", "PULUMI_PYTHON_CMD"])
def test_without_our_environment_the_plugin_runs_in_the_users(skeleton: Path, variable: str) -> None:
    """Users of plain `pulumi` may keep their environment elsewhere."""
    python = _python(skeleton / "own")
    value = {"PULUMI_RUNTIME_VIRTUALENV": "own", "VIRTUAL_ENV": str(skeleton / "own")}.get(
        variable, str(python)
    )
    answer = run(skeleton / LAUNCHER, "127.0.0.1:4711", cwd=skeleton, environ={variable: value})
    assert answer.stdout.splitlines()[0] == f"{python} -u -P -m hyperv_placement.plugin 127.0.0.1:4711"


def test_each_wrapper_has_a_twin_for_windows() -> None:
    """Windows starts .cmd files; git keeps their line ends."""
    for file in (*(PROJECT / "bin" / name for name in ("pulumi", "placement", "lab")), PROJECT / LAUNCHER):
        assert os.access(file, os.X_OK)
        twin = file.with_name(f"{file.name}.cmd")
        assert b"\r\n" in twin.read_bytes()


def test_an_old_python_is_told_so(skeleton: Path) -> None:
    """The first thing that set-up reads is the version, in words that any Python 3 parses."""
    text = (skeleton / "tools" / "setup.py").read_text(encoding="utf-8")
    (skeleton / "tools" / "setup.py").write_text(text.replace("(3, 11)", "(9, 99)"), encoding="utf-8")
    answer = run(sys.executable, skeleton / "tools" / "setup.py", cwd=skeleton)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Python 9.99 or newer is needed; this is 3.")
    assert len(answer.stderr.splitlines()) == 1

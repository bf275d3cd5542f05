"""What the wrappers hand to the engine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hyperv_placement.launch.settings import DEFAULTS, direct, own_backend, settings
from hyperv_placement.launch.start import inside
from hyperv_placement.launch.words import (
    for_import,
    names_folder,
    needs_stack,
    shows_debug,
    without_ticket,
    word_after,
)
from hyperv_placement.workspace.engine import run_of
from tools.launch.start import python_environment

PROGRAMS = (Path("/p/.venv/bin"), Path("/engine"))


def given(environ: dict[str, str], *, own: bool = True, **how: bool) -> dict[str, str]:
    """Return the engine's environment for a user's."""
    return settings(environ, project=Path("/p"), programs=PROGRAMS, own=own, **{"terminal": False, **how})


def test_what_is_unset_gets_our_default() -> None:
    """A newcomer sets nothing, and has a backend, a passphrase and enough workers."""
    environ = given({"PATH": "/usr/bin"})
    assert environ["PULUMI_BACKEND_URL"] == "file:///p"
    assert environ["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert environ["PULUMI_PARALLEL"] == "256"
    assert environ["PULUMI_CONTINUE_ON_ERROR"] == "true"
    assert environ["PATH"] == os.pathsep.join(["/p/.venv/bin", "/engine", "/usr/bin"])
    assert "PLACEMENT_TERMINAL" not in environ


def test_a_run_that_shows_debug_messages_has_our_log() -> None:
    """Program and plugin cannot see the engine's flags; who has set PLACEMENT_LOG keeps that."""
    assert given({}, debug=True)["PLACEMENT_LOG"] == "debug"
    assert given({"PLACEMENT_LOG": "wire:w"}, debug=True)["PLACEMENT_LOG"] == "wire:w"
    assert "PLACEMENT_LOG" not in given({})


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        ("up --debug", True), ("up -d", True), ("-v=9 --logtostderr up", True), ("-v 3 up", True), ("-v9 up", True), ("-v2 up", False),
        ("up --verbose=11", True), ("up -v=2", False), ("up --diff", False), ("config set x -- -d", False), ("up", False),
    ],
)  # fmt: skip
def test_which_words_show_debug_messages(words: str, shows: bool) -> None:
    """`--debug` on the screen, `-v=3` and more in the engine's own log."""
    assert shows_debug(words.split()) is shows


@pytest.mark.parametrize(
    ("words", "stack"),
    [
        ("preview -s prod", "prod"), ("up --stack=prod --yes", "prod"), ("up -sprod", "prod"), ("-s=o/p/prod up", "o/p/prod"),
        ("up", ""), ("up -- -s prod", ""), ("up --suppress-outputs", ""),
    ],
)  # fmt: skip
def test_which_stack_the_words_name(words: str, stack: str) -> None:
    """In each way in which the engine takes it."""
    assert word_after(words.split(), "-s", "--stack") == stack


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ("import TYPE WEB01 GUID --yes", "import --generate-code=false --protect=false TYPE WEB01 GUID --yes"),
        ("-C x import --protect TYPE WEB01 GUID", "-C x import --generate-code=false --protect TYPE WEB01 GUID"),
        ("import --generate-code=true --protect=true", "import --generate-code=true --protect=true"),
        ("import --help", "import --help"), ("up", "up"), ("preview --import-file import", "preview --import-file import"),
    ],
)  # fmt: skip
def test_an_import_makes_no_code_and_protects_nothing(words: str, becomes: str) -> None:
    """Unless somebody asks for it: the stack file is the program, and a protected machine stops `destroy`."""
    assert for_import(words.split()) == becomes.split()


def test_what_is_set_stays() -> None:
    """A user's own choice wins, an empty one included."""
    user = {**dict.fromkeys(DEFAULTS, "mine"), "PULUMI_CONFIG_PASSPHRASE": "secret", "HOME": "/home/operator"}
    environ = given(user)
    assert {name: environ[name] for name in user} == user
    assert given({"PULUMI_PARALLEL": ""})["PULUMI_PARALLEL"] == ""


def test_a_passphrase_file_stands_for_a_passphrase() -> None:
    """An empty passphrase beside it would win over the file."""
    assert "PULUMI_CONFIG_PASSPHRASE" not in given({"PULUMI_CONFIG_PASSPHRASE_FILE": "/secret"})


def test_a_backend_of_the_users_gets_no_empty_passphrase() -> None:
    """Secrets in a shared backend must not be encrypted with nothing."""
    environ = given({"PULUMI_BACKEND_URL": "s3://states"}, own=False)
    assert environ["PULUMI_BACKEND_URL"] == "s3://states"
    assert "PULUMI_CONFIG_PASSPHRASE" not in environ


@pytest.mark.parametrize(
    ("environ", "project_file", "own"),
    [
        ({}, "name: x\n", True),
        ({"PULUMI_BACKEND_URL": "s3://states"}, "name: x\n", False),
        ({"PULUMI_BACKEND_URL": ""}, "name: x\n", True),
        ({}, "name: x\nbackend:\n  url: s3://states\n", False),
        ({}, "name: x\nconfig:\n  backend: y\n", True),
    ],
)
def test_a_backend_counts_as_chosen_in_the_environment_or_in_the_project_file(
    environ: dict[str, str], project_file: str, own: bool
) -> None:
    """Pulumi reads both, and so the wrapper respects both."""
    assert own_backend(environ, project_file) is own


def test_each_run_has_a_number_that_nobody_can_guess() -> None:
    """Whatever the environment had: an outer run's is not ours."""
    numbers = {given({"PLACEMENT_RUN": "0" * 32})["PLACEMENT_RUN"] for _ in range(3)}
    assert len(numbers) == 3
    assert all(run_of({"PLACEMENT_RUN": number}) == number != "0" * 32 for number in numbers)


def test_progress_is_throttled_unless_it_goes_to_a_terminal() -> None:
    """The plugin cannot see the terminal: the wrapper tells it."""
    assert given({}, terminal=True)["PLACEMENT_TERMINAL"] == "1"
    assert given({"PLACEMENT_TERMINAL": "0"}, terminal=True)["PLACEMENT_TERMINAL"] == "0"


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ((None, None), "127.0.0.1,localhost,::1"),
        (("corp.example", None), "corp.example,127.0.0.1,localhost,::1"),
        (("", "a, b"), "a,b,127.0.0.1,localhost,::1"),
        (("a,localhost", "b"), "a,localhost,b,127.0.0.1,::1"),
        (("*", None), "*"),
    ],
)
def test_loopback_is_never_dialled_through_a_proxy(
    lists: tuple[str | None, str | None], expected: str
) -> None:
    """Engine, program and plugin talk over loopback whatever HTTP_PROXY says; the user's own list is kept."""
    assert direct(*lists) == expected


def test_both_spellings_of_no_proxy_say_the_same() -> None:
    """Go and requests read one or the other, gRPC the small one alone."""
    environ = given({"NO_PROXY": "corp.example"})
    assert environ["no_proxy"] == environ["NO_PROXY"] == "corp.example,127.0.0.1,localhost,::1"


@pytest.mark.parametrize(
    "words",
    [
        "up --yes", "preview", "pre --json", "-C dir up", "--color never up", "-v 9 refresh", "destroy", "stack", "stack output hosts",
        "config set placement:x 1", "import -f file.json", "cancel --yes", "--logtostderr -v=9 up", "stack --show-urns",
        "config set x -- -s",
    ],
)  # fmt: skip
def test_commands_that_work_on_a_stack_get_one(words: str) -> None:
    """A newcomer types `bin/pulumi up` and has the stack `lab`."""
    assert needs_stack(words.split())


@pytest.mark.parametrize(
    "words",
    [
        "", "version", "help up", "up --help", "login", "plugin ls", "stack ls", "stack init big", "stack select prod", "about",
        "stack rm lab", "up -s prod", "up --stack prod", "up --stack=prod", "up -sprod", "--stack prod up", "new", "whoami",
        "--color up version",
    ],
)  # fmt: skip
def test_commands_that_name_a_stack_or_need_none_select_none(words: str) -> None:
    """Nothing is created behind the back of somebody who asks for something else."""
    assert not needs_stack(words.split())


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("up", False),
        ("-C dir up", True),
        ("up --cwd=dir", True),
        ("--cwd dir up", True),
        ("--color always up", False),
    ],
)
def test_a_folder_that_the_user_names_is_taken(words: str, named: bool) -> None:
    """The wrapper adds its own -C only where there is none."""
    assert names_folder(words.split()) is named


def test_inside_the_project_files_are_named_from_where_one_stands(tmp_path: Path) -> None:
    """Below the project, and only there, Pulumi finds it by itself; another project within is another project."""
    project, other = tmp_path / "project", tmp_path / "project" / "other"
    (other / "deep").mkdir(parents=True)
    (project / "stacks").mkdir()
    (project / "Pulumi.yaml").write_text("name: x\n", encoding="utf-8")
    assert inside(project, project)
    assert inside(project / "stacks", project)
    assert inside(other / "deep", project)
    assert not inside(tmp_path, project)
    (other / "Pulumi.yaml").write_text("name: y\n", encoding="utf-8")
    assert not inside(other / "deep", project)


def test_the_project_comes_first_among_the_places_to_import_from() -> None:
    """A user's PYTHONPATH stays, behind ours."""
    assert python_environment(Path("/p"), {})["PYTHONPATH"] == os.pathsep.join(["/p/providers", "/p"])
    assert python_environment(Path("/p"), {"PYTHONPATH": "/q"})["PYTHONPATH"] == os.pathsep.join(
        ["/p/providers", "/p", "/q"]
    )


@pytest.mark.parametrize(
    ("words", "left", "ticket"),
    [
        ("up --yes", "up --yes", None),
        ("up --ticket CHG1 --yes", "up --yes", "CHG1"),
        ("--ticket=CHG1 up", "up", "CHG1"),
        ("up --ticket", "up", ""),
        ("config set x -- --ticket CHG1", "config set x -- --ticket CHG1", None),
    ],
)
def test_the_ticket_is_ours_and_the_engine_does_not_see_it(words: str, left: str, ticket: str | None) -> None:
    """An empty one is an error of the wrapper, any other that is none one of the program."""
    assert without_ticket(words.split()) == (left.split(), ticket)

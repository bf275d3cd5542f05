"""The verbs of `bin/placement`: a module each, of which only the one that was typed is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from hyperv_placement import __version__, commands
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.cli import VERBS, module_of

from .paper import PROJECT, on_paper, placement, story

FOLDER = Path(commands.__file__).parent
NO_VERBS = {
    "__init__",
    "__main__",
    "answers",
    "arguments",
    "audit_notes",
    "cli",
    "edited",
    "exit_codes",
    "holds_shown",
    "output",
    "recovery_shown",
    "sheet_shown",
}
LOADED = """
import sys
from hyperv_placement.commands.cli import main
code = main(sys.argv[1:])
sys.stderr.write(" ".join(sys.modules))
sys.exit(code)
"""


def test_each_verb_is_a_module_and_each_module_a_verb() -> None:
    """With its words and its work; what several need has a name of its own."""
    modules = {path.stem for path in FOLDER.glob("*.py")} - NO_VERBS
    assert {module_of(verb) for verb in VERBS} == modules
    for name in modules:
        module = import_module(f"hyperv_placement.commands.{name}")
        assert callable(module.run)
        assert callable(import_module(f"hyperv_placement.commands.words.{name}").add_to)


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("explain", "401"), ("explain", "--json")])
def test_what_asks_no_host_loads_nothing_that_dials_one(words: tuple[str, ...]) -> None:
    """Nor Pulumi, nor the planner, nor the other verbs: whoever looks a code up does not wait for them."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOADED, *words], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "providers")},
    )  # fmt: skip
    assert done.returncode == 0
    loaded = set(done.stderr.split())
    assert "hyperv_placement.commands.cli" in loaded
    rooms = {name.split(".")[1] for name in loaded if name.startswith("hyperv_placement.")}
    assert rooms.isdisjoint({"hyperv", "winrm", "directory", "migration", "planning", "stackfile"})
    operations = {name for name in loaded if name.startswith("hyperv_placement.operations.")}
    assert operations == {"hyperv_placement.operations.logging_setup"}
    assert loaded.isdisjoint({"pulumi", "grpc", "requests", "spnego", "psutil", "lxml", "jsonschema"})
    verbs = {verb for verb in VERBS if f"hyperv_placement.commands.{module_of(verb)}" in loaded}
    assert verbs == {word for word in words if word in VERBS}


def test_the_version_is_that_of_the_package() -> None:
    """One line, and no verb is needed for it."""
    done = placement(0, "--version")
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"placement {__version__}\n", b"")


@pytest.mark.parametrize("verb", VERBS)
def test_help_loads_the_words_of_its_verb_and_little_else(verb: str) -> None:
    """Modules are counted, not seconds: 156 for most, over 500 where a verb was loaded with all that it does."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOADED, verb, "--help"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "providers")},
    )  # fmt: skip
    assert done.returncode == 0
    loaded = set(done.stderr.split())
    words = {name for name in loaded if name.startswith("hyperv_placement.commands.words.")}
    assert f"hyperv_placement.commands.words.{module_of(verb)}" in words
    assert f"hyperv_placement.commands.{module_of(verb)}" not in loaded
    assert len([name for name in loaded if name.startswith("hyperv_placement.")]) <= 48
    assert len(loaded) <= 190


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_what_a_command_writes_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask of who typed it: an inventory, a review and a page tell of the estate."""
    before = os.umask(0o022)
    try:
        done = placement(
            0, "review", *on_paper(story("basic/in-place"), tmp_path), "--output", str(tmp_path / "out.md")
        )
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.md").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("infeasible", "complete", "code"),
    [(True, True, 3), (True, False, 3), (False, False, 1), (False, True, 0)],
)
def test_a_plan_that_must_not_run_is_graver_than_one_that_leaves_something_out(
    infeasible: bool, complete: bool, code: int
) -> None:
    """3 before 1, as the page says."""
    assert exit_codes.of_plan(infeasible=infeasible, complete=complete) == code


@pytest.mark.parametrize(
    ("wrong", "silent", "code"), [(True, True, 2), (True, False, 2), (False, True, 4), (False, False, 0)]
)
def test_what_is_wrong_is_graver_than_who_is_silent(wrong: bool, silent: bool, code: int) -> None:
    """2 before 4, as the page says."""
    assert exit_codes.of_look(wrong=wrong, silent=silent) == code

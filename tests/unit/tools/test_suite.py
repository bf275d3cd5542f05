"""The tests' own runner: what fails in one process fails the whole, and who ends it ends both."""

from __future__ import annotations

import importlib.util
import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tools.suite import JOBS, SAMPLED, SEED, SHORT_TO_LONG, TESTS, chosen, compile_once, run
from tools.workspace import Workspace

PATIENT = "import sys, time, signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit('cleared up')); print('begun', flush=True); time.sleep(60)"
RUNNER = f"""
import signal, sys
from tools.suite import run
signal.signal(signal.SIGTERM, signal.default_int_handler)
print(run(dict.fromkeys("ab", (sys.executable, "-c", {PATIENT!r})), sys.stdout, at_once=2), flush=True)
"""


def said(code: str) -> tuple[str, str, str]:
    """Return a command that runs a line of Python."""
    return sys.executable, "-c", code


def test_both_are_shown_and_the_failing_one_counts() -> None:
    """Each line with its part's name, the last of each once more at the end."""
    shown = io.StringIO()
    codes = run(
        {"one": said("print('1 passed')"), "two": said("import sys; sys.exit('1 failed')")}, shown, at_once=2
    )
    assert codes == {"one": 0, "two": 1}
    lines = shown.getvalue().splitlines()
    assert sorted(lines[:2]) == ["one | 1 passed", "two | 1 failed"]
    assert lines[2:] == ["one: 1 passed", "two: 1 failed"]


def test_told_to_end_it_lets_both_clear_up() -> None:
    """SIGTERM reaches each once, and their endings are waited for."""
    process = subprocess.Popen(said(RUNNER), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    begun = [process.stdout.readline() for _ in "ab"]
    assert sorted(begun) == ["a | begun\n", "b | begun\n"]
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=30)[0]
    assert rest.splitlines()[-1] == "{'a': 1, 'b': 1}"
    assert rest.count("cleared up") == 4


def test_no_test_is_left_out_and_none_run_twice() -> None:
    """Each file of tests is, or lies in, just one of what the parts name."""
    named = [path for paths in JOBS.values() for path in paths]
    files = sorted(TESTS.rglob("test_*.py"))
    assert len(files) > 100
    for file in files:
        assert len([path for path in named if path == file or path in file.parents]) == 1, file


def test_the_order_names_whole_runs_that_there_are() -> None:
    """The longest is begun first, at the end from which most are taken."""
    assert {f"e2e/{name}" for name in SHORT_TO_LONG} <= set(JOBS)
    assert list(JOBS)[-1] == f"e2e/{SHORT_TO_LONG[-1]}"


def test_of_the_long_runs_a_sample_is_run_or_all() -> None:
    """The same sample each time."""
    assert {chosen(job, []) for job in SAMPLED} == {("--sample", "1", "--sample-seed", str(SEED))}
    assert chosen("unit", []) == ()
    assert {chosen(job, ["--all"]) for job in JOBS} == {("--all",)}


def test_one_goes_from_the_first_on_and_the_others_from_the_last() -> None:
    """No more at once than are wanted: of four jobs the one that would wait for ever for another has it beside it."""
    shown = io.StringIO()
    assert run({name: said(f"print('{name}')") for name in "abcd"}, shown, at_once=1) == dict.fromkeys(
        "abcd", 0
    )
    assert shown.getvalue().splitlines()[:4] == [f"{name} | {name}" for name in "abcd"]
    meeting = "import os, sys, pathlib, time; p = pathlib.Path(sys.argv[1]); (p / sys.argv[2]).touch()\n"
    waits = meeting + "while not (p / sys.argv[3]).exists(): time.sleep(0.05)"
    with tempfile.TemporaryDirectory() as folder:
        first, last = ((sys.executable, "-c", waits, folder, *names) for names in (("a", "d"), ("d", "a")))
        after = said("print('after')")
        codes = run({"a": first, "b": after, "c": after, "d": last}, shown, at_once=2)
    assert codes == dict.fromkeys("abcd", 0)


@pytest.mark.parametrize(("options", "long"), [((), 0), (("--sample", "2"), 2), (("--all",), 3)])
def test_what_is_marked_as_long_is_left_out_but_a_sample(
    tmp_path: Path, options: tuple[str, ...], long: int
) -> None:
    """By the tests' own conftest, in another process."""
    (tmp_path / "conftest.py").write_bytes((TESTS / "conftest.py").read_bytes())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = all: long\n", encoding="utf-8")
    (tmp_path / "test_long.py").write_text(
        "import pytest\n\n@pytest.mark.all\n@pytest.mark.parametrize('n', range(3))\ndef test_long(n): pass\n\ndef test_short(): pass\n",
        encoding="utf-8",
    )
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    reported = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert f"{1 + long} passed" in reported, reported


def test_a_copy_of_the_project_takes_compiled_modules_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are valid there: Python compares time and size of the source, which are those of the original."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    compile_once()
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    folder = Workspace(tmp_path / "copy").folder
    sources = [path for name in ("providers", "lab", "tools") for path in (folder / name).rglob("*.py")]
    assert len(sources) > 100
    for source in sources:
        compiled = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        seen = [int.from_bytes(compiled[at : at + 4], "little") for at in (8, 12)]
        assert seen == [int(source.stat().st_mtime), source.stat().st_size], source

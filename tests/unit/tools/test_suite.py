"""The tests' own runner: what fails in one process fails the whole, and who ends it ends both."""

from __future__ import annotations

import io
import signal
import subprocess
import sys

from tools.suite import PARTS, TESTS, run

PATIENT = "import sys, time, signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit('cleared up')); print('begun', flush=True); time.sleep(60)"
RUNNER = f"""
import signal, sys
from tools.suite import run
signal.signal(signal.SIGTERM, signal.default_int_handler)
print(run(dict.fromkeys("ab", (sys.executable, "-c", {PATIENT!r})), sys.stdout), flush=True)
"""


def said(code: str) -> tuple[str, str, str]:
    """Return a command that runs a line of Python."""
    return sys.executable, "-c", code


def test_both_are_shown_and_the_failing_one_counts() -> None:
    """Each line with its part's name, the last of each once more at the end."""
    shown = io.StringIO()
    codes = run({"one": said("print('1 passed')"), "two": said("import sys; sys.exit('1 failed')")}, shown)
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
    named = [path for paths in PARTS.values() for path in paths]
    files = sorted(TESTS.rglob("test_*.py"))
    assert len(files) > 100
    for file in files:
        assert len([path for path in named if path == file or path in file.parents]) == 1, file

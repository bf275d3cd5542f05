"""A command below the wrapper, as whoever started the wrapper sees it: signals, exit codes and the order of lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

WRAPPER = """
import os, signal, sys
from hyperv_placement.launch.sifted import sifted
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and what it starts does
sifted([sys.executable, '-uc', sys.argv[1]], os.environ)
"""
COUNTS = """
import os, signal, sys
for name in ("SIGINT", "SIGTERM"):
    signal.signal(getattr(signal, name), lambda number, frame, name=name: print("heard", name))
print("pid", os.getpid())
for line in sys.stdin:
    print("read", line.strip())
print("ends"); sys.exit(7)
"""


@contextmanager
def wrapped(program: str, *, errors: int = subprocess.STDOUT) -> Iterator[subprocess.Popen[str]]:
    """Start a Python program below the wrapper, in a session of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRAPPER, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        start_new_session=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the next line that comes out."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_exit_code_and_lines_are_the_commands() -> None:
    """Errors among the lines where both go one way, in their order, the last without its end."""
    program = "import sys; print('out'); print('err', file=sys.stderr); print('again'); sys.stdout.write('torn'); sys.exit(7)"
    with wrapped(program) as process:
        assert process.communicate(timeout=30)[0] == "out\nerr\nagain\ntorn\n"
        assert process.returncode == 7
    with wrapped(program, errors=subprocess.PIPE) as process:
        assert process.communicate(timeout=30) == ("out\nagain\ntorn\n", "err\n")


def test_a_command_that_a_signal_ends_ends_the_wrapper_so() -> None:
    """Whoever waits for it learns how it ended."""
    with wrapped("import os, signal; os.kill(os.getpid(), signal.SIGKILL)") as process:
        process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("how", ["process", "group"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_is_heard_once(name: str, how: str) -> None:
    """A second Ctrl-C means more than the first: it must not come of one, whoever it was sent to."""
    with wrapped(COUNTS) as process:
        assert first_line(process).startswith("pid ")
        (os.kill if how == "process" else os.killpg)(process.pid, getattr(signal, name))
        assert first_line(process) == f"heard {name}"
        assert process.communicate("x\n", timeout=30)[0] == "read x\nends\n"
        assert process.returncode == 7


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere its next line finds nobody")
def test_a_command_does_not_outlive_a_wrapper_that_is_killed() -> None:
    """As where it takes the wrapper's place: who kills what he started has killed it."""
    with wrapped(COUNTS) as process:
        command = psutil.Process(int(first_line(process).removeprefix("pid ")))
        process.kill()
        _, alive = psutil.wait_procs([command], timeout=10)
        assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def test_a_question_is_shown_before_its_line_ends() -> None:
    """Somebody may have to answer it."""
    program = "import sys; sys.stdout.write('Passphrase? '); sys.stdout.flush(); print(input())"
    with wrapped(program) as process:
        assert process.stdout is not None
        assert process.stdout.read(len("Passphrase? ")) == "Passphrase? "
        assert process.communicate("secret\n", timeout=30)[0] == "secret\n"


def test_a_reader_that_goes_ends_the_command_as_without_a_wrapper() -> None:
    """It finds its output closed."""
    with wrapped("while True: print('x' * 1000)") as process:
        assert first_line(process)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) != 0
        process.stdout = None

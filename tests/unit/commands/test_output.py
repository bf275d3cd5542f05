"""What a command prints while it goes on: at once, over what it printed last, and no longer than anybody reads."""

from __future__ import annotations

import os
import subprocess
import sys

from .paper import PROJECT

WATCH = """
import sys
from hyperv_placement.commands.output import deliver, delivered

def watched():
    sys.stdout.write("first ")
    reads = deliver("a \\u202e\\nb\\n")
    again = deliver("c\\n", over="a \\u202e\\nb\\n")
    sys.stderr.write(f"{reads} {again}")
    return 3

sys.exit(delivered(watched))
"""


def ran(output: int) -> subprocess.CompletedProcess[bytes]:
    """Run it with an output."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(PROJECT / "providers"),
        "COLUMNS": "80",
        "PYTHONIOENCODING": "utf-8",
    }
    environ.pop("CI", None)
    return subprocess.run(
        [sys.executable, "-P", "-c", WATCH], stdout=output, stderr=subprocess.PIPE, env=environ, check=False, timeout=60
    )  # fmt: skip


def test_what_is_watched_is_drawn_over_itself() -> None:
    """Up by the rows of what was there, and clear; names of hosts steer no terminal all the same."""
    done = ran(subprocess.PIPE)
    assert done.stdout == b"first a \\u202e\nb\n\x1b[2F\x1b[Jc\n"
    assert (done.returncode, done.stderr) == (3, b"True True")


def test_a_reader_that_has_gone_ends_the_watching() -> None:
    """As `head` does: it has what it wanted."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = ran(writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr.split()[0]) == (3, b"False")

"""All tests, in three processes at once: whole runs in two, which wait for hosts and engine half of their time, beside everything else."""

from __future__ import annotations

import compileall
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[1]
TESTS = PROJECT / "tests"
RUNS = TESTS / "e2e"
BESIDE = tuple(
    RUNS / f"test_{name}.py" for name in ("delegation", "delegation_resource", "hostile_names", "policy")
)
"""Whole runs that go with everything else: those with a directory, of which one process has one, and some, so that all take about as long."""
_WHOLE = [path for path in sorted(RUNS.glob("test_*.py")) if path not in BESIDE]
PARTS: Mapping[str, Sequence[Path]] = {
    "runs": _WHOLE[::2],
    "more": _WHOLE[1::2],
    "rest": [*BESIDE, *(path.parent for path in sorted(TESTS.glob("*/__init__.py")) if path.parent != RUNS)],
}
"""Name -> files and folders. Three, one more than the slowest machine has cores that they must pass on."""
SAMPLE = 2
"""How many of the long whole runs (marker `all`) `make test` runs: about half a minute."""
SEED = 3
"""Which ones: the same in every run. `make test-all` runs all of them."""
_ENDED = 130


def main() -> int:
    """Run all parts, with `--all` the long whole runs as well; return 0 where each has passed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    compile_once()
    pytest = (sys.executable, "-m", "pytest")
    codes = run(
        {name: (*pytest, *chosen(name, sys.argv[1:]), *map(str, paths)) for name, paths in PARTS.items()},
        sys.stdout,
    )
    return max(codes.values(), key=abs)


def compile_once() -> None:
    """Compile what tests start in hundreds of processes, whatever the environment says: a start without costs twice as much.

    Copies of the project take it with them (tools/workspace.py).
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as images of containers set it
    for folder in ("providers", "lab", "tools"):
        compileall.compile_dir(PROJECT / folder, quiet=1)


def chosen(part: str, words: Sequence[str]) -> Sequence[str]:
    """Return pytest's options that say which of the long whole runs a part runs."""
    if "--all" in words:
        return ("--all",)
    return ("--sample", str(SAMPLE), "--sample-seed", str(SEED)) if part == "runs" else ()


def run(parts: Mapping[str, Sequence[str]], output: IO[str]) -> dict[str, int]:
    """Run commands at once, their lines as they come with the part's name before; return the exit codes.

    Told to end, it ends them and waits until they have: what they have started, they stop.
    """
    running = {name: _start(command) for name, command in parts.items()}
    turn, last = threading.Lock(), dict.fromkeys(parts, "")

    def show(name: str, lines: IO[str]) -> None:
        for line in lines:
            with turn:
                output.write(f"{name} | {line}")
                output.flush()
                last[name] = line.strip() or last[name]

    readers = [
        threading.Thread(target=show, args=(name, process.stdout)) for name, process in running.items()
    ]
    for reader in readers:
        reader.start()
    try:
        codes = {name: process.wait() for name, process in running.items()}
    except KeyboardInterrupt:
        for process in running.values():
            process.terminate()
        codes = {name: process.wait() or _ENDED for name, process in running.items()}
    for reader in readers:
        reader.join()
    output.write("".join(f"{name}: {line}\n" for name, line in last.items()))
    return codes


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a command that hears of Ctrl-C from us alone, once: a second would break its clearing up off."""
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

"""All tests, in processes of which three run at once: each whole run in one of its own, which waits for hosts and engine, beside everything else."""

from __future__ import annotations

import compileall
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import IO

PROJECT = Path(__file__).resolve().parents[1]
TESTS = PROJECT / "tests"
RUNS = TESTS / "e2e"
OF_THE_DIRECTORY = ("delegation", "delegation_resource")
"""Whole runs with a directory: it is started for them and for its own room by one process."""
SHORT_TO_LONG = (
    "patching", "policy", "torn_files", "builds", "strangers", "audit", "hostile_names", "conventions", "parked", "guard", "holds",
    "file_names", "way_home", "discover", "runs_in_a_row", "drift", "demo", "recover", "tutorial", "state", "identity",
    "ends_of_runs", "partial", "reached", "endings", "order", "pipelines", "whole_runs", "chaos",
)  # fmt: skip
"""Whole runs in the order of the time that they take, as measured: half a minute to five. One that is not named is short."""


LONG_ROOMS = {"fabric": 2, "unit": 3}
"""Rooms of ten minutes and more, and into how many jobs each is split: a long job that is begun last would keep one core alone."""


def _jobs() -> dict[str, Sequence[Path]]:
    runs = {path.stem.removeprefix("test_"): path for path in sorted(RUNS.glob("test_*.py"))}
    directory = [runs.pop(name) for name in OF_THE_DIRECTORY]
    rooms = {
        path.parent.name: path.parent for path in sorted(TESTS.glob("*/__init__.py")) if path.parent != RUNS
    }
    long = {
        f"{name}/{part + 1}": files[part::parts]
        for name, parts in LONG_ROOMS.items()
        for files in [sorted(rooms.pop(name).rglob("test_*.py"))]
        for part in range(parts)
    }
    ordered = sorted(runs, key=lambda name: SHORT_TO_LONG.index(name) if name in SHORT_TO_LONG else -1)
    return {
        **long,
        "directory": [*directory, rooms.pop("directory")],
        "others": [*rooms.values()],
        **{f"e2e/{name}": [runs[name]] for name in ordered},
    }


JOBS: Mapping[str, Sequence[Path]] = _jobs()
"""Name -> files and folders of one pytest: rooms, then whole runs, the longest last."""
AT_ONCE = 3
"""One more than the slowest machine has cores that they must pass on: a whole run waits for hosts and engine."""
SAMPLED = ("e2e/audit", "e2e/file_names")
"""Whole runs of which `make test` runs a long one (marker `all`) as well, half a minute each. `make test-all` runs all of them."""
SEED = 3
"""Which one: the same in every run."""
_ENDED, _NOTHING_CHOSEN = 130, 5


def main() -> int:
    """Run all jobs, with `--all` the long whole runs as well; return 0 where each has passed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    compile_once()
    pytest = (sys.executable, "-m", "pytest", "-q", "--no-header")
    words = sys.argv[1:]
    codes = run(
        {name: (*pytest, *chosen(name, words), *map(str, paths)) for name, paths in JOBS.items()},
        sys.stdout,
        at_once=AT_ONCE,
    )
    if "--all" not in words:
        codes = {
            name: 0 if code == _NOTHING_CHOSEN else code for name, code in codes.items()
        }  # all of it is long
    return max(codes.values(), key=abs)


def compile_once() -> None:
    """Compile what tests start in hundreds of processes, whatever the environment says: a start without costs twice as much.

    Copies of the project take it with them (tools/workspace.py).
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as images of containers set it
    for folder in ("providers", "lab", "tools"):
        compileall.compile_dir(PROJECT / folder, quiet=1)


def chosen(job: str, words: Sequence[str]) -> Sequence[str]:
    """Return pytest's options that say which of the long whole runs a job runs."""
    if "--all" in words:
        return ("--all",)
    return ("--sample", "1", "--sample-seed", str(SEED)) if job in SAMPLED else ()


def run(jobs: Mapping[str, Sequence[str]], output: IO[str], *, at_once: int) -> dict[str, int]:
    """Run commands, so many at once, their lines as they come with the job's name before; return the exit codes.

    One goes through them from the first on, the others from the last on: so rooms, which need a core each, run beside whole runs,
    which wait, and all end at about the same time.

    Told to end, it ends those that run and waits until they have: what they have started, they stop.
    """
    lanes = _Lanes(jobs, output)
    try:
        lanes.go(at_once)
    except KeyboardInterrupt:
        lanes.stop()
        lanes.codes = {name: lanes.codes.get(name) or _ENDED for name in jobs}
    output.write("".join(f"{name}: {line}\n" for name, line in lanes.last.items()))
    return lanes.codes


class _Lanes:
    """Commands that wait, those that run, and what came of the others."""

    def __init__(self, jobs: Mapping[str, Sequence[str]], output: IO[str]) -> None:
        self.last, self.codes = dict.fromkeys(jobs, ""), dict[str, int]()
        self._waiting, self._output, self._turn = deque(jobs.items()), output, threading.Lock()
        self._running = dict[str, tuple[subprocess.Popen[str], threading.Thread]]()
        self._ended = SimpleQueue[tuple[str, bool]]()

    def go(self, at_once: int) -> None:
        """Run them all."""
        for number in range(min(at_once, len(self._waiting))):
            self._begin(first=number == 0)
        while self._running:
            name, first = self._ended.get()
            self._running.pop(name)[1].join()
            if self._waiting:
                self._begin(first=first)

    def stop(self) -> None:
        """End those that run, and wait until they have."""
        for process, _ in self._running.values():
            process.terminate()
        for _, reader in self._running.values():
            reader.join()

    def _begin(self, *, first: bool) -> None:
        name, command = self._waiting.popleft() if first else self._waiting.pop()
        process = _start(command)
        reader = threading.Thread(target=self._show, args=(name, process, first))
        self._running[name] = process, reader
        reader.start()

    def _show(self, name: str, process: subprocess.Popen[str], first: bool) -> None:
        for line in process.stdout or ():
            with self._turn:
                self._output.write(f"{name} | {line}")
                self._output.flush()
                self.last[name] = line.strip() or self.last[name]
        self.codes[name] = process.wait()
        self._ended.put((name, first))


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a command that hears of Ctrl-C from us alone, once: a second would break its clearing up off."""
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

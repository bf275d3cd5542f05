"""Commands in processes whose standard streams, disk and digests are as a test wants them: forked, so that each is cheap.

Run as a program it reads requests from its input, a line of JSON each, and answers with a line.
"""

from __future__ import annotations

import gc
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent.parent
Stream = Literal["kept", "closed", "full", "unread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str


class Forks:
    """A process that has loaded the product, and forks for each command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Talk to a process that runs this module."""
        self._process = process

    def run(
        self, words: Sequence[str], *, output: Stream = "kept", errors: Stream = "kept", disk_full: bool = False,
        md5: bool = True, environ: Mapping[str, str] | None = None,
    ) -> Done:  # fmt: skip
        """Run `bin/placement` with these words."""
        request = {
            "words": list(words), "streams": [output, errors], "disk_full": disk_full, "md5": md5, "environ": dict(environ or {}),
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        return Done(**json.loads(self._process.stdout.readline()))


@contextmanager
def forks(folder: Path = HERE) -> Iterator[Forks]:
    """Lend such a process, in the folder of a project."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HYPERV_")}
    environ["PYTHONPATH"] = os.pathsep.join((str(HERE), str(HERE / "providers")))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.forking"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=environ,
    ) as process:  # fmt: skip
        try:
            yield Forks(process)
        finally:
            process.kill()


def _serve() -> int:
    from hyperv_placement.commands.cli import VERBS, main, module_of  # noqa: PLC0415 - what is loaded before a fork, each command has

    for verb in VERBS:
        import_module(f"hyperv_placement.commands.{module_of(verb)}")
    import_module(
        "hyperv_placement.stackfile.judging"
    )  # jsonschema: seconds where its optional formats are installed

    gc.freeze()  # else each fork looks for circles in all of it, and copies it for that: five times the work of a command
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    while line := sys.stdin.readline():
        request = json.loads(line)
        streams = [_Stream(kind) for kind in request["streams"]]
        child = os.fork()
        if child == 0:
            answers.close()
            _prepare(request, streams)
            return main(request["words"])
        reported = _reported(streams)
        _, status = os.waitpid(child, 0)
        done = {"code": os.waitstatus_to_exitcode(status), "output": reported[0], "errors": reported[1]}
        answers.write(f"{json.dumps(done)}\n")
        answers.flush()
    return 0


class _Stream:
    """A stream for the child."""

    def __init__(self, kind: Stream) -> None:
        self.kind = kind
        self.read, self.write = os.pipe()
        if kind == "full":
            os.close(self.write)
            self.write = os.open("/dev/full", os.O_WRONLY)
        if kind == "unread":
            os.close(self.read)

    def give(self, number: int) -> None:
        """Put it in the place of a standard stream of this process."""
        os.dup2(self.write, number)
        os.close(self.write)
        if self.kind != "unread":
            os.close(self.read)
        if self.kind == "closed":
            os.close(number)
        stream = None if self.kind == "closed" else open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        name = "stdout" if number == 1 else "stderr"  # both as Python has them at its start
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _prepare(request: dict[str, Any], streams: Sequence[_Stream]) -> None:
    import hashlib  # noqa: PLC0415
    import resource  # noqa: PLC0415 - POSIX alone has it

    for number, stream in enumerate(streams, start=1):
        stream.give(number)
    os.environ.update(request["environ"])
    if request["disk_full"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # EFBIG, for root, too
    if not request["md5"]:
        allowed = hashlib.md5, hashlib.new

        def md5(*given: Any, **options: Any) -> Any:
            if options.get("usedforsecurity", True):
                raise ValueError("[digital envelope routines] unsupported")
            return allowed[0](*given, **options)

        def new(name: str, *given: Any, **options: Any) -> Any:
            if name.casefold() in {"md4", "md5"} and options.get("usedforsecurity", True):
                raise ValueError(f"[digital envelope routines] unsupported hash type {name}")
            return allowed[1](name, *given, **options)

        hashlib.md5, hashlib.new = md5, new  # what OpenSSL does in FIPS mode


def _reported(streams: Sequence[_Stream]) -> list[str]:
    """Return what comes out of each, to its end."""
    reported: dict[int, bytes] = {}
    for stream in streams:
        os.close(stream.write)
        if stream.kind != "unread":
            reported[stream.read] = b""
    open_ = set(reported)
    while open_:
        for read in select.select(list(open_), [], [])[0]:
            content = os.read(read, 1 << 16)
            reported[read] += content
            if not content:
                open_.discard(read)
                os.close(read)
    return [reported.get(stream.read, b"").decode("utf-8", "replace") for stream in streams]


if __name__ == "__main__":
    sys.exit(_serve())

"""The engine below this process, which shows its lines through a sieve: signals go on to it, and it does not outlive this process.

Where the engine takes the place of the wrapper (`become`), whoever ends the process that was started has ended the engine. So it is
here: what is sent to this process reaches the engine once, `kill -9` included, and its end is ours.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from hyperv_placement.launch.sieve import Sieve

_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGBREAK")
_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG (linux/prctl.h)."""
_READ = 65536
_QUIET_S = 0.3
"""Seconds after which the beginning of a line is shown: it may be a question."""
_CLOSING_S = 2.0
"""Seconds for the rest of the output once the engine has ended: somebody below it may hold its end of the pipe."""


def sifted(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Run `command` with its output through a sieve, and end as it ends: by its exit code, or by the signal that ended it."""
    # Keys of a terminal reach the whole foreground group, and nobody behind it may read from the terminal.
    shares = sys.stdin is not None and sys.stdin.isatty()
    early: list[int] = []
    engines: list[subprocess.Popen[bytes]] = []

    def passed_on(number: int, _frame: object) -> None:
        if not engines:
            early.append(number)
        elif not (shares and number in {signal.SIGINT, getattr(signal, "SIGQUIT", None)}):
            with suppress(OSError):
                engines[0].send_signal(number)

    for name in _PASSED_ON:
        # What is ignored, as under nohup, the engine ignores as well.
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), passed_on)
    with subprocess.Popen(
        list(command), env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT if _is_one_output() else None,
        **_bound(own_group=not shares),
    ) as engine:  # fmt: skip
        engines.append(engine)
        for number in early:
            passed_on(number, None)
        _show(engine)
        code = engine.wait()
    if code < 0:
        with suppress(OSError):  # of some there is no other
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _is_one_output() -> bool:
    """Say whether errors go where the output goes: then both go one way, so that their order stays."""
    with suppress(OSError):
        out, errors = os.fstat(1), os.fstat(2)
        return bool(out.st_ino) and (out.st_dev, out.st_ino) == (errors.st_dev, errors.st_ino)
    return False


def _bound(*, own_group: bool) -> dict[str, Any]:
    """Return how the engine is started so that it hears what we pass on, once, and ends with us."""
    if sys.platform == "win32":
        return {}
    # In a group of its own it gets no signal twice, from a group and from us.
    return {"preexec_fn": _ends_with(os.getpid()), **({"process_group": 0} if own_group else {})}


def _ends_with(parent: int) -> Callable[[], None] | None:
    """Return what has the system kill a new process once `parent` is gone; elsewhere its next line finds the pipe closed."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes  # noqa: PLC0415 - loaded before the fork, and nowhere else needed

    library = ctypes.CDLL(None)

    def bind() -> None:
        library.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # gone already, before it could be asked for
            os._exit(1)

    return bind


def _show(engine: subprocess.Popen[bytes]) -> None:
    """Show what the engine prints until it closes its output, or has ended and nothing more comes."""
    assert engine.stdout is not None  # noqa: S101 - it was asked for
    source, sieve, kept = engine.stdout.fileno(), Sieve(), b""
    quiet = 0.0
    while True:
        if not _comes(source):
            quiet = quiet + _QUIET_S if engine.poll() is not None else 0.0
            if quiet > _CLOSING_S:
                break
            if kept and not kept.startswith((b"@ ", b" ", "\u2728".encode())):
                kept = b"" if _put(kept, engine) else kept
            continue
        data = os.read(source, _READ)
        if not data:
            break
        *lines, kept = (kept + data).split(b"\n")
        shown = [text for line in lines for text in sieve.take(_text(line))]
        if shown and not _put(_bytes("\n".join(shown) + "\n"), engine):
            return
    left = [*(sieve.take(_text(kept)) if kept else ()), *sieve.rest()]
    _put(_bytes("\n".join(left) + "\n") if left else b"", engine)


def _comes(source: int) -> bool:
    """Say whether there is something to read, or the end; where pipes cannot be asked, wait for it."""
    return sys.platform == "win32" or bool(select.select([source], [], [], _QUIET_S)[0])


def _put(data: bytes, engine: subprocess.Popen[bytes]) -> bool:
    """Print; return False where nobody reads any more: then the engine finds its own output closed, as it would without us."""
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        assert engine.stdout is not None  # noqa: S101 - it was asked for
        engine.stdout.close()
        return False
    return True


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

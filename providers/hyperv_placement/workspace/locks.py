"""Locks of Pulumi's local backend: whose they are, whether their holder is gone, and what was torn among them.

A killed `pulumi` leaves its lock file behind, and the next run refuses to start. The file names host and process
(pulumi/pulumi pkg/backend/diy/lock.go), so that a stale lock can be distinguished from one that is held. It is written as
X.json.HEX.tmp, then X.json.attrs beside it, and renamed (gocloud.dev blob/fileblob); a full disk or a power cut leaves any
of the three, empty or torn, and the engine takes each of X.json and X.json.HEX.tmp for a lock.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil

from hyperv_placement.errors import PlacementError
from hyperv_placement.model import strict_json
from hyperv_placement.system.files import expanded, read_bounded, remove

from .holders import SLACK_S, Holder, Holding, holding

_log = logging.getLogger(__name__)
_ATTRIBUTES = ".attrs"
_LARGEST = 1 << 20
"""Bytes; a lock has some 150."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file of a stack."""

    path: Path
    stack: str
    holder: Holder

    def remove(self) -> None:
        """Remove it with what belongs to it. Raises OSError."""
        _log.info("removing the lock %s of %s", self.path, self.holder)
        remove(self.path)
        remove(attributes_of(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """What a write that was cut short has left among the locks of a stack: it names no holder."""

    path: Path
    stack: str
    written: float
    """When it was written last, in seconds of the epoch."""

    def remove(self) -> None:
        """Remove it with what belongs to it. Raises OSError."""
        _log.info("removing %s, which a write that was cut short has left", self.path)
        remove(self.path)
        if not self.path.name.endswith(_ATTRIBUTES):
            remove(attributes_of(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A `pulumi` of this machine that runs."""

    pid: int
    started: float
    """In seconds of the epoch."""
    backend: str | None
    """What its PULUMI_BACKEND_URL says; None where that cannot be read, or is not set."""


def attributes_of(path: Path) -> Path:
    """Return the file that the engine writes beside another one."""
    return path.with_name(f"{path.name}{_ATTRIBUTES}")


def backend_folder(url: str | None, project: Path) -> Path:
    """Return the folder of a local backend. Raises PlacementError for a backend that is not a local folder."""
    if not url:
        return project / ".pulumi"
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise PlacementError(
            f"The state is kept in {parts.scheme}:, which is not a local folder",  # the rest may hold a password
            remedy="Use: pulumi cancel --yes, once its holder is gone",
        )
    path = unquote(f"{parts.netloc}{parts.path}")
    try:
        return expanded(Path(path)) / ".pulumi"
    except OSError as error:
        raise PlacementError(
            f"The state's folder is {path!r}: {error.strerror}", remedy="Correct PULUMI_BACKEND_URL"
        ) from error


def stacks_of(backend: Path) -> list[str]:
    """Return the names of the stacks whose state, or lock, is kept in a local backend."""
    kept = {path.stem for path in (backend / "stacks").glob("**/*.json")}
    return sorted(kept | {path.parent.name for path in (backend / "locks").glob("**/*.json*")})


def locks(backend: Path, stack: str | None = None) -> Iterator[Lock | Fragment]:
    """Yield what lies among the locks of a local backend, of one stack or of all. Raises OSError."""
    for path in sorted((backend / "locks").glob("**/*.json*")):
        if (stack is None or path.parent.name == stack) and not path.is_dir():
            with suppress(FileNotFoundError):  # its holder has just removed it
                yield from _read(path)


def _read(path: Path) -> Iterator[Lock | Fragment]:
    """Yield what a file is; nothing for what belongs to another one."""
    fragment = Fragment(path=path, stack=path.parent.name, written=path.stat().st_mtime)
    if path.name.endswith(_ATTRIBUTES):
        if not path.with_name(path.name.removesuffix(_ATTRIBUTES)).exists():
            yield fragment
        return
    yield (_lock(path) if path.suffix == ".json" else None) or fragment


def _lock(path: Path) -> Lock | None:
    """Return the lock that a file holds; None where that cannot be read, as after a power cut."""
    try:
        content = strict_json.loads(read_bounded(path, _LARGEST))
        pid = int(content["pid"])
        # 0 and below are groups of processes (kill(2)), which no lock can name.
        if pid <= 0:
            return None
        return Lock(
            path=path,
            stack=path.parent.name,
            holder=Holder(
                pid=pid,
                hostname=str(content["hostname"]),
                username=str(content.get("username", "")),
                timestamp=str(content.get("timestamp", "")),
            ),
        )
    except (ArithmeticError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def is_stale(lock: Lock) -> bool:
    """Say whether the holder is surely gone."""
    return holding(lock.holder) is Holding.GONE


def engines() -> Iterator[Engine]:
    """Yield every `pulumi` that runs on this machine, whoever started it."""
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            name = process.name().casefold()
            if name.removesuffix(".exe") == "pulumi" and process.status() != psutil.STATUS_ZOMBIE:
                yield Engine(pid=process.pid, started=process.create_time(), backend=_backend_of(process))


def _backend_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("PULUMI_BACKEND_URL")
    except (psutil.AccessDenied, OSError):
        return None


def writers(
    fragment: Fragment, running: Iterable[Engine], holders: Collection[int], backend: Path
) -> list[Engine]:
    """Return the engines of this machine that may have written a fragment, and hold the stack yet.

    `holders`: those who hold a lock that can be read, which is the one they have written. On another machine nobody writes
    it any more: a lock is written in milliseconds, and torn only where the power went or the disk was full.
    """
    return [
        engine
        for engine in running
        if engine.pid not in holders
        and engine.started <= fragment.written + SLACK_S
        and may_use(engine, backend)
    ]


def may_use(engine: Engine, backend: Path) -> bool:
    """Say whether an engine may work with a local backend."""
    # Unknown, or not set: then it may be ours.
    if not engine.backend:
        return True
    try:
        return backend_folder(engine.backend, Path()).resolve() == backend.resolve()
    except PlacementError:
        return False

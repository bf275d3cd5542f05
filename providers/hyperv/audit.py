"""Every start and end of a move, appended to a file: JSON lines."""

from __future__ import annotations

import getpass
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from providers.clock import Clock
from providers.files import append_line
from providers.model import winpath
from providers.model.estate import Inventory
from providers.model.names import HostName, is_guid, stack_name, vm_id
from providers.model.plan import Move
from providers.planning.drift import AuditedMoves, LeftFile, OpenStart, PastMove, ending_of
from providers.planning.drift.endings import MOVED

_ENDING = ".jsonl"
_STARTS = frozenset({"start", "adopted"})
_ENDS = frozenset({"end", "refused", "found"})
"""Events after which a start is not open any more. `left`: the run stopped following a move that may go on."""


def audit_path(project: Path, stack: str) -> Path:
    """Return where the file of a stack lies. Raises StackNameError."""
    return project / ".pulumi" / "audit" / f"{stack_name(stack)}{_ENDING}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """What a log holds."""

    entries: tuple[Mapping[str, Any], ...] = ()
    """Line by line, the oldest first."""
    unreadable: int = 0
    """Lines that a killed process or a full disk has torn: each costs itself only. One, too, for a log that cannot be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerOwner:
    """A machine that a move has brought to a file's place, or away from it."""

    vm: str
    """Its name then."""
    who: str
    time: str
    """ISO 8601, in UTC."""
    left_for: HostName | None
    """Where it went; None where the move has brought the file."""


class AuditLog:
    """The file of one stack. A line is one write; a log that cannot be written never stops a move."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        """The file and its folder are made at the first line."""
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()

    def read(self) -> AuditRecord:
        """Return what the log holds; nothing where there is none, or it cannot be opened."""
        return _read(self.path)

    def staged(self, move: Move) -> str | None:
        """Return the configuration folder of the planned machine that this stack has left at the destination of `move`.

        It is claimed from the order on: whether the host has made it, a run that was cut never heard. None where no line
        says so: then a planned machine there is somebody else's.
        """
        for entry in reversed(self.read().entries):
            if entry.get("id") != move.vm.id:
                continue
            if entry.get("result") == MOVED:
                return None  # whichever way it went: what lies there now may be somebody else's
            if entry.get("to") != move.destination:
                continue
            if entry.get("event") == "unstaged":
                return None
            if entry.get("event") in {"staging", "staged"}:
                return _new_config(entry) or None
        return None

    def moved(self) -> AuditedMoves:
        """Return the moves that this stack and the others of its project have made, the oldest first."""
        moves: list[PastMove] = []
        unreadable = 0
        for path in sorted({self.path, *self.path.parent.glob(f"*{_ENDING}")}):
            stack = "" if path == self.path else path.stem
            record = _read(path)
            unreadable += record.unreadable
            moves += [move for entry in record.entries if (move := _past_move(entry, stack)) is not None]
        return AuditedMoves(moves=tuple(sorted(moves, key=lambda move: move.time)), unreadable=unreadable)

    def owner_of(self, host: HostName, path: str) -> FormerOwner | None:
        """Return whose disk a file was by the last move that left it or brought it there, of any stack of this project.

        On a share it is one file for all hosts. None where no line tells.
        """
        logs = [_read(each).entries for each in {self.path, *self.path.parent.glob(f"*{_ENDING}")}]
        owners = [
            owner
            for entries in logs
            for entry in entries
            if entry.get("result") == MOVED and (owner := _former(entry, host, path)) is not None
        ]
        return max(owners, key=lambda owner: owner.time, default=None)

    def left(self) -> tuple[LeftFile, ...]:
        """Return the files that moves of this stack have left at their sources, each once, by the last move that left it."""
        found: dict[tuple[str, str], LeftFile] = {}
        for entry in self.read().entries:
            left = entry.get("left")
            files = left.get("files") if isinstance(left, dict) else None
            for path in files if isinstance(files, list) else ():
                host = HostName(str(entry.get("from", "")))
                name, time = str(entry.get("vm", "")), str(entry.get("time", ""))
                found[host, str(path)] = LeftFile(host=host, path=str(path), vm=name, time=time)
        return tuple(found.values())

    def open_starts(self) -> tuple[Mapping[str, Any], ...]:
        """Return the last start of each machine whose end no line tells, as it stands in the log."""
        last: dict[str, Mapping[str, Any]] = {}
        for entry in self.read().entries:
            vm, event = str(entry.get("id")), entry.get("event")
            if event in _STARTS:
                last[vm] = entry
            elif event in _ENDS:
                last.pop(vm, None)
        return tuple(last.values())

    def close(self, inventory: Inventory) -> str | None:
        """Append how each move ended that an earlier run began and did not see the end of, as far as hosts show it.

        Return why a line could not be written, or None.
        """
        for entry in self.open_starts():
            start = _open_start(entry)
            result = ending_of(start, inventory) if start is not None else None
            if result is None:
                continue
            found = {**entry, **self._now(), "event": "found", "result": result}
            begun = {"begun": entry.get("time", ""), "by": entry.get("who", "")}
            if trouble := self._append({**found, **begun}):
                return trouble
        return None

    def note(
        self,
        event: str,
        move: Move,
        *,
        job: str = "",
        result: str = "",
        more: Mapping[str, object] | None = None,
    ) -> str | None:
        """Append a line; return why it could not be written, or None. `more`: fields beside those of every line."""
        return self._append({
            **self._now(),
            "event": event,
            "vm": move.vm.name,
            "id": move.vm.id,
            "from": move.source,
            "to": move.destination,
            "type": int(move.type),
            "paths": {d.source: d.target for d in move.all_disks},
            "config": [move.vm.roots.config, move.roots.config],
            "job": job,
            "result": result,
            **(more or {}),
        })  # fmt: skip

    def _now(self) -> dict[str, str]:
        return {"time": self._clock.utc().isoformat(timespec="seconds"), "who": _who()}

    def _append(self, entry: Mapping[str, Any]) -> str | None:
        try:
            with self._lock:
                append_line(self.path, json.dumps(entry))
        except OSError as error:
            return f"The audit log {self.path} cannot be written: {error.strerror}"
        return None


def _read(path: Path) -> AuditRecord:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return AuditRecord()
    except OSError:
        return AuditRecord(unreadable=1)
    lines = [line for line in content.split(b"\n") if line.strip()]
    entries = [entry for line in lines if (entry := _entry(line)) is not None]
    return AuditRecord(entries=tuple(entries), unreadable=len(lines) - len(entries))


def _entry(line: bytes) -> Mapping[str, Any] | None:
    """Return what a line says; None where it is torn, or no line of ours: that has an event, and a time with its zone."""
    try:
        loaded = json.loads(line)
        dated = datetime.fromisoformat(loaded["time"]).tzinfo is not None
        return loaded if dated and isinstance(loaded.get("event", ""), str) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _past_move(entry: Mapping[str, Any], stack: str) -> PastMove | None:
    """Return the move that a line tells the good end of, else None."""
    if entry.get("result") != MOVED or not is_guid(str(entry.get("id"))):
        return None
    return PastMove(
        vm_id=vm_id(str(entry["id"])),
        who=str(entry.get("by") or entry.get("who", "")),
        time=str(entry.get("time", "")),
        host=HostName(str(entry.get("to", ""))),
        config=_new_config(entry),
        disks=frozenset(_paths(entry).values()),
        job=str(entry.get("job", "")),
        stack=stack,
    )


def _former(entry: Mapping[str, Any], host: HostName, path: str) -> FormerOwner | None:
    """Return whose file a line tells it to be, or to have been."""
    paths, source, end = _paths(entry), entry.get("from"), str(entry.get("to", ""))
    shared = winpath.is_unc(path)
    came = (shared or end == host) and any(winpath.same(new, path) for new in paths.values())
    left = (shared or source == host) and any(winpath.same(old, path) for old in paths)
    if not came and not left:
        return None
    return FormerOwner(
        vm=str(entry.get("vm", "")),
        who=str(entry.get("by") or entry.get("who", "")),
        time=str(entry.get("time", "")),
        left_for=None if came else HostName(end),
    )


def _open_start(entry: Mapping[str, Any]) -> OpenStart | None:
    if not is_guid(str(entry.get("id"))):
        return None
    return OpenStart(
        vm_id=vm_id(str(entry["id"])),
        source=HostName(str(entry.get("from", ""))),
        destination=HostName(str(entry.get("to", ""))),
        config=_new_config(entry),
        paths=_paths(entry),
    )


def _new_config(entry: Mapping[str, Any]) -> str:
    """Return the configuration folder that was ordered, of the pair of old and new; empty where a line has none."""
    config = entry.get("config")
    return str(config[1]) if isinstance(config, list) and len(config) == 2 else ""  # noqa: PLR2004 - old and new


def _paths(entry: Mapping[str, Any]) -> dict[str, str]:
    paths = entry.get("paths")
    return {str(old): str(new) for old, new in paths.items()} if isinstance(paths, dict) else {}


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user id, as in some containers
        return "unknown"

"""Every start and end of a move, appended to a file: JSON lines."""

from __future__ import annotations

import getpass
import json
import threading
from collections.abc import Mapping
from pathlib import Path

from providers.clock import Clock
from providers.model.names import HostName, is_guid, vm_id
from providers.model.plan import Move
from providers.planning.drift import PastMove


def audit_path(project: Path, stack: str) -> Path:
    """Return where the file of a stack lies."""
    return project / ".pulumi" / "audit" / f"{stack}.jsonl"


class AuditLog:
    """The file of one stack. A line is one write; a log that cannot be written never stops a move."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        """The file and its folder are made at the first line."""
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()

    def staged(self, move: Move) -> str | None:
        """Return the configuration folder of the planned machine that this stack has left at the destination of `move`.

        None where no line says so: then a planned machine there is somebody else's.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return None
        for line in reversed(lines):
            entry = _entry(line)
            if entry.get("id") != move.vm.id:
                continue
            if entry.get("result") == "moved":
                return None  # whichever way it went: what lies there now may be somebody else's
            if entry.get("to") != move.destination:
                continue
            if entry.get("event") == "unstaged":
                return None
            if entry.get("event") in {"staging", "staged"}:
                config = entry.get("config")
                return str(config[1]) if isinstance(config, list) and len(config) == 2 else None  # noqa: PLR2004 - old and new
        return None

    def moved(self) -> tuple[PastMove, ...]:
        """Return the moves that this stack has made, the oldest first; none where there is no log that can be read."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return ()
        return tuple(move for line in lines if (move := _past_move(_entry(line))) is not None)

    def note(self, event: str, move: Move, *, job: str = "", result: str = "") -> str | None:
        """Append a line; return why it could not be written, or None."""
        line = json.dumps({
            "time": self._clock.utc().isoformat(timespec="seconds"),
            "who": _who(),
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
        })  # fmt: skip
        try:
            with self._lock:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
        except OSError as error:
            return f"The audit log {self.path} cannot be written: {error.strerror}"
        return None


def _entry(line: str) -> dict[str, object]:
    """A line that a killed process has torn says nothing."""
    try:
        loaded = json.loads(line)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _past_move(entry: Mapping[str, object]) -> PastMove | None:
    """Return the move that a line tells the good end of, else None."""
    config, paths = entry.get("config"), entry.get("paths")
    if entry.get("result") != "moved" or not is_guid(str(entry.get("id"))):
        return None
    return PastMove(
        vm_id=vm_id(str(entry["id"])),
        who=str(entry.get("who", "")),
        time=str(entry.get("time", "")),
        host=HostName(str(entry.get("to", ""))),
        config=str(config[1]) if isinstance(config, list) and len(config) == 2 else "",  # noqa: PLR2004 - old and new
        disks=frozenset(str(path) for path in paths.values()) if isinstance(paths, dict) else frozenset(),
        job=str(entry.get("job", "")),
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user id, as in some containers
        return "unknown"

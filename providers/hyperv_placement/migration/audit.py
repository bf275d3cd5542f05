"""Every start and end of a move, appended to a file: JSON lines, each with who, from where, and the hash of the one before."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hyperv_placement.audit.origin import Origin, origin
from hyperv_placement.audit.reading import read
from hyperv_placement.audit.store import FULL, Journal
from hyperv_placement.audit.syslog import SYSLOG, Syslog, server_in
from hyperv_placement.clock import Clock
from hyperv_placement.errors import AuditRefusedError, PlacementError
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId, stack_name
from hyperv_placement.planning.drift import AuditedMove, AuditedMoves, LeftFile, ending_of

from . import audit_words
from .audit_words import Entry, FormerOwner
from .orders import type_number

ENDING = ".jsonl"
_RESULT = 8192
"""Characters of a result that are kept: a host writes into it."""
_OWED = 10_000
"""Lines that are kept until the log can be written again: 20 MB at most, for a line has some 2 kB."""
_OF_A_MOVE = ("vm", "id", "from", "to", "type", "paths", "config", "job")
_REMEDY = "Make the log writable, then run again; audit: required lets nothing start without it"


def audit_path(project: Path, stack: str) -> Path:
    """Return where the file of a stack lies. Raises StackNameError where that is no name of a stack."""
    return project / ".pulumi" / "audit" / f"{stack_name(stack)}{ENDING}"


class AuditLog:
    """The log of one stack. One that cannot be written stops a move only where that is required."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        of: Callable[[], Origin] | None = None,
        required: bool = False,
        full: int = FULL,
    ) -> None:
        """The file and its folder are made at the first line. `of`: who and what lines are from, asked once, at the first.

        `required`: nothing starts that cannot be written down. `full`: bytes after which another file is begun.
        """
        self.path = path
        self.required = required
        self._plan = ""
        self._clock = clock
        self._origin = cache(of or (lambda: origin(os.environ)))
        self._journal = Journal(path, stamp=self._stamp, carry=audit_words.carried, full=full)
        self._lost: str | None = None
        """Why the log cannot be written: whoever must write it can do nothing more in this run."""
        self._owed: deque[Entry] = deque(maxlen=_OWED)
        """Lines that could not be written, the oldest first: the next that can be written brings them along."""
        self._catching_up = threading.Lock()
        self._unsaid: list[str] = []
        self._syslog = _Beside(os.environ.get(SYSLOG, ""))

    def entries(self) -> Iterator[Entry | None]:
        """Yield what the log holds, the oldest first; None for what cannot be read, each torn line and each file."""
        return _entries(self.path)

    def _known(self) -> Iterator[Entry]:
        return (entry for entry in self.entries() if entry is not None)

    def staged(self, move: Move) -> str | None:
        """Return the configuration folder of the planned machine that this stack has left at the destination of `move`.

        It is claimed from the order on: whether the host has made it, a run that was cut never heard. None where no line
        says so: then a planned machine there is somebody else's.
        """
        return audit_words.staged(self._known(), move)

    @property
    def origin(self) -> Origin:
        """From whom the lines of this process are, which the state keeps of moves as well."""
        return self._origin()

    def moved(self) -> AuditedMoves:
        """Return the moves that this stack and the others of its project have made, the oldest first."""
        moves: list[AuditedMove] = []
        unreadable = 0
        for path in self._logs():
            stack = "" if path == self.path else path.stem
            for entry in _entries(path):
                move = None if entry is None else audit_words.past_move(entry, stack)
                unreadable += entry is None
                moves += [] if move is None else [move]
        return AuditedMoves(moves=tuple(sorted(moves, key=lambda move: move.time)), unreadable=unreadable)

    def _logs(self) -> list[Path]:
        return sorted({self.path, *self.path.parent.glob(f"*{ENDING}")})

    def owner_of(self, host: HostName, path: str) -> FormerOwner | None:
        """Return whose disk a file was by the last move that left it or brought it there, of any stack of this project.

        On a share it is one file for all hosts. None where no line tells.
        """
        entries = (entry for log in self._logs() for entry in _entries(log) if entry is not None)
        owners = (audit_words.former_owner(entry, host, path) for entry in entries)
        return max((each for each in owners if each is not None), key=lambda owner: owner.time, default=None)

    def left(self) -> tuple[LeftFile, ...]:
        """Return the files that moves of this stack have left, each once, by the last move that left it."""
        return audit_words.left_files(self._known())

    def open_starts(self) -> tuple[Entry, ...]:
        """Return the last start of each machine whose end no line tells, as it stands in the log."""
        return audit_words.open_starts(self._known())

    def orders(self) -> Iterator[tuple[str, Entry]]:
        """Yield each order whose end no line tells, of this stack and the others of its project, with the stack's name."""
        for path in self._logs():
            known = (entry for entry in _entries(path) if entry is not None)
            yield from ((path.name.removesuffix(ENDING), entry) for entry in audit_words.open_orders(known))

    def close(
        self, inventory: Inventory, left: Mapping[VmId, Mapping[str, object]] | None = None
    ) -> str | None:
        """Append how each move ended that an earlier run began and did not see the end of, as far as hosts show it.

        `left`: what was found of it at hosts, for the line of each machine. Return why a line could not be written, or None.
        """
        for entry in self.open_starts():
            start = audit_words.open_start(entry)
            result = ending_of(start, inventory) if start is not None else None
            if start is None or result is None:
                continue
            found = {name: entry[name] for name in _OF_A_MOVE if name in entry}
            begun = {"begun": entry.get("time", ""), "by": entry.get("who", "")}
            more = {"left": each} if (each := (left or {}).get(start.vm_id)) else {}
            if trouble := self.append({"event": "found", **found, "result": result, **begun, **more}):
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
        """Append a line of a move; return why it could not be written, or None. `more`: fields beside those of every line."""
        return self.append({
            "event": event,
            "vm": move.vm.name,
            "id": move.vm.id,
            "from": move.source,
            "to": move.destination,
            "type": type_number(move),
            "paths": {d.source: d.target for d in move.all_disks},
            "config": [move.vm.roots.config, move.roots.config],
            "job": job,
            "result": result if len(result) <= _RESULT else f"{result[:_RESULT]} ... ({len(result)} characters)",
            **(more or {}),
        })  # fmt: skip

    def append(self, entry: Mapping[str, Any]) -> str | None:
        """Append a line; return why it could not be written, or None."""
        self._origin()  # asked before the lock is taken: git may be slow
        stamped = {**self._stamp(), **entry}
        try:
            self._catch_up()
            self._written(stamped)
        except OSError as error:
            reported = f"The audit log {self.path} cannot be written: {error.strerror or error}"
            # Said once: a full disk loses every line of the run.
            self._unsaid += [] if self._lost else [reported]
            self._lost = reported
            if not self.required:  # there what is not written does not happen
                self._owed.append(stamped)
            return reported
        except ValueError as error:  # of one machine: no other is held up by it
            self._unsaid.append(reported := self._not_taken(entry, error))
            return reported
        return None

    def _catch_up(self) -> None:
        """Write the lines that could not be written before. Raises OSError where they still cannot be."""
        with self._catching_up:
            while self._owed:
                try:
                    self._written(self._owed[0])
                except ValueError as error:
                    self._unsaid.append(self._not_taken(self._owed[0], error))
                self._owed.popleft()

    def _not_taken(self, entry: Entry, error: ValueError) -> str:
        return f"The audit log {self.path} does not take what would be said of {entry.get('vm', entry['event'])}: {error}"

    def _written(self, entry: Entry) -> None:
        line = self._journal.append(entry)
        # After the file, which alone decides: a server that is away holds nothing up (docs/adr/0035).
        self._syslog.send(line, str(entry.get("event", "")), self._clock.utc().isoformat(timespec="seconds"))

    def check(self, what: str, trouble: str | None = None) -> None:
        """Raise AuditRefusedError, naming `what` was not started, where the log cannot be written, and must be.

        `trouble`: why a line of just this was not written.
        """
        if self.required and (why := trouble or self._lost):
            raise AuditRefusedError(f"{what} was not started: {why}", remedy=_REMEDY)

    def announce(self, event: str, what: str, **reported: object) -> None:
        """Append that `what` is about to be changed. Raises AuditRefusedError where that cannot be written, and must be."""
        self.check(what, self.append({"event": event, **reported}))

    def go_by(self, plan: str) -> None:
        """Say in every line from now on by which plan this run goes: its hash."""
        self._plan = plan

    def news(self) -> str | None:
        """Return what has become known of lines that were lost, each once; None where nothing has."""
        return self._unsaid.pop(0) if self._unsaid else self._syslog.trouble()

    def _stamp(self) -> dict[str, Any]:
        plan = {"plan": self._plan} if self._plan else {}
        return {"time": self._clock.utc().isoformat(timespec="seconds"), **self._origin().fields(), **plan}


class _Beside:
    """The syslog server that the environment names, if any: what is wrong with it stops nothing."""

    def __init__(self, address: str) -> None:
        self._syslog: Syslog | None = None
        self._wrong: str | None = None
        try:
            self._syslog = Syslog(server_in(address)) if address else None
        except PlacementError as error:
            self._wrong = str(error)

    def send(self, line: bytes, event: str, time: str) -> None:
        if self._syslog is not None:
            self._syslog.send(line, event, time)

    def trouble(self) -> str | None:
        wrong, self._wrong = self._wrong, None
        return wrong or (self._syslog.trouble() if self._syslog is not None else None)


def _entries(path: Path) -> Iterator[Entry | None]:
    """Yield the entries of a log, None for what cannot be read; no line of ours is one that has no event, or no time with its zone."""
    try:
        for entry in read(path):
            yield entry if entry is not None and audit_words.is_ours(entry) else None
    except OSError:
        yield None

"""What program and plugin hand to each other within one run: a sweep, so that hosts are not read twice, identities, past moves, the schedule.

The engine first reads what it knows through the plugin and then starts the program; resources that are new to it the program
sees first. Both processes know the engine's address: it stands in the program's command line and is the plugin's last argument
(seen with Pulumi 3.27x), and it is another one in each pass of an `up`. A file that does not exist, or is half written, has not
been left yet: whoever needs it asks again.

Only files of this user count: the folders are closed to others, and a file that another user has made, or may write, is ignored.
`bin/pulumi` draws a number for each run, which both processes find in their environment and put into the names of the files.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hyperv_placement.model import strict_json
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import Home
from hyperv_placement.model.names import HostName, VmId, stack_name, vm_id
from hyperv_placement.model.plain import from_plain, to_plain
from hyperv_placement.model.plan import Schedule
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.system import private_folder
from hyperv_placement.system.files import DRAFTS, append_line, read_own, write_whole

LIMIT = 60.0
"""Seconds for which a sweep may be taken: the other process asks for it as soon as the engine gets to it."""
_FOLDER = Path(".pulumi") / "sweeps"
_PAST = Path(".pulumi") / "past"
_IDENTITIES = Path(".pulumi") / "known"
_SCHEDULES = Path(".pulumi") / "schedules"
BETWEEN = (_FOLDER, _PAST, _IDENTITIES, _SCHEDULES)
"""Folders of what the two processes of a run leave for each other."""
PREVIEWS = "preview-"
"""How the files begin that a preview leaves for the run after it."""
RUNS = "run-"
"""How the files begin that a run leaves for whoever watches it."""
_REMEMBERED = 86400.0
"""Seconds for which a preview counts as what the next run was agreed on."""
_OLD = 7 * 86400.0
"""Seconds after which a schedule, or past moves, that nobody has fetched are removed; no run takes that long."""
_SLACK = timedelta(seconds=2)
"""Systems report the start of a process to within a second or two."""
_LARGEST = 256 << 20
"""Bytes of one file: a sweep of 200 hosts with 10,000 machines has some 60 MiB."""
_NOTHING_OF_OURS = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
_ADDRESS = re.compile(r"127\.0\.0\.1:([0-9]{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff:
    """A sweep that another process has made."""

    inventory: Inventory
    begun: datetime
    """In UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The moves of a run as its program has planned them."""

    schedule: Schedule
    stack: str
    """Digest of the stack file by which it planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """Where the two processes of one run meet, for one stack file."""

    project: Path
    engine: str
    """The engine's address; empty for a process that has none, which then neither leaves nor takes anything."""
    stack: Stack
    since: datetime | None = None
    """When this run's engine was started, in UTC: what was left before that is of another run, whose engine had the same port."""
    run: str = ""
    """The number of the run, which nobody else knows; empty where the engine was not started by `bin/pulumi`."""

    def leave(self, handed: HandedOff) -> None:
        """Leave a sweep for the other process; where that cannot be done, it reads the hosts itself."""
        if (path := self._path()) is None:
            return
        content = {
            "begun": handed.begun.isoformat(),
            "stack": self.stack.digest,
            "inventory": to_plain(handed.inventory),
        }
        with suppress(OSError):
            _write(path, content, forget=LIMIT)

    def take(self, now: datetime) -> HandedOff | None:
        """Return, once, the sweep that was left for this run of this very stack file; None where there is none, or it is too old."""
        if (path := self._path()) is None:
            return None
        try:
            content = strict_json.loads(read_own(path, _LARGEST))
            path.unlink()
            begun = datetime.fromisoformat(content["begun"])
            if content["stack"] != self.stack.digest or not self._is_ours(begun, now):
                return None
            return HandedOff(inventory=from_plain(content["inventory"], Inventory), begun=begun)
        except _NOTHING_OF_OURS:
            return None

    def _is_ours(self, begun: datetime, now: datetime, limit: float = LIMIT) -> bool:
        return timedelta() <= now - begun <= timedelta(seconds=limit) and self._is_of_run(begun)

    def _is_of_run(self, left: datetime) -> bool:
        """Say whether what lies under this run's name was left in it: its number says so, whatever has become of the clock since.

        Without one a port that is used again is told by the time: what was left before this engine started is another run's.
        """
        return bool(self.run) or self.since is None or left >= self.since - _SLACK

    def leave_past(self, past: Sequence[PastMove]) -> None:
        """Leave a machine's past moves for the program, beside those of other machines; without them it estimates.

        One call at a time.
        """
        self._append(_PAST, {"past": to_plain(tuple(past))})

    def take_past(self) -> tuple[PastMove, ...]:
        """Return, once, the past moves that were left in this run of this stack; what cannot be read is left out."""
        found: list[PastMove] = []
        for content in self._take_lines(_PAST):
            with suppress(*_NOTHING_OF_OURS):
                found += [from_plain(each, PastMove) for each in content["past"]]
        return tuple(found)

    def leave_identity(self, label: str, machine: VmId, now: datetime, home: Home | None = None) -> None:
        """Leave for the program which machine state has under a key, and its `home`; without it the last run decides.

        One call at a time.
        """
        place = None if home is None else [home.host, home.entry]
        self._append(_IDENTITIES, {"label": label, "id": machine, "home": place, "at": now.isoformat()})

    def take_identities(self, now: datetime) -> tuple[dict[str, VmId], dict[VmId, Home | None]]:
        """Return, once, key -> GUID as the plugin has read it from state in this run, and GUID -> home; nothing is waited for."""
        found: dict[str, VmId] = {}
        homes: dict[VmId, Home | None] = {}
        for content in self._take_lines(_IDENTITIES):
            with suppress(*_NOTHING_OF_OURS):
                if self.run or self._is_ours(datetime.fromisoformat(content["at"]), now, _OLD):
                    machine, place = vm_id(content["id"]), content.get("home")
                    found[str(content["label"])] = machine
                    homes[machine] = place and Home(host=HostName(place[0]), entry=str(place[1]))
        return found, homes

    def _append(self, folder: Path, fields: Mapping[str, Any]) -> None:
        """Append a line about this stack; where that cannot be done, the other process goes without it."""
        if (path := self._path(folder)) is None:
            return
        with suppress(OSError):
            # At the first line of a run alone, and not for each of its machines.
            if not path.exists():
                private_folder(path.parent)
                _forget_old(path.parent, _OLD)
            append_line(path, json.dumps({"stack": self.stack.path.name, **fields}))

    def _take_lines(self, folder: Path) -> Iterator[Mapping[str, Any]]:
        """Yield, once, the lines about this stack that were left in this run; a torn one is left out."""
        if (path := self._path(folder)) is None:
            return
        try:
            lines = read_own(path, _LARGEST).decode("utf-8").splitlines()
            path.unlink()
        except (OSError, ValueError):
            return
        for line in lines:
            with suppress(*_NOTHING_OF_OURS):
                content = strict_json.loads(line)
                if content["stack"] == self.stack.path.name:
                    yield content

    def read_otherwise(self, now: datetime) -> bool:
        """Return whether the other process has read another version of the stack file, which was saved in between.

        The sweep by which that is seen stays where it is.
        """
        if (path := self._path()) is None or self.since is None:
            return False
        try:
            content = strict_json.loads(read_own(path, _LARGEST))
            ours = self._is_ours(datetime.fromisoformat(content["begun"]), now)
            return bool(ours and content["stack"] != self.stack.digest)
        except _NOTHING_OF_OURS:
            return False

    def leave_schedule(self, schedule: Schedule, now: datetime) -> None:
        """Leave the order of this run's moves for the plugin. Raises OSError: without it the order is not kept."""
        if (path := self.orders) is not None:
            content = {"at": now.isoformat(), "stack": self.stack.digest, "schedule": to_plain(schedule)}
            _write(path, content, forget=_OLD)

    def take_schedule(self) -> Order | None:
        """Return, once, what the program of this run has left; None as long as it is missing, or half written.

        What an earlier run has left, whose engine had the same port, is ignored.
        """
        if (path := self.orders) is None:
            return None
        try:
            content = strict_json.loads(read_own(path, _LARGEST))
            if not self._is_of_run(datetime.fromisoformat(content["at"])):
                return None
            # Removed only once it was read whole: whoever comes while it is written asks again.
            order = Order(schedule=from_plain(content["schedule"], Schedule), stack=str(content["stack"]))
        except _NOTHING_OF_OURS:
            return None
        with suppress(OSError):
            path.unlink()
        return order

    @property
    def orders(self) -> Path | None:
        """Where the schedule of this run is left; None where there is no engine."""
        return self._path(_SCHEDULES)

    def leave_preview(self, schedule: Schedule, now: datetime) -> None:
        """Keep what a preview of this stack has shown, for the next run; without it no difference is reported."""
        content = {"stack": self.stack.digest, "at": now.isoformat(), "schedule": to_plain(schedule)}
        with suppress(OSError):
            _write(self._preview(), content, forget=_OLD)

    def leave_run(self, schedule: Schedule, now: datetime) -> None:
        """Keep the order of this run for whoever watches it from beside; without it only its jobs are seen."""
        content = {"at": now.isoformat(), "schedule": to_plain(schedule)}
        with suppress(OSError):
            _write(_order_of_run(self.project, self.stack.path.stem), content, forget=_OLD)

    def take_preview(self, now: datetime) -> Schedule | None:
        """Return, once, what the last preview of this very stack file has shown; None where that was long ago."""
        try:
            content = strict_json.loads(read_own(self._preview(), _LARGEST))
            # Once: a preview counts for the run that follows it, and not for the one after.
            self._preview().unlink()
            age = (now - datetime.fromisoformat(content["at"])).total_seconds()
            if content["stack"] != self.stack.digest or not 0 <= age <= _REMEMBERED:
                return None
            return from_plain(content["schedule"], Schedule)
        except _NOTHING_OF_OURS:
            return None

    def _preview(self) -> Path:
        return self.project / _SCHEDULES / f"{PREVIEWS}{stack_name(self.stack.path.stem)}.json"

    def _path(self, folder: Path = _FOLDER) -> Path | None:
        found = _ADDRESS.fullmatch(self.engine)
        if found is None:
            return None
        # A larger program may have several stack files in one run of one engine.
        parts = (found[1], self.run, stack_name(self.stack.path.stem))
        return self.project / folder / f"{'-'.join(filter(None, parts))}.json"


def _write(path: Path, content: Mapping[str, Any], *, forget: float) -> None:
    """Write a file that only its owner reads, at once or not at all; remove what is older than `forget` seconds."""
    private_folder(path.parent)
    _forget_old(path.parent, forget)
    write_whole(path, json.dumps(content))


def running_order(project: Path, stack: str) -> Schedule | None:
    """Return the order by which the last run of a stack that was started here goes, or went; None where none is kept."""
    try:
        content = strict_json.loads(read_own(_order_of_run(project, stack), _LARGEST))
        return from_plain(content["schedule"], Schedule)
    except _NOTHING_OF_OURS:
        return None


def _order_of_run(project: Path, stack: str) -> Path:
    return project / _SCHEDULES / f"{RUNS}{stack_name(stack)}.json"


def fingerprint(schedule: Schedule) -> str:
    """Return the hash of a plan, by which the audit log names it: SHA-256 of its JSON, in hexadecimal."""
    # Sorted and without blanks: whoever computes it later has to come to the same hash.
    plain = json.dumps(to_plain(schedule), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode("ascii")).hexdigest()


def _forget_old(folder: Path, seconds: float) -> None:
    """Remove what nobody has fetched, and what was never finished, as after a run that was killed."""
    now = time.time()
    for path in (*folder.glob("*.json"), *folder.glob(DRAFTS)):
        with suppress(FileNotFoundError):  # another run was faster
            if now - path.stat().st_mtime > seconds:
                path.unlink()

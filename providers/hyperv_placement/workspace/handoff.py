"""What program and plugin hand to each other within one run: a sweep, so that hosts are not read twice, identities, past moves, the schedule.

The engine reads what it knows through the plugin first and starts the program then; what it does not know yet the
program sees first. Both know the engine's address: it stands in the program's command line and is the plugin's last
argument (seen with Pulumi 3.27x), another one in each pass of an `up`. What is not there, or is half written, has not
been left yet: whoever needs it asks again.

Only what this user has left counts: the folders are his alone, and a file of another user, or one that others may write, is not
there. `bin/pulumi` draws a number for each run, which both processes find in their environment and in the names of the files.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from hyperv_placement.model import strict_json
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import VmId, stack_name, vm_id
from hyperv_placement.model.plain import from_plain, to_plain
from hyperv_placement.model.plan import Schedule
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.system import private_folder
from hyperv_placement.system.files import DRAFTS, append_line, read_own, write_whole

_ENGINE = "pulumi"
"""In the name of the engine's process, and of those between it and the program."""
LIMIT = 60.0
"""Seconds after which a sweep is not taken any more: the other process asks as soon as the engine gets to it."""
_FOLDER = Path(".pulumi") / "sweeps"
_PAST = Path(".pulumi") / "past"
_IDENTITIES = Path(".pulumi") / "known"
_SCHEDULES = Path(".pulumi") / "schedules"
_REMEMBERED = 86400.0
"""Seconds for which a preview is what the run that follows was agreed on."""
_OLD = 7 * 86400.0
"""Seconds after which a schedule, or past moves, that nobody has fetched are removed: no run lasts so long."""
_SLACK = timedelta(seconds=2)
"""Systems tell when a process was started to a second or two."""
_LARGEST = 256 << 20
"""Bytes of one file: a sweep of 200 hosts with 10,000 machines has some 60 MiB."""
_NOTHING_OF_OURS = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
RUN = "PLACEMENT_RUN"
"""Where `bin/pulumi` leaves the number of the run (tools/launch/settings.py)."""
_NUMBER = re.compile(r"[0-9a-f]{32}")
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
    """When this run's engine was started, in UTC: what was left before is of another run, whose engine had the same port."""
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
        """Return what was left for this run of this very stack file, once; None where it is old, or is none."""
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
        young = timedelta() <= now - begun <= timedelta(seconds=limit)
        return young and (self.since is None or begun >= self.since - _SLACK)

    def leave_past(self, past: Sequence[PastMove]) -> None:
        """Leave a machine's past moves, beside those of others, for the program; where that cannot be done, it goes without.

        One call at a time.
        """
        if (path := self._path(_PAST)) is None:
            return
        line = {"stack": self.stack.path.name, "past": to_plain(tuple(past))}
        with suppress(OSError):
            if not path.exists():
                private_folder(path.parent)
                _forget_old(path.parent, _OLD)
            append_line(path, json.dumps(line))

    def take_past(self) -> tuple[PastMove, ...]:
        """Return, once, the past moves that were left in this run of this stack; what cannot be read is left out."""
        if (path := self._path(_PAST)) is None:
            return ()
        try:
            lines = read_own(path, _LARGEST).decode("utf-8").splitlines()
            path.unlink()
        except (OSError, ValueError):
            return ()
        return tuple(each for line in lines for each in self._past(line))

    def _past(self, line: str) -> tuple[PastMove, ...]:
        try:
            content = strict_json.loads(line)
            if content["stack"] != self.stack.path.name:
                return ()
            return tuple(from_plain(each, PastMove) for each in content["past"])
        except _NOTHING_OF_OURS:
            return ()

    def leave_identity(self, label: str, machine: VmId, now: datetime) -> None:
        """Leave which machine state has under a key, for the program; where that cannot be done, it goes by the last run.

        One call at a time.
        """
        if (path := self._path(_IDENTITIES)) is None:
            return
        line = {"stack": self.stack.path.name, "label": label, "id": machine, "at": now.isoformat()}
        with suppress(OSError):
            if not path.exists():
                private_folder(path.parent)
                _forget_old(path.parent, _OLD)
            append_line(path, json.dumps(line))

    def take_identities(self, now: datetime) -> dict[str, VmId]:
        """Return, once, key -> GUID as the plugin has read it from state in this run; nothing is waited for."""
        if (path := self._path(_IDENTITIES)) is None:
            return {}
        try:
            lines = read_own(path, _LARGEST).decode("utf-8").splitlines()
            path.unlink()
        except (OSError, ValueError):
            return {}
        return dict(each for line in lines for each in self._identity(line, now))

    def _identity(self, line: str, now: datetime) -> tuple[tuple[str, VmId], ...]:
        try:
            content = strict_json.loads(line)
            at = datetime.fromisoformat(content["at"])
            if content["stack"] != self.stack.path.name or not self._is_ours(at, now, _OLD):
                return ()
            return ((str(content["label"]), vm_id(content["id"])),)
        except _NOTHING_OF_OURS:
            return ()

    def read_otherwise(self, now: datetime) -> bool:
        """Say whether this run's other process has left a sweep by another content of the stack file: it was saved meanwhile.

        What was left is not taken by that.
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
        """Return what the program of this run has left, once; None as long as it is not there, or only half of it.

        What lies there of an earlier run, whose engine had the same port, is not there.
        """
        if (path := self.orders) is None:
            return None
        try:
            content = strict_json.loads(read_own(path, _LARGEST))
            if self.since is not None and datetime.fromisoformat(content["at"]) < self.since - _SLACK:
                return None
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
        """Keep what a preview of this stack has shown, for the run that follows; without it no difference is said."""
        content = {"stack": self.stack.digest, "at": now.isoformat(), "schedule": to_plain(schedule)}
        with suppress(OSError):
            _write(self._preview(), content, forget=_OLD)

    def take_preview(self, now: datetime) -> Schedule | None:
        """Return what the last preview of this very stack file has shown, once; None where that was long ago."""
        try:
            content = strict_json.loads(read_own(self._preview(), _LARGEST))
            self._preview().unlink()
            age = (now - datetime.fromisoformat(content["at"])).total_seconds()
            if content["stack"] != self.stack.digest or not 0 <= age <= _REMEMBERED:
                return None
            return from_plain(content["schedule"], Schedule)
        except _NOTHING_OF_OURS:
            return None

    def _preview(self) -> Path:
        return self.project / _SCHEDULES / f"preview-{stack_name(self.stack.path.stem)}.json"

    def _path(self, folder: Path = _FOLDER) -> Path | None:
        found = _ADDRESS.fullmatch(self.engine)
        return self.project / folder / f"{found[1]}{self.run and '-'}{self.run}.json" if found else None


def _write(path: Path, content: Mapping[str, Any], *, forget: float) -> None:
    """Write a file that only its owner reads, at once or not at all; remove what is older than `forget` seconds."""
    private_folder(path.parent)
    _forget_old(path.parent, forget)
    write_whole(path, json.dumps(content))


def run_of(environment: Mapping[str, str]) -> str:
    """Return the number of this run; empty where there is none, or it is nothing that `bin/pulumi` has drawn."""
    number = environment.get(RUN, "")
    return number if _NUMBER.fullmatch(number) else ""


def fingerprint(schedule: Schedule) -> str:
    """Return the hash of a plan, by which the audit log names it: SHA-256 of its JSON, in hexadecimal."""
    plain = json.dumps(to_plain(schedule), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode("ascii")).hexdigest()


def engine_of(command: Sequence[str]) -> str:
    """Return the engine's address in the command line of a program, empty where there is none."""
    return next((following for word, following in pairwise(command) if word == "--engine"), "")


def engine_started() -> datetime | None:
    """Return when the engine above this process was started, in UTC; None where there is none, or it cannot be told."""
    try:
        above = psutil.Process().parents()
        starts = [each.create_time() for each in above if _ENGINE in each.name().casefold()]
    except psutil.Error:
        return None
    return datetime.fromtimestamp(min(starts), UTC) if starts else None


def engine_command() -> Sequence[str]:
    """Return the command line of the engine above this process; an empty one where there is none, or it cannot be told."""
    try:
        above = [each for each in psutil.Process().parents() if Path(each.name()).stem.casefold() == _ENGINE]
        return above[0].cmdline() if above else ()
    except psutil.Error:
        return ()


def _forget_old(folder: Path, seconds: float) -> None:
    """Remove what nobody has fetched, and what was never finished, as after a run that was killed."""
    now = time.time()
    for path in (*folder.glob("*.json"), *folder.glob(DRAFTS)):
        with suppress(FileNotFoundError):  # another run was faster
            if now - path.stat().st_mtime > seconds:
                path.unlink()

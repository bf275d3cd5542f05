"""What entries of an audit log tell: moves that were made, starts that have no end, files and planned machines that were left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hyperv_placement.model import winpath
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, is_guid, vm_id
from hyperv_placement.planning.drift import AuditedMove, LeftFile, OpenStart
from hyperv_placement.planning.drift.endings import MOVED

Entry = Mapping[str, Any]
STARTS = frozenset({"start", "adopted"})
_ENDS = frozenset({"end", "refused", "found"})
"""Events after which a start is not open any more. `left`: the run stopped following a move that may go on."""
_STAGED = frozenset({"staging", "staged"})


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


def is_ours(entry: Entry) -> bool:
    """Say whether an entry is one of ours: that has a time with its zone, and its event, if any, is a word."""
    try:
        dated = datetime.fromisoformat(entry["time"]).tzinfo is not None
    except (ValueError, TypeError, KeyError):
        return False
    return dated and isinstance(entry.get("event", ""), str)


def open_starts(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the last start of each machine whose end no line tells, as it stands in the log."""
    last: dict[str, Entry] = {}
    for entry in entries:
        vm, event = str(entry.get("id")), entry.get("event")
        if event in STARTS:
            last[vm] = entry
        elif event in _ENDS:
            last.pop(vm, None)
    return tuple(last.values())


def open_orders(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the last order of each machine that a run has announced and whose end no line tells; what was adopted is no order."""
    last: dict[str, Entry] = {}
    for entry in entries:
        vm, event = str(entry.get("id")), entry.get("event")
        if event == "start":
            last[vm] = entry
        elif event in _ENDS:
            last.pop(vm, None)
    return tuple(last.values())


def carried(entries: Iterable[Entry]) -> list[Entry]:
    """Return what the next file of a log must have as well: starts without an end, and planned machines that may be ours."""
    starts: dict[str, tuple[int, Entry]] = {}
    stages: dict[tuple[str, object], tuple[int, Entry]] = {}
    for number, entry in enumerate(entries):
        if not is_ours(entry):
            continue
        vm, event = str(entry.get("id")), entry.get("event")
        if event in STARTS:
            starts[vm] = (number, entry)
        elif event in _ENDS:
            starts.pop(vm, None)
        if event in _STAGED:
            stages[vm, str(entry.get("to"))] = (number, entry)
        elif event == "unstaged":
            stages.pop((vm, str(entry.get("to"))), None)
        elif entry.get("result") == MOVED:
            stages = {key: each for key, each in stages.items() if key[0] != vm}
    # As they stood: whoever reads on from here goes by their order.
    return [entry for _, entry in sorted([*starts.values(), *stages.values()], key=lambda each: each[0])]


def staged(entries: Iterable[Entry], move: Move) -> str | None:
    """Return the configuration folder of the planned machine that was left at the destination of `move`; None where none was."""
    config: str | None = None
    for entry in entries:
        if entry.get("id") != move.vm.id:
            continue
        if entry.get("result") == MOVED:
            config = None  # whichever way it went: what lies there now may be somebody else's
        elif entry.get("to") == move.destination and entry.get("event") == "unstaged":
            config = None
        elif entry.get("to") == move.destination and entry.get("event") in _STAGED:
            config = new_config(entry) or None
    return config


def past_move(entry: Entry, stack: str) -> AuditedMove | None:
    """Return the move that a line tells the good end of, else None."""
    if entry.get("result") != MOVED or not is_guid(str(entry.get("id"))):
        return None
    return AuditedMove(
        vm_id=vm_id(str(entry["id"])),
        # Where a later run has found the end, `who` is that run's, and `by` whoever began the move.
        who=str(entry.get("by") or entry.get("who", "")),
        time=str(entry.get("time", "")),
        host=HostName(str(entry.get("to", ""))),
        config=new_config(entry),
        disks=frozenset(paths(entry).values()),
        job=str(entry.get("job", "")),
        stack=stack,
    )


def former_owner(entry: Entry, host: HostName, path: str) -> FormerOwner | None:
    """Return whose file the good end of a move tells it to be, or to have been."""
    if entry.get("result") != MOVED:
        return None
    went, source, end = paths(entry), entry.get("from"), str(entry.get("to", ""))
    shared = winpath.is_unc(path)
    came = (shared or end == host) and any(winpath.same(new, path) for new in went.values())
    left = (shared or source == host) and any(winpath.same(old, path) for old in went)
    if not came and not left:
        return None
    return FormerOwner(
        vm=str(entry.get("vm", "")),
        who=str(entry.get("by") or entry.get("who", "")),
        time=str(entry.get("time", "")),
        left_for=None if came else HostName(end),
    )


def left_files(entries: Iterable[Entry]) -> tuple[LeftFile, ...]:
    """Return the files that moves have left, each once, by the last move that left it."""
    found: dict[tuple[str, str], LeftFile] = {}
    for entry in entries:
        left = entry.get("left")
        if not isinstance(left, dict):
            continue
        files = left.get("files")
        # An end that was found later may name the destination: there lies what a copy that broke off has left.
        host = HostName(str(left.get("on") or entry.get("from", "")))
        for path in map(str, files if isinstance(files, list) else ()):
            name, time = str(entry.get("vm", "")), str(entry.get("time", ""))
            found[host, path] = LeftFile(host=host, path=path, vm=name, time=time)
    return tuple(found.values())


def open_start(entry: Entry) -> OpenStart | None:
    """Return a start as a value; None for one that names no machine."""
    if not is_guid(str(entry.get("id"))):
        return None
    return OpenStart(
        vm_id=vm_id(str(entry["id"])),
        source=HostName(str(entry.get("from", ""))),
        destination=HostName(str(entry.get("to", ""))),
        config=new_config(entry),
        paths=paths(entry),
    )


def new_config(entry: Entry) -> str:
    """Return the configuration folder that was ordered, of the pair of old and new; empty where a line has none."""
    config = entry.get("config")
    return str(config[1]) if isinstance(config, list) and len(config) == 2 else ""  # noqa: PLR2004 - old and new


def paths(entry: Entry) -> dict[str, str]:
    """Return old path -> new path of each disk."""
    found = entry.get("paths")
    return {str(old): str(new) for old, new in found.items()} if isinstance(found, dict) else {}

"""A machine's past moves as Pulumi outputs: `lastMoves`, a list of plain numbers and names, the latest at the end, and `home`, where it goes back to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hyperv_placement.audit.origin import Origin
from hyperv_placement.migration.migrate import Moved
from hyperv_placement.model.identity import Home
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import ScheduledMove
from hyperv_placement.model.throughput import NOBODY, MadeBy, PastMove

LAST_MOVES = "lastMoves"
HOME = "home"
"""Where a machine without a pin was before maintenance drove it away; an input of the program, which the outputs keep."""
KEPT = 4
"""Moves of one machine that its outputs keep."""
_TEXTS = ("who", "actor", "run", "job", "config")
"""Properties that say who made a move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveHistory:
    """What state remembers of a machine's moves."""

    moves: int = 0
    """How many this stack has made."""
    last: tuple[PastMove, ...] = ()
    """The latest ones whose time is known."""
    home: Home | None = None
    """Where it goes back to after maintenance; None where it was not driven away."""

    def append(self, move: PastMove | None) -> MoveHistory:
        """Return the history with one more move; None where nothing is known of it."""
        last = self.last if move is None else (*self.last, move)[-KEPT:]
        return replace(self, moves=self.moves + 1, last=last)


def remembered(
    planned: ScheduledMove | None, made: Move, seconds: float | None, ended: datetime, by: MadeBy = NOBODY
) -> PastMove | None:
    """Return what state keeps of a move; None where its time is not known, since somebody else gave the order.

    Of one that was not planned, or otherwise, no estimate is kept: the machine may have been elsewhere by then, and what was
    to be copied, and how fast, was said of another way.
    """
    if seconds is None:
        return None
    way = None if planned is None else planned.move
    alike = way is not None and (way.source, way.destination, way.moves) == (
        made.source,
        made.destination,
        made.moves,
    )
    return PastMove(
        ended=int(ended.timestamp()),
        source=made.source,
        destination=made.destination,
        bytes=planned.bytes if planned is not None and alike else 0,
        seconds=round(seconds, 1),
        estimated=round(planned.seconds, 1) if planned is not None and alike else 0.0,
        by=by,
    )


def made_by(move: Move, moved: Moved, origin: Origin, run: str) -> MadeBy:
    """Return who made a move, for other computers, which have no audit log of it. `run`: the number of the engine's run."""
    return MadeBy(
        who=origin.who,
        actor=origin.claimed.get("actor", ""),
        run=origin.claimed.get("run", run),
        job=moved.job,
        config=move.roots.config,
        disks=tuple(sorted(each.target for each in move.all_disks)),
    )


def past_in(properties: Mapping[str, Any]) -> MoveHistory:
    """Return what outputs tell; what is no past move there is left out."""
    reported = properties.get(LAST_MOVES)
    found = [_move(each) for each in reported] if isinstance(reported, list) else []
    return MoveHistory(
        moves=int(properties.get("moves") or 0),
        last=tuple(each for each in found if each is not None),
        home=home_in(properties),
    )


def home_in(properties: Mapping[str, Any]) -> Home | None:
    """Return where inputs or outputs say that a machine goes back to; what is no such place is none."""
    given = properties.get(HOME)
    if not isinstance(given, Mapping) or not given.get("host"):
        return None
    return Home(host=HostName(str(given["host"])), entry=str(given.get("entry", "")))


def plain_home(home: Home | None) -> dict[str, Any]:
    """Return the property that says it; none where there is no such place."""
    return {} if home is None else {HOME: {"host": home.host, "entry": home.entry}}


def plain_past(past: MoveHistory) -> dict[str, Any]:
    """Return the outputs that tell of it; no list where nothing is known."""
    last = [
        {
            "from": each.source,
            "to": each.destination,
            "bytes": each.bytes,
            "seconds": each.seconds,
            "estimated": each.estimated,
            "ended": each.ended,
            **_plain_by(each.by),
        }
        for each in past.last
    ]
    return {"moves": past.moves, **({LAST_MOVES: last} if last else {}), **plain_home(past.home)}


def _plain_by(by: MadeBy) -> dict[str, Any]:
    """Return what is known of who made a move, each a property of its own."""
    texts = {name: getattr(by, name) for name in _TEXTS if getattr(by, name)}
    return {**texts, **({"disks": list(by.disks)} if by.disks else {})}


def _by(reported: Mapping[str, Any]) -> MadeBy:
    texts = {name: str(reported.get(name) or "") for name in _TEXTS}
    disks = reported.get("disks")
    return MadeBy(**texts, disks=tuple(map(str, disks)) if isinstance(disks, list) else ())


def _move(reported: Any) -> PastMove | None:
    try:
        seconds, estimated = float(reported["seconds"]), float(reported["estimated"])
        # `float` takes "nan" and "inf", and one of them would spoil every estimate that is made from it.
        if not (math.isfinite(seconds) and math.isfinite(estimated)):
            return None
        return PastMove(
            ended=int(reported["ended"]),
            source=HostName(str(reported["from"])),
            destination=HostName(str(reported["to"])),
            bytes=int(reported["bytes"]),
            seconds=seconds,
            estimated=estimated,
            by=_by(reported),
        )
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError):
        return None  # state can be edited by hand, and a lost estimate is no reason to end a run

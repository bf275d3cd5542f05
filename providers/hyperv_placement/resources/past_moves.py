"""A machine's past moves as Pulumi outputs: `lastMoves`, a list of plain numbers and names, the latest at the end, and `home`, where it goes back to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hyperv_placement.model.identity import Home
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import ScheduledMove
from hyperv_placement.model.throughput import PastMove

LAST_MOVES = "lastMoves"
HOME = "home"
"""Where a machine without a pin was before maintenance drove it away; an input of the program, which the outputs keep."""
KEPT = 4
"""Moves of one machine that its outputs keep."""


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
    planned: ScheduledMove | None, made: Move, seconds: float | None, ended: datetime
) -> PastMove | None:
    """Return what the next plans learn of a move; None where its time is not known, or where it was planned otherwise.

    The machine may have been elsewhere by then: what was to be copied, and how fast, was said of another way.
    """
    if planned is None or seconds is None:
        return None
    way = planned.move
    if (way.source, way.destination, way.moves) != (made.source, made.destination, made.moves):
        return None
    return PastMove(
        ended=int(ended.timestamp()),
        source=way.source,
        destination=way.destination,
        bytes=planned.bytes,
        seconds=round(seconds, 1),
        estimated=round(planned.seconds, 1),
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
        }
        for each in past.last
    ]
    return {"moves": past.moves, **({LAST_MOVES: last} if last else {}), **plain_home(past.home)}


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
        )
    except (TypeError, ValueError, KeyError, OverflowError):
        return None  # state can be edited by hand, and a lost estimate is no reason to end a run

"""The moves that a stack's state keeps in the outputs of its machines: asked of the engine, wherever the state lies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hyperv_placement.errors import PlacementError
from hyperv_placement.model import strict_json
from hyperv_placement.model.names import HostName, VmId, is_guid, vm_id
from hyperv_placement.planning.past import StateMove

from .engine_calls import NO_STACK, EngineCalls


class StateUnreadError(PlacementError):
    """The state of a stack cannot be read."""


def state_moves(calls: EngineCalls, stack: str) -> Mapping[VmId, tuple[StateMove, ...]]:
    """Return the last moves of each machine, by its GUID; none of a stack that has no state yet. Raises StateUnreadError."""
    try:
        answer = calls.run("stack", "export")
    except PlacementError as error:
        raise StateUnreadError(error.message, remedy="") from error
    if answer.code == NO_STACK:
        return {}
    if answer.code:
        raise StateUnreadError(answer.reason, remedy="")
    try:
        resources = strict_json.loads(answer.output)["deployment"]["resources"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StateUnreadError(f"its export is of another form: {error}", remedy="") from error
    found: dict[VmId, tuple[StateMove, ...]] = {}
    for each in resources if isinstance(resources, list) else ():
        outputs = each.get("outputs") if isinstance(each, dict) else None
        if isinstance(outputs, dict) and is_guid(str(outputs.get("vmId"))):
            found[vm_id(str(outputs["vmId"]))] = tuple(_moves(outputs.get("lastMoves"), stack))
    return found


def _moves(reported: Any, stack: str) -> Iterator[StateMove]:
    for each in reported if isinstance(reported, list) else ():
        try:
            seconds = float(each["seconds"])
            if math.isfinite(seconds):
                yield StateMove(
                    ended=datetime.fromtimestamp(int(each["ended"]), UTC),
                    source=HostName(str(each["from"])),
                    to=HostName(str(each["to"])),
                    # 0 beside no estimate: no plan had this move, and how much it was nobody has said.
                    bytes=int(each["bytes"]) if float(each.get("estimated") or 0) > 0 else None,
                    seconds=seconds,
                    who=str(each.get("who") or ""),
                    job=str(each.get("job") or ""),
                    actor=str(each.get("actor") or ""),
                    run=str(each.get("run") or ""),
                    config=str(each.get("config") or ""),
                    disks=frozenset(map(str, each.get("disks") or ())),
                    stack=stack,
                )
        except (TypeError, ValueError, KeyError, OverflowError, OSError, AttributeError):
            continue  # state can be edited by hand; what is no move there is left out

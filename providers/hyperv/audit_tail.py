"""The last words of an audit log about each machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from providers.errors import PlacementError
from providers.model.names import HostName, VmId, is_guid, vm_id
from providers.planning.outcome import LastWord


def last_words(path: Path) -> Mapping[VmId, LastWord]:
    """Return the last line about each machine; a torn line says nothing, and where there is no log none is said.

    Raises PlacementError where a log is there and cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PlacementError(
            f"The audit log {path} cannot be read: {error.strerror}",
            remedy="Give yourself the right to read it",
        ) from error
    words = (_word(line) for line in lines)
    return dict(word for word in words if word is not None)


def _word(line: bytes) -> tuple[VmId, LastWord] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or not is_guid(str(entry.get("id"))):
        return None
    told = {name: str(entry.get(name, "")) for name in ("time", "event", "from", "to", "result")}
    return vm_id(str(entry["id"])), LastWord(
        time=told["time"],
        event=told["event"],
        source=HostName(told["from"]),
        to=HostName(told["to"]),
        result=told["result"],
    )

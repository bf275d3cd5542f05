"""The last words of an audit log about each machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hyperv_placement.audit.reading import read
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import HostName, VmId, is_guid, vm_id
from hyperv_placement.planning.outcome import LastWord


def last_words(path: Path) -> Mapping[VmId, LastWord]:
    """Return the last line about each machine; a torn line says nothing, and where there is no log none is said.

    Raises PlacementError where a log is there and cannot be read.
    """
    words: dict[VmId, LastWord] = {}
    try:
        for entry in read(path):
            if entry is None or not is_guid(str(entry.get("id"))):
                continue
            vm = vm_id(str(entry["id"]))
            if "carried" in entry and vm in words:
                continue  # it stood in an earlier file, before what came after it there
            reported = {name: str(entry.get(name, "")) for name in ("time", "event", "from", "to", "result")}
            words[vm] = LastWord(
                time=reported["time"],
                event=reported["event"],
                source=HostName(reported["from"]),
                to=HostName(reported["to"]),
                result=reported["result"],
            )
    except OSError as error:
        raise PlacementError(
            f"The audit log {path} cannot be read: {error.strerror}",
            remedy="Give yourself the right to read it",
        ) from error
    return words

"""What VMMS writes into its event log when a migration ends; the lab keeps it in its own log as `vmms` entries.

The log Hyper-V-VMMS-Admin is no classic one, so Win32_NTLogEvent does not show it. Hosts give it to subscribers of WS-Eventing
(MS-WSMV 3.1.4.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hyperv_placement.model.move import Moves

from .jobs import COMPLETED, WARNED, LabJob
from .objects import RUNNING, LabVm

_MOVED, _BLACKOUT, _FAILED, _CONNECTION, _LIMIT = 20418, 20415, 21024, 20306, 21501
"""Event ids as field notes, blogs and SupportArticles name them."""
_CREDENTIALS = ("0x8009030E", "0x8009030D", "0x80090322")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An entry of Hyper-V-VMMS-Admin, at the source."""

    id: int
    text: str


def blackout_seconds(vm: LabVm) -> float:
    """Return how long a live migration stops the machine: about half a second, as event 20415 was seen to say."""
    return round(0.3 + int(vm.id[:2], 16) / 640, 1)


def events_of(job: LabJob, vm: LabVm) -> Iterator[Event]:
    """Yield what an ended job leaves; a storage migration that went well leaves nothing that is known."""
    if job.state in (COMPLETED, WARNED):
        if job.moves != Moves.STORAGE:
            yield from _moved(vm)
        return
    text = "\n".join(job.errors)
    if any(code in text for code in _CREDENTIALS):
        yield Event(id=_CONNECTION, text=text)
    if "migration limit" in text:
        yield Event(id=_LIMIT, text=text)
    yield Event(id=_FAILED, text=text)


def _moved(vm: LabVm) -> Iterator[Event]:
    """The wording of 20418 is a guess; that of 20415 was seen in a log of 2017."""
    yield Event(
        id=_MOVED,
        text=f"The migration of virtual machine '{vm.name}' has completed. (Virtual machine ID {vm.id})",
    )
    if vm.enabled_state == RUNNING:
        yield Event(
            id=_BLACKOUT,
            text=(
                f"Migration successfully completed the live migration of virtual machine '{vm.name}' with a "
                f"blackout time of {blackout_seconds(vm):g} seconds (VMID {vm.id})."
            ),
        )

"""What a machine's own host says of its state, and whether a move may be ordered by that.

`codes/enumerations.yaml` lists every value with its page; a test holds it to this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hyperv_placement import quoting
from hyperv_placement.model.estate import VirtualMachine, VmState
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.states import in_words, rests


class Treatment(StrEnum):
    """What a value of a state means for a move."""

    FINE = "fine"
    WARNED = "warned"
    PASSES = "waited for"
    """Refused where the stack file does not say `wait_for_activity`."""
    LASTS = "refused until it has ended"
    """Of a migration, which is followed or left alone, never waited out."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one value says of a machine."""

    words: str
    """As in `web01 WORDS`."""
    treatment: Treatment


def _all(treatment: Treatment, values: Mapping[int, str]) -> dict[int, Meaning]:
    return {value: Meaning(words=words, treatment=treatment) for value, words in values.items()}


IN_SERVICE = 11
STATUS: Mapping[int, Meaning] = {
    **_all(Treatment.FINE, {2: "is well"}),
    **_all(Treatment.WARNED, {
        5: "may fail soon: a volume of its virtual hard disks is low on space, and its host will pause it",
        10: "is reported as Stopped, which its class no longer uses",
        15: "is reported as Dormant, which its class no longer uses",
    }),
    **_all(Treatment.PASSES, {IN_SERVICE: "is busy with a request"}),
    **_all(Treatment.REFUSED, {
        3: "is degraded: its host does not reach the storage of its configuration, and can only turn it off or delete it",
    }),
}  # fmt: skip
"""Msvm_ComputerSystem.OperationalStatus[0], by which a client decides whether a request can be made (win32 page of the class)."""
ACTIVITIES: Mapping[int, Meaning] = {
    **_all(Treatment.PASSES, {
        32768: "is getting a checkpoint", 32769: "is applying a checkpoint", 32770: "is losing a checkpoint",
        32771: "is waiting for its automatic start", 32772: "is merging its disks", 32773: "is being exported",
        32776: "is being backed up", 32777: "is being modified",
    }),
    **_all(Treatment.LASTS, {
        32774: "is being migrated", 32778: "is moving its storage", 32779: "is moving its storage",
        32780: "is being prepared for a migration", 32781: "is being checked for a migration",
    }),
    **_all(Treatment.REFUSED, {32795: "is stopped by a critical error of its storage"}),
    **_all(Treatment.WARNED, {
        32782: "has an application in a critical state", 32783: "does not answer its host's services in time",
        32784: "does not answer its host's services",
    }),
}  # fmt: skip
"""Msvm_ComputerSystem.OperationalStatus[1] (win32 page of the class to 32774; from 32776 on unverified: the enumerations of the
Hyper-V and FailoverClusters modules, as nforgeio/neonSDK and eryph have them)."""
HEALTH: Mapping[int, Meaning] = {
    **_all(Treatment.FINE, {5: "is well"}),
    **_all(Treatment.REFUSED, {
        20: "has suffered a major failure, as where a volume of its virtual hard disks is low on space",
        25: "has suffered a critical failure: its worker process does not respond, or a volume of its disks is low on space",
    }),
}  # fmt: skip
"""Msvm_ComputerSystem.HealthState (win32 page of the class). The Hyper-V module calls the state of a machine critical where it is
any other than 5 (decompiled: nforgeio/neonSDK VirtualMachine.cs)."""


def passing(status: tuple[int, ...]) -> str:
    """Return what a machine with this OperationalStatus is busy with, as in `is being backed up`; empty where nothing passes.

    What does not pass counts more: a migration, or an error of the machine's storage.
    """
    known = [found for each in status[1:] if (found := ACTIVITIES.get(each)) is not None]
    known += [found for each in status[:1] if (found := STATUS.get(each)) is not None]
    if any(found.treatment in {Treatment.LASTS, Treatment.REFUSED} for found in known):
        return ""
    return next((found.words for found in known if found.treatment is Treatment.PASSES), "")


def state_findings(vm: VirtualMachine) -> Iterator[Finding]:
    """Yield what the machine's state says against a move, or warns of."""
    if not vm.roots.config:  # what a host reports of a machine that it does not reach is a guess
        yield Finding.refusal(
            "machine-without-folders",
            f"{vm.host} reports no folder for the configuration of {vm.name}: it does not reach its storage",
            "Bring that storage back, and run again when Hyper-V Manager no longer shows the machine as critical",
        )
    if vm.state == VmState.PAUSED:
        yield Finding.warning("machine-paused", f"{vm.name} is paused; nobody has seen a paused machine move")
    elif vm.state == VmState.OTHER:
        between = (
            "a state in which nobody has seen one move" if rests(vm.enabled_state) else "between two states"
        )
        yield Finding.refusal(
            "machine-between-states",
            f"{vm.name} is {in_words(vm.enabled_state)}, {between}",
            "Run again when it is running, off, saved or paused",
        )
    first, *others = vm.operational_status or (None,)
    doing = [finding for each in others for finding in _of(vm, "OperationalStatus", each, ACTIVITIES)]
    # Busy with a request: a second value that says which one says it better.
    if first != IN_SERVICE or not any(finding.refuses for finding in doing):
        yield from _of(vm, "OperationalStatus", first, STATUS)
    yield from doing
    yield from _of(vm, "HealthState", vm.health_state, HEALTH)


def _of(vm: VirtualMachine, name: str, value: int | None, known: Mapping[int, Meaning]) -> Iterator[Finding]:
    meaning = None if value is None else known.get(value)
    if meaning is None:
        reported = f"no {name}" if value is None else f"{name} {value}, which its class page does not name,"
        yield Finding.warning(
            "machine-state-unnamed",
            f"{vm.host} reports {reported} of {vm.name}; whether it can move is not known",
            f"See what it does first: {quoting.powershell('Get-VM -Id {} | Format-List State, Status', vm.id)}",
        )
        return
    text = f"{vm.name} {meaning.words}"
    match meaning.treatment:
        case Treatment.FINE:
            pass
        case Treatment.WARNED:
            yield Finding.warning(
                "machine-state-doubtful", text, f"See Hyper-V-VMMS-Admin in the event log of {vm.host}"
            )
        case Treatment.PASSES:
            yield Finding.refusal("machine-busy", text, "Run again when that has ended", topic=Topic.PASSING)
        case Treatment.LASTS:
            yield Finding.refusal("machine-busy", text, "Run again when that has ended")
        case Treatment.REFUSED:
            yield Finding.refusal(
                "machine-failing",
                text,
                f"See Hyper-V-VMMS-Admin in the event log of {vm.host}; free or bring back its storage, and run again",
            )

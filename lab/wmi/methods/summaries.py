"""Msvm_VirtualSystemManagementService.GetSummaryInformation: the asked properties of machines and checkpoints, at one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hyperv_placement.wsman import VIRTUALIZATION, CimType, EndpointReference, Instance, Value
from lab.wmi.classes import class_named
from lab.wmi.views import summaries
from lab.world.jobs import INVALID_PARAMETER

from .call import Call, Outputs

_CLASS, _SETTINGS = "Msvm_SummaryInformation", "Msvm_VirtualSystemSettingData"
_THUMBNAIL = ("ThumbnailImage", "ThumbnailImageHeight", "ThumbnailImageWidth")
REQUESTED: Mapping[int, tuple[str, ...]] = {
    0: ("Name",), 1: ("ElementName",), 2: ("CreationTime",), 3: ("Notes",), 4: ("NumberOfProcessors",),
    5: _THUMBNAIL, 6: _THUMBNAIL, 7: _THUMBNAIL, 8: ("AllocatedGPU",), 9: ("VirtualSwitchNames",), 10: ("Version",),
    11: ("Shielded",), 100: ("EnabledState",), 101: ("ProcessorLoad",), 102: ("ProcessorLoadHistory",),
    103: ("MemoryUsage",), 104: ("Heartbeat",), 105: ("UpTime",), 106: ("GuestOperatingSystem",), 107: ("Snapshots",),
    108: ("AsynchronousTasks",), 109: ("HealthState",), 110: ("OperationalStatus",), 111: ("StatusDescriptions",),
    112: ("MemoryAvailable",), 113: ("AvailableMemoryBuffer",), 114: ("ReplicationMode",), 115: ("ReplicationState",),
    116: ("ReplicationHealth",), 117: ("ApplicationHealth",), 118: ("ReplicationStateEx",),
    119: ("ReplicationHealthEx",), 120: ("SwapFilesInUse",), 121: ("IntegrationServicesVersionState",),
    122: ("ReplicationProviderId",), 123: ("MemorySpansPhysicalNumaNodes",),
    132: ("IntegrationServicesVersionState", "OtherEnabledState"),
}  # fmt: skip
"""RequestedInformation -> properties (GetSummaryInformation page, which has 132 twice)."""
_ALWAYS = frozenset(
    {"InstanceID", "Name", "HostComputerSystemName", "VirtualSystemSubType", "EnhancedSessionModeState"}
)
"""Name is there "even if this property was not requested" (same page); that those are which have no number is a guess."""


def get_summaries(call: Call) -> Outputs:
    """Return a summary for each reference in SettingData, without any for each machine; what is not asked is NULL.

    That numbers which the page does not name are passed over, and that no number at all asks for names alone, is a guess.
    """
    call.expect("SettingData", "RequestedInformation")
    asked = call.argument("RequestedInformation")
    numbers = call.texts("RequestedInformation") if asked is not None else ()
    wanted = set(_ALWAYS)
    for text in numbers:
        number = call.number(text, CimType.UINT32)
        if number is None:
            return {"SummaryInformation": None, "ReturnValue": INVALID_PARAMETER}
        wanted.update(REQUESTED.get(number, ()))
    found = tuple(_reduced(row, wanted) for row in _summaries(call))
    return {"SummaryInformation": found, "ReturnValue": 0}


def _summaries(call: Call) -> list[Instance]:
    """Return the entries in the order of SettingData; settings that are not there have one with an empty Name."""
    known = class_named(VIRTUALIZATION, _CLASS)
    rows = () if known is None else call.reader.rows(known)
    found = {row.text("InstanceID").casefold(): row for row in rows}
    given = call.argument("SettingData")
    if given is None:
        return list(found.values())
    for vm in call.reader.host.vms():
        for checkpoint in vm.checkpoints:
            row = summaries.of_checkpoint(call.reader.view, vm, checkpoint)
            found[row.text("InstanceID").casefold()] = row
    references = given if isinstance(given, tuple) else (given,)
    return [found.get(_key(call, each)) or summaries.of_nobody() for each in references]


def _key(call: Call, reference: object) -> str:
    if not isinstance(reference, EndpointReference):
        raise call.schema_error()
    if reference.class_name.casefold() != _SETTINGS.casefold():
        return ""
    return (reference.selector("InstanceID") or "").casefold()


def _reduced(row: Instance, wanted: Collection[str]) -> Instance:
    kept: dict[str, Value] = {
        name: value if name in wanted else None for name, value in row.properties.items()
    }
    return Instance(row.class_name, kept, row.namespace)

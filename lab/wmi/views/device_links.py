r"""What devices of machines belong to: their settings, pools, drives and controllers. A device's id is the InstanceID of its settings.

So `Microsoft:<VM>\<controller>\0\3\D` is a drive and its settings, `...\3\L` what is in it, `...\0` its controller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hyperv_placement.wsman import EndpointReference
from lab.wmi.view import View

from .links import Pair, host_of

_ALLOCATIONS, _DEVICES = "CIM_ResourceAllocationSettingData", "CIM_LogicalDevice"


def _devices(view: View, class_name: str = _DEVICES) -> dict[str, EndpointReference]:
    return {row.text("DeviceID"): reference for row, reference in view.all(class_name)}


def _settings(view: View) -> dict[str, tuple[str, EndpointReference]]:
    """Return ResourceSubType and reference of each allocation by InstanceID, without the definitions."""
    return {
        row.text("InstanceID"): (row.text("ResourceSubType"), reference)
        for row, reference in view.all(_ALLOCATIONS)
        if not row.text("InstanceID").startswith("Microsoft:Definition\\")
    }


def settings(view: View) -> Iterator[Pair]:
    """Yield each device and the settings that it was made from (Msvm_ElementSettingData page: a virtual device)."""
    found = _settings(view)
    for name, device in _devices(view).items():
        if name in found:
            yield device, found[name][1], {"IsCurrent": 1, "IsDefault": 0, "IsNext": 0}


def _pools(view: View) -> Mapping[str, EndpointReference]:
    return {row.text("ResourceSubType"): reference for row, reference in view.all("CIM_ResourcePool")}


def allocated_settings(view: View) -> Iterator[Pair]:
    """Yield the pool that serves an allocation, and the allocation; the only pool of a kind is the primordial one."""
    pools = _pools(view)
    for subtype, reference in _settings(view).values():
        if subtype in pools:
            yield pools[subtype], reference, {}


def allocated_devices(view: View) -> Iterator[Pair]:
    """Yield the pool that a device comes from, and the device."""
    pools, found = _pools(view), _settings(view)
    for name, device in _devices(view).items():
        subtype = found[name][0] if name in found else ""
        if subtype in pools:
            yield pools[subtype], device, {}


def pools_of_host(view: View) -> Iterator[Pair]:
    """Yield the host and each of its pools."""
    for reference in _pools(view).values():
        yield host_of(view), reference, {}


def media(view: View) -> Iterator[Pair]:
    """Yield a drive and what is in it; hard disks cannot be taken out (Msvm_MediaPresent page)."""
    drives = _devices(view, "CIM_MediaAccessDevice")
    for name, medium in _devices(view, "CIM_StorageExtent").items():
        drive = drives.get(f"{name.removesuffix('L')}D")
        if drive is not None:
            yield drive, medium, {"FixedMedia": drive.class_name == "Msvm_DiskDrive"}


def controlled(view: View) -> Iterator[Pair]:
    """Yield a SCSI controller and each drive on it."""
    return _beneath(view, "Msvm_SCSIProtocolController")


def attached(view: View) -> Iterator[Pair]:
    """Yield an IDE controller and each drive on it."""
    return _beneath(view, "Msvm_IDEController")


def _beneath(view: View, class_name: str) -> Iterator[Pair]:
    controllers = _devices(view, class_name)
    for name, drive in _devices(view, "CIM_MediaAccessDevice").items():
        controller = controllers.get(name.rsplit("\\", 2)[0])
        if controller is not None:
            yield controller, drive, {}


def summaries(view: View) -> Iterator[Pair]:
    """Yield a machine and its summary."""
    machines = {row.text("Name"): reference for row, reference in view.all("Msvm_ComputerSystem")}
    for row, reference in view.all("Msvm_SummaryInformation"):
        machine = machines.get(row.text("Name"))
        if machine is not None:
            yield machine, reference, {}

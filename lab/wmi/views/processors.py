"""Msvm_ProcessorSettingData: the virtual processors of each machine."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance
from lab.wmi.view import View

from .allocation import PROCESSOR, allocation
from .holders import holders, templates

_CLASS = "Msvm_ProcessorSettingData"
_DEVICE = "B637F346-6A0E-4DEC-AF52-BD70CB80A21D"  # the processor device of every machine (os-win vmutils)
VIRTUAL_PROCESSORS = 2
"""Of every machine of the lab."""
_WHOLE = 100_000  # Limit in thousandths of a percent (r4sd/terraform-provider-hyperv)


def settings(view: View) -> Iterator[Instance]:
    """Yield a row for each machine and checkpoint, and the templates."""
    for holder in holders(view):
        yield _row(view, f"{holder.prefix}\\{_DEVICE}\\0", limited=holder.vm.processor_limited)
    for name in templates(_DEVICE):
        yield _row(view, name, limited=False)


def _row(view: View, instance_id: str, *, limited: bool) -> Instance:
    return allocation(
        _CLASS,
        PROCESSOR,
        "Processor",
        view.texts["processor"],
        AllocationUnits="percent / 1000",
        EnableHostResourceProtection=False,
        ExposeVirtualizationExtensions=False,
        HideHypervisorPresent=False,
        HwThreadsPerCore=0,
        InstanceID=instance_id,
        Limit=_WHOLE,
        LimitCPUID=False,
        LimitProcessorFeatures=limited,
        MaxNumaNodesPerSocket=1,
        MaxProcessorsPerNumaNode=16,
        Reservation=0,
        VirtualQuantity=VIRTUAL_PROCESSORS,
        Weight=100,
    )

"""What the rows of all resource allocation classes have in common."""

from __future__ import annotations

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import instance

PROCESSOR, FC_PORT, PCI_EXPRESS, GPU_PARTITION, FC_CONNECTION = 3, 7, 32769, 32770, 64764
"""The first two are those of the CIM; the others Hyper-V's own: guesses, nothing reads them."""
CONTROLLER_IDE, CONTROLLER_SCSI, DISKETTE_DRIVE, DVD_DRIVE, DISK_DRIVE, SERIAL_PORT, MEDIUM = (
    5,
    6,
    14,
    16,
    17,
    21,
    31,
)
MEMORY, ETHERNET_PORT, ETHERNET_CONNECTION = 4, 10, 33
_COMMON: dict[str, Value] = {
    "AllocationUnits": "count",
    "AutomaticAllocation": True,
    "AutomaticDeallocation": True,
    "ConsumerVisibility": 3,
    "Limit": 1,
    "PoolID": "",
    "Reservation": 1,
    "VirtualQuantity": 1,
    "VirtualQuantityUnits": "count",
    "Weight": 0,
}


def allocation(class_name: str, kind: int, subtype: str, title: str, **values: Value) -> Instance:
    """Return a row of ResourceType `kind`; the properties common to all are as os-win's tests show them."""
    return instance(
        class_name,
        {
            **_COMMON,
            "Caption": title,
            "Description": title,
            "ElementName": title,
            "ResourceSubType": f"Microsoft:Hyper-V:{subtype}",
            "ResourceType": kind,
            **values,
        },
    )

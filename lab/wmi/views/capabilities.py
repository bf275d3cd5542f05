"""What the management services can do, and in which of their methods a job does it (pages of both classes)."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance
from lab.wmi.view import View, instance

_TO_HOST, _CHECK_TO_HOST, _CHECK = 2, 4, 32768
_NAME, _IPV4, _IPV6 = 2, 3, 4
_STATES = (2, 3, 4, 6, 9, 10, 11)
_SUMMARY, _DESTROY, _MODIFY = 32784, 3, 6


def migration(view: View) -> Iterator[Instance]:
    """Yield those of the migration service; its InstanceID stands in a script of Windows Admin Center."""
    del view
    yield instance(
        "Msvm_VirtualSystemMigrationCapabilities",
        {
            "AsynchronousMethodsSupported": (_TO_HOST, _CHECK),
            "Caption": "Migration Capabilities",
            "Description": "Virtual System Migration Capabilities",
            "DestinationHostFormatsSupported": (_NAME, _IPV4, _IPV6),
            "InstanceID": "Microsoft:MigrationCapabilities",
            "SynchronousMethodsSupported": (_CHECK_TO_HOST,),
        },
    )


def management(view: View) -> Iterator[Instance]:
    """Yield those of the management service; its InstanceID is the one that a published client asks for, which methods a host names is a guess."""
    del view
    title = "Hyper-V Virtual System Management Service Capabilities"
    yield instance(
        "Msvm_VirtualSystemManagementCapabilities",
        {
            "AsynchronousMethodsSupported": (_DESTROY, _MODIFY),
            "Caption": title,
            "Description": "Defines Virtual System Management Service Capabilities",
            "ElementName": title,
            "ElementNameEditSupported": True,
            "InstanceID": "Microsoft:VirtualSystemManagementCapabilities",
            "MaxElementNameLen": 100,
            "RequestedStatesSupported": _STATES,
            "SynchronousMethodsSupported": (_SUMMARY,),
            "VirtualSystemTypesSupported": ("Microsoft:Hyper-V:System:Realized",),
        },
    )

"""The host's management services: one instance each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import View, instance

_ENABLED = 2


def service_row(view: View, class_name: str, name: str, title: str, **values: Value) -> Instance:
    """Return a service's row; its key names are those of the service pages."""
    return instance(
        class_name,
        {
            "Caption": title,
            "CreationClassName": class_name,
            "Description": title,
            "ElementName": title,
            "EnabledDefault": _ENABLED,
            "EnabledState": _ENABLED,
            "HealthState": 5,
            "Name": name,
            "OperationalStatus": (2,),
            "RequestedState": 12,
            "StartMode": "Automatic",
            "Started": True,
            "Status": "OK",
            "StatusDescriptions": (view.texts["ok"],),
            "SystemCreationClassName": "Msvm_ComputerSystem",
            "SystemName": view.host.computer_name,
            **values,
        },
    )


def management(view: View) -> Iterator[Instance]:
    """Yield the virtual machine management service; its Name stands in a request of Microsoft's winrm tool."""
    title = view.texts["management-service"]
    yield service_row(view, "Msvm_VirtualSystemManagementService", "vmms", title)


def switch_management(view: View) -> Iterator[Instance]:
    """Yield the switch management service."""
    title = view.texts["switch-service"]
    yield service_row(view, "Msvm_VirtualEthernetSwitchManagementService", "nvspwmi", title)


def images(view: View) -> Iterator[Instance]:
    """Yield the image management service."""
    yield service_row(view, "Msvm_ImageManagementService", "vhdsvc", view.texts["image-service"])


def other(class_name: str) -> Callable[[View], Iterator[Instance]]:
    """Return what yields a service whose methods the lab does not serve, by its class's page."""
    name, title = OTHERS[class_name]
    return lambda view: iter((service_row(view, class_name, name, title),))


OTHERS: Mapping[str, tuple[str, str]] = {
    "Msvm_VirtualSystemSnapshotService": ("vssnapsvc", "Hyper-V Virtual System Snapshot Service"),
    "Msvm_MetricService": ("metricsvc", "Hyper-V Metric Service"),
    "Msvm_ReplicationService": ("replicasvc", "Hyper-V Replica Service"),
    "Msvm_TerminalService": ("termsvc", "Hyper-V Terminal Service"),
    "Msvm_Synthetic3DService": ("synth3d", "Synthetic3D Service"),
}
"""Class -> Name and ElementName (their pages)."""

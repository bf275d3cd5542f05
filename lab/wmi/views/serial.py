"""The two serial ports that every machine has: Msvm_SerialPortSettingData, before 2016 rows of Msvm_ResourceAllocationSettingData."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance
from lab.wmi.view import View
from lab.world.builds import SERVER_2016
from lab.world.objects import COM_PORTS

from .allocation import SERIAL_PORT, allocation
from .holders import holders, templates

CLASS = "Msvm_SerialPortSettingData"
_BEFORE = "Msvm_ResourceAllocationSettingData"
CONTROLLER = "8E3A359F-559A-4B6A-98A9-1690A6100ED7"
"""The serial controller of every machine (published rows of Msvm_SerialController); the InstanceIDs of its ports are guesses."""


def ports(view: View) -> Iterator[Instance]:
    """Yield each port; Connection names a pipe (Msvm_ResourceAllocationSettingData page). The class came with 2016 (os-win)."""
    if view.host.build >= SERVER_2016:
        yield from _ports(view, CLASS)
        for name in templates(CONTROLLER):
            yield _row(view, CLASS, name)


def older_ports(view: View) -> Iterator[Instance]:
    """Yield what hosts before 2016 have for the same."""
    if view.host.build < SERVER_2016:
        yield from _ports(view, _BEFORE)


def _ports(view: View, class_name: str) -> Iterator[Instance]:
    for holder in holders(view):
        pipes = [*holder.vm.com_ports, *[""] * COM_PORTS][:COM_PORTS]
        for number, pipe in enumerate(pipes):
            yield _row(
                view, class_name, f"{holder.prefix}\\{CONTROLLER}\\{number}", f" {number + 1}"
            ).replace(Connection=(pipe,))


def _row(view: View, class_name: str, instance_id: str, number: str = "") -> Instance:
    return allocation(
        class_name, SERIAL_PORT, "Serial Port", f"{view.texts['serial-port']}{number}", InstanceID=instance_id
    )

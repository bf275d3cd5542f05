"""Every localised text that a host's instances carry, in one table, and the language of all others.

English wordings not seen on a current build are guesses.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

from hyperv_placement.model.move import Moves
from hyperv_placement.wsman import Fault, Instance, WsmanFault
from lab.world.jobs import (
    ACTIVE,
    COMPLETED,
    EXCEPTION,
    KILLED,
    NEW,
    STARTING,
    TERMINATED,
    WARNED,
)

from . import coded
from .japanese import INSTANCES, translated

Texts = Mapping[str, str]

JOB_TITLES: Mapping[Moves | None, str] = {Moves.HOST: "moving-vm", Moves.STORAGE: "moving-storage"}
"""What moves -> key of the job's name; the rest move machine and storage."""
STATE_TITLES: Mapping[int, str] = {
    12: "starting-vm",
    13: "turning-off-vm",
    14: "saving-vm",
    15: "restoring-vm",
    16: "shutting-down-vm",
    26: "pausing-vm",
    27: "resuming-vm",
    28: "resetting-vm",
    2: "modifying-vm",
}
"""JobType of an Msvm_ConcreteJob -> key of the job's name."""
JOB_STATES = {
    NEW: "job-new",
    STARTING: "job-starting",
    ACTIVE: "job-running",
    COMPLETED: "job-completed",
    WARNED: "job-warned",
    TERMINATED: "job-terminated",
    KILLED: "job-terminated",
    EXCEPTION: "job-exception",
}
STATUSES = {
    2: "operating-normally", 3: "degraded", 5: "predictive-failure", 10: "stopped", 11: "in-service", 15: "dormant",
}  # fmt: skip
"""OperationalStatus[0] of a machine -> key of its description; the words are guesses but for the first."""
ACTIVITIES = {
    32768: "creating-checkpoint", 32769: "applying-checkpoint", 32770: "deleting-checkpoint", 32771: "waiting-to-start",
    32772: "merging-disks", 32773: "exporting", 32774: "migrating", 32776: "backing-up", 32777: "modifying",
    32778: "copying-storage", 32779: "switching-storage", 32780: "preparing", 32781: "checking",
    32782: "application-critical", 32783: "communication-timed-out", 32784: "communication-failed",
    32795: "critical-io-error",
}  # fmt: skip
"""OperationalStatus[1] -> key of its description."""
BEATS = {
    2: "ok", 3: "heartbeat-degraded", 7: "heartbeat-incompatible", 12: "no-contact", 13: "lost-communication", 15: "paused",
}  # fmt: skip
"""OperationalStatus[0] of a heartbeat -> key of its description (Msvm_HeartbeatComponent page)."""

ENGLISH: Texts = {
    "host-caption": "Hosting Computer System",
    "host-description": "Microsoft Hosting Computer System",
    "vm-caption": "Virtual Machine",
    "vm-description": "Microsoft Virtual Machine",
    "ok": "OK",
    "operating-normally": "Operating normally",
    "migrating": "Migrating virtual machine",
    "preparing": "Migrating planned virtual machine",
    "checking": "Checking compatibility",
    "copying-storage": "Moving storage",
    "switching-storage": "Moving storage",
    "creating-checkpoint": "Creating checkpoint",
    "applying-checkpoint": "Applying checkpoint",
    "deleting-checkpoint": "Deleting checkpoint",
    "waiting-to-start": "Waiting to start",
    "merging-disks": "Merging disks",
    "exporting": "Exporting virtual machine",
    "backing-up": "Backing up virtual machine",
    "modifying": "Modifying virtual machine",
    "application-critical": "Application critical state",
    "communication-timed-out": "Communication timed out",
    "communication-failed": "Communication failed",
    "critical-io-error": "Critical I/O error",
    "degraded": "Cannot connect to virtual machine configuration storage",
    "predictive-failure": "Low on disk space",
    "stopped": "Stopped",
    "in-service": "In service",
    "dormant": "Dormant",
    "vm-settings": "Virtual Machine Settings",
    "vm-settings-description": "Settings for the virtual machine.",
    "snapshot-settings-description": "Checkpoint Settings for the virtual machine.",
    "ide": "IDE Controller",
    "scsi": "SCSI Controller",
    "disk-drive": "Hard Drive",
    "physical-drive": "Physical Drive",
    "dvd-drive": "DVD Drive",
    "hard-disk-image": "Hard Disk Image",
    "iso-image": "ISO Disk Image",
    "floppy-image": "Floppy Disk Image",
    "memory": "Memory",
    "processor": "Processor",
    "pci-express": "PCI Express Port",
    "gpu-partition": "GPU Partition",
    "fibre-channel": "Virtual Fibre Channel",
    "security": "Security Setting Data",
    "network-adapter": "Network Adapter",
    "ethernet-connection": "Dynamic Ethernet Switch Port",
    "switch-caption": "Virtual Switch",
    "switch-description": "Microsoft Virtual Switch",
    "switch-identifying": "Virtual Switch Extension Miniport Adapter ID",
    "external-port-caption": "Ethernet Port",
    "external-port-description": "Microsoft External Ethernet Port",
    "keyboard": "Keyboard",
    "mouse": "Mouse",
    "display": "Display Controller",
    "video-head": "Video Head",
    "serial-controller": "Serial Controller",
    "serial-port": "Serial Port",
    "diskette-controller": "Diskette Controller",
    "diskette-drive": "Diskette Drive",
    "shutdown": "Shutdown",
    "time-sync": "Time Synchronization",
    "kvp": "Key-Value Pair Exchange",
    "vss": "VSS",
    "guest-service": "Guest Service Interface",
    "heartbeat": "Heartbeat",
    "heartbeat-degraded": "The protocol version of the component installed in the virtual machine does not match the version "
    "expected by the hosting system",
    "heartbeat-incompatible": "The protocol version of the component installed in the virtual machine is not supported",
    "no-contact": "No contact",
    "lost-communication": "Lost communication",
    "paused": "Paused",
    "migration-service": "Hyper-V Virtual System Migration Service",
    "management-service": "Hyper-V Virtual System Management Service",
    "image-service": "Hyper-V Image Management Service",
    "switch-service": "Hyper-V Virtual Ethernet Switch Management Service",
    "migration-service-settings": "Virtual System Migration Service Setting Data",
    "migration-settings": "Migration Setting Data",
    "migration-settings-description": "Virtual System Migration Setting Data",
    "migration-network": "Migration Network Setting Data",
    "moving-vm": "Moving Virtual Machine",
    "moving-storage": "Moving Storage",
    "moving-vm-and-storage": "Moving Virtual Machine and Storage",
    # Changes of state, in the words of JobType on the page of Msvm_ConcreteJob.
    "starting-vm": "Starting Virtual Machine",
    "turning-off-vm": "Turning Off Virtual Machine",
    "saving-vm": "Saving Virtual Machine",
    "restoring-vm": "Restoring Virtual Machine",
    "shutting-down-vm": "Shutting Down Virtual Machine",
    "pausing-vm": "Pausing Virtual Machine",
    "resuming-vm": "Resuming Virtual Machine",
    "resetting-vm": "Resetting Virtual Machine",
    "modifying-vm": "Modifying Virtual Machine",
    "job-new": "Job is new",
    "job-starting": "Job is starting",
    "job-running": "Job is running",
    "job-completed": "The job completed",
    "job-succeeded": "The job completed successfully",
    "job-terminated": "The job was terminated",
    "job-exception": "The job failed",
    "job-warned": "The job completed with warnings",
}
_JAPANESE = "ja-jp"
_BY_LOCALE: Mapping[str, Texts] = {"en-us": ENGLISH, _JAPANESE: INSTANCES}


@functools.cache
def texts_of(locale: str) -> Texts:
    """Return the texts in `locale`; a language that has no words here has a number for each."""
    language = coded.language_of(locale)
    return _BY_LOCALE.get(locale.casefold(), ENGLISH) if language is None else coded.texts(language, ENGLISH)


def spoken(text: str, locale: str) -> str:
    """Return a sentence of VMMS or of the WinRM service in the language of a host; names and codes stay."""
    if locale.casefold() == _JAPANESE:
        return translated(text)
    language = coded.language_of(locale)
    return text if language is None else coded.coded(text, language)


def spoken_fault(fault: Fault, locale: str) -> Fault:
    """Return a fault with its texts in the language of a host."""
    if locale.casefold() == "en-us":
        return fault
    return replace(fault, reason=spoken(fault.reason, locale), detail=_spoken_detail(fault.detail, locale))


def _spoken_detail(detail: WsmanFault | Instance | None, locale: str) -> WsmanFault | Instance | None:
    match detail:
        case WsmanFault():
            return _spoken_wsman(detail, locale)
        case Instance():
            return detail.replace(Message=spoken(detail.text("Message"), locale))
        case None:
            return None


def _spoken_wsman(detail: WsmanFault, locale: str) -> WsmanFault:
    provider = detail.provider
    if provider is not None:
        inner = None if provider.inner is None else _spoken_wsman(provider.inner, locale)
        provider = replace(provider, text=spoken(provider.text, locale), inner=inner)
    return replace(detail, text=spoken(detail.text, locale), provider=provider)

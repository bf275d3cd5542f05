"""Every localised text that a host's instances carry, in one table.

English wordings not seen on a current build are guesses; the Japanese ones were recorded by r4sd/go-wsman.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.world.jobs import ACTIVE, COMPLETED, EXCEPTION, NEW, STARTING, STORAGE, TERMINATED, VIRTUAL_SYSTEM

Texts = Mapping[str, str]

JOB_TITLES = {VIRTUAL_SYSTEM: "moving-vm", STORAGE: "moving-storage"}
"""MigrationType -> key of the job's name; the rest move machine and storage."""
JOB_STATES = {
    NEW: "job-new",
    STARTING: "job-starting",
    ACTIVE: "job-running",
    COMPLETED: "job-completed",
    TERMINATED: "job-terminated",
    EXCEPTION: "job-exception",
}
ACTIVITIES = {32774: "migrating", 32778: "copying-storage", 32779: "switching-storage"}
"""OperationalStatus[1] -> key of its description."""

_ENGLISH: Texts = {
    "host-caption": "Hosting Computer System",
    "host-description": "Microsoft Hosting Computer System",
    "vm-caption": "Virtual Machine",
    "vm-description": "Microsoft Virtual Machine",
    "ok": "OK",
    "operating-normally": "Operating normally",
    "migrating": "Migrating virtual machine",
    "copying-storage": "Moving storage",
    "switching-storage": "Moving storage",
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
    "heartbeat": "Heartbeat",
    "no-contact": "No contact",
    "migration-service": "Hyper-V Virtual System Migration Service",
    "management-service": "Hyper-V Virtual System Management Service",
    "image-service": "Hyper-V Image Management Service",
    "migration-service-settings": "Virtual System Migration Service Setting Data",
    "migration-settings": "Migration Setting Data",
    "migration-settings-description": "Virtual System Migration Setting Data",
    "migration-network": "Migration Network Setting Data",
    "moving-vm": "Moving Virtual Machine",
    "moving-storage": "Moving Storage",
    "moving-vm-and-storage": "Moving Virtual Machine and Storage",
    "job-new": "Job is new",
    "job-starting": "Job is starting",
    "job-running": "Job is running",
    "job-completed": "The job completed",
    "job-succeeded": "The job completed successfully",
    "job-terminated": "The job was terminated",
    "job-exception": "The job failed",
}
_JAPANESE: Texts = {
    "host-caption": "ホスト コンピューター システム",
    "host-description": "Microsoft ホスト コンピューター システム",
    "vm-caption": "仮想マシン",
    "operating-normally": "正常稼働中",
    "switch-caption": "仮想スイッチ",
    "switch-description": "Microsoft 仮想スイッチ",
    "switch-identifying": "仮想スイッチ拡張ミニポート アダプター ID",
    "job-running": "ジョブは実行中です",
    "job-completed": "ジョブは完了しました",
    "job-succeeded": "ジョブは正常に完了しました",
}
_BY_LOCALE: Mapping[str, Texts] = {"en-us": _ENGLISH, "ja-jp": {**_ENGLISH, **_JAPANESE}}


def texts_of(locale: str) -> Texts:
    """Return the texts in `locale`, in English where there are none."""
    return _BY_LOCALE.get(locale.casefold(), _ENGLISH)

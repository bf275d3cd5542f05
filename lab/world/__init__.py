"""The simulated estate: hosts, machines, migration jobs and the rules that VMMS applies to them."""

from __future__ import annotations

from .clock import LabClock, RunningClock
from .jobs import JOB_STARTED, LabJob, MigrationRequest, Refusal
from .objects import (
    LabCheckpoint,
    LabDisk,
    LabHost,
    LabNic,
    LabPort,
    LabRoots,
    LabShare,
    LabSwitch,
    LabVm,
    LabVolume,
)
from .world import World

__all__ = [
    "JOB_STARTED",
    "LabCheckpoint",
    "LabClock",
    "LabDisk",
    "LabHost",
    "LabJob",
    "LabNic",
    "LabPort",
    "LabRoots",
    "LabShare",
    "LabSwitch",
    "LabVm",
    "LabVolume",
    "MigrationRequest",
    "Refusal",
    "RunningClock",
    "World",
]

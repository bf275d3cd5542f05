"""Rows of Msvm_* classes to machines: joins by GUID, never by a localised text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hyperv_placement.errors import ProtocolError
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, MigrationJob, Roots, VirtualMachine, VmState
from hyperv_placement.model.names import HostName, VmId, is_guid, vm_id
from hyperv_placement.model.slots import FLOPPY_CONTROLLER, IDE_CONTROLLER, place_of, slot_name
from hyperv_placement.wsman import Instance, Value, objects_in

REALIZED = "Microsoft:Hyper-V:System:Realized"
PLANNED = "Microsoft:Hyper-V:System:Planned"
SNAPSHOT = "Microsoft:Hyper-V:Snapshot:"
_ORDINARY = "Microsoft:Hyper-V:Snapshot:Realized"
_VHD = "Microsoft:Hyper-V:Virtual Hard Disk"
_ISO = "Microsoft:Hyper-V:Virtual CD/DVD Disk"
_FLOPPY = "Microsoft:Hyper-V:Virtual Floppy Disk"
_PHYSICAL = "Microsoft:Hyper-V:Physical Disk Drive"
_STATES = {int(state): state for state in VmState}
WARNED = 32768
"""JobState Completed with warnings (openstack/os-win jobutils; samples of Windows-classic-samples)."""
ENDED = frozenset({7, 8, 9, 10, WARNED})
"""JobState: Completed, Terminated, Killed, Exception, Completed with warnings (Msvm_MigrationJob page; os-win)."""
SUCCEEDED = frozenset({7, WARNED})
"""JobState Completed and Completed with warnings (Msvm_MigrationJob page; openstack/os-win jobutils)."""
_NEW_ROOTS = ("ConfigurationDataRoot", "SnapshotDataRoot", "SwapFileDataRoot")
_NEVER = 1601
"""Year of a date that was never set (r4sd/go-wsman's recordings)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one sweep of a host read of its machines, class by class."""

    systems: Sequence[Instance]
    settings: Sequence[Instance]
    disks: Iterable[Instance]
    devices: Iterable[Instance]
    """SCSI controllers and disk drives."""


def machines(rows: Rows, host: HostName) -> tuple[VirtualMachine, ...]:
    """Return the realized systems, sorted by name and GUID: the order of rows promises nothing."""
    # The host is a row of Msvm_ComputerSystem, too, under its computer name. Only "Name is a GUID" tells it from machines:
    # captions and descriptions are localised (recordings of r4sd/go-wsman).
    by_vm = _Joined(rows)
    found = [
        by_vm.machine(vm, system, host)
        for system in rows.systems
        if is_guid(system.text("Name")) and (vm := vm_id(system.text("Name"))) in by_vm.settings
    ]
    return tuple(sorted(found, key=lambda vm: (vm.name, vm.id)))


def planned(rows: Rows) -> tuple[VmId, ...]:
    """Return the GUIDs of the planned systems, sorted."""
    found = (row for row in rows.settings if row.text("VirtualSystemType") == PLANNED)
    names = (row.text("VirtualSystemIdentifier") for row in found)
    return tuple(sorted({vm_id(name) for name in names if is_guid(name)}))


def status_in(system: Instance) -> tuple[int, ...]:
    """Return OperationalStatus of a row of Msvm_ComputerSystem, empty where the host reports none."""
    return tuple(int(value) for value in system.many("OperationalStatus") if value is not None)


class _Joined:
    """The rows by the GUID of the machine, or checkpoint, that their InstanceID starts with."""

    def __init__(self, rows: Rows) -> None:
        self.settings: dict[str, Instance] = {}
        self.checkpoints: dict[str, list[Instance]] = {}
        # Planned systems have settings of their own beside the machine's, under the same VirtualSystemIdentifier.
        for row in once_each(row for row in rows.settings if row.text("VirtualSystemType") != PLANNED):
            vm, kind = row.text("VirtualSystemIdentifier").upper(), row.text("VirtualSystemType")
            if kind == REALIZED:
                self.settings[vm] = row
            elif kind.startswith(SNAPSHOT):
                self.checkpoints.setdefault(vm, []).append(row)
        self.devices = group(rows.devices)
        self.disks = group(rows.disks)

    def machine(self, vm: VmId, system: Instance, host: HostName) -> VirtualMachine:
        enabled, setting = system.number("EnabledState") or 0, self.settings[vm]
        checkpoints = self.checkpoints.get(vm, [])
        return VirtualMachine(
            id=vm,
            name=system.text("ElementName") or vm,
            host=host,
            state=_STATES.get(enabled, VmState.OTHER),
            enabled_state=enabled,
            roots=Roots(
                config=setting.text("ConfigurationDataRoot"),
                checkpoints=setting.text("SnapshotDataRoot"),
                paging=setting.text("SwapFileDataRoot"),
                guest_state=setting.text("GuestStateDataRoot") or None,
            ),
            disks=self._disks(vm),
            operational_status=status_in(system),
            health_state=system.number("HealthState"),
            checkpoints=len(checkpoints),
            special_checkpoints=sum(row.text("VirtualSystemType") != _ORDINARY for row in checkpoints),
            frozen=self._frozen(vm, checkpoints),
            replication_mode=system.number("ReplicationMode"),
            version=setting.text("Version"),
        )

    def _frozen(self, vm: VmId, checkpoints: list[Instance]) -> tuple[Disk, ...]:
        """Return the virtual hard disks of checkpoints; that their controllers keep their GUIDs is a guess."""
        if not checkpoints:
            return ()
        slots = Slots((*self.devices.get(vm, ()), *self.disks.get(vm, ())))
        rows = (row for setting in checkpoints for row in self.disks.get(owner(setting), ()))
        media = (disk for row in rows if (disk := _medium(row, slots)))
        found = [disk for disk in media if disk.kind == DiskKind.VIRTUAL_HARD_DISK]
        return tuple(
            sorted(found, key=lambda disk: (disk.slot, winpath.comparable(disk.path), disk.instance_id))
        )

    def _disks(self, vm: VmId) -> tuple[Disk, ...]:
        devices, media = self.devices.get(vm, ()), self.disks.get(vm, ())
        slots = Slots((*devices, *media))
        found = [disk for row in media if (disk := _medium(row, slots))]
        found += [
            Disk(
                slot=slots.of(row),
                instance_id=row.text("InstanceID"),
                path=path_of(row),
                kind=DiskKind.PASS_THROUGH,
            )
            for row in devices
            if row.text("ResourceSubType") == _PHYSICAL
        ]
        return tuple(sorted(found, key=lambda disk: disk.slot))


def _medium(row: Instance, slots: Slots) -> Disk | None:
    # Disks, ISO and floppy images have the same class and ResourceType (31): the subtype tells them apart (openstack/os-win).
    kinds = {_VHD: DiskKind.VIRTUAL_HARD_DISK, _ISO: DiskKind.ISO, _FLOPPY: DiskKind.FLOPPY}
    kind = kinds.get(row.text("ResourceSubType"))
    path = path_of(row)
    if kind is None or not path:
        return None
    return Disk(
        slot=slots.of(row),
        instance_id=row.text("InstanceID"),
        path=path,
        kind=kind,
        shared=bool(row.flag("PersistentReservationsSupported")),
    )


class Slots:
    """Names of the slots of one machine's drives."""

    def __init__(self, rows: Iterable[Instance]) -> None:
        """Note the SCSI controllers of the machine, by the rows of its controllers, drives and media."""
        guids = {parts[1].upper() for row in rows if len(parts := _parts(row)) > 1}
        self._controllers = guids - {IDE_CONTROLLER, FLOPPY_CONTROLLER}

    def of(self, row: Instance) -> str:
        """Return the slot of a drive or medium, also of a checkpoint, which may have had another controller.

        Raises ProtocolError where its InstanceID names no slot.
        """
        place = place_of(row.text("InstanceID"))
        if place is None:
            raise ProtocolError(f"A drive's InstanceID is {row.text('InstanceID')!r}")
        return slot_name(place, self._controllers)


def _parts(row: Instance) -> list[str]:
    return row.text("InstanceID").split("\\")


def owner(row: Instance) -> str:
    r"""Return the GUID that an InstanceID `Microsoft:<GUID>\...` starts with, upper case; else an empty text."""
    start = _parts(row)[0].removeprefix("Microsoft:")
    return start.upper() if is_guid(start) else ""


def group(rows: Iterable[Instance]) -> Mapping[str, list[Instance]]:
    r"""Return rows by owner; definitions (`Microsoft:Definition\\...`) belong to no machine and fall out."""
    groups: dict[str, list[Instance]] = {}
    for row in once_each(rows):
        if guid := owner(row):
            groups.setdefault(guid, []).append(row)
    return groups


def once_each(rows: Iterable[Instance]) -> Iterator[Instance]:
    """Yield the first row of each InstanceID.

    A planned system that is left beside its realized machine has the machine's GUID, so the rows of its devices have the same
    InstanceIDs: they are no further devices. That the machine's own come first is a guess.
    """
    seen: set[str] = set()
    for row in rows:
        key = row.text("InstanceID").casefold()
        if not key or key not in seen:
            seen.add(key)
            yield row


def path_of(row: Instance) -> str:
    """Return HostResource[0]: the file of a drive, empty where there is none."""
    return next((str(item) for item in row.many("HostResource") if item), "")


def job_of(row: Instance) -> MigrationJob | None:
    """Return a migration job that has not ended, or None."""
    return None if has_ended(row) else any_job_of(row)


def has_ended(row: Instance) -> bool:
    """Say whether a job is over, well or not."""
    return (row.number("JobState") or 0) in ENDED


def any_job_of(row: Instance) -> MigrationJob | None:
    """Return a migration job, ended or not; None where it names no machine."""
    state, vm = row.number("JobState") or 0, row.text("VirtualSystemName")
    if not is_guid(vm):
        return None
    # Both carry what was ordered, as whoever ordered it has written it.
    system = _ordered(row["NewSystemSettingData"], "Msvm_VirtualSystemSettingData")
    media = (
        _ordered(each, "Msvm_StorageAllocationSettingData") for each in row.many("NewResourceSettingData")
    )
    return MigrationJob(
        id=row.text("InstanceID"),
        vm_id=vm_id(vm),
        class_name=row.class_name,
        resource_uri=row.resource_uri,
        destination=row.text("DestinationHost") or None,
        state=state,
        job_type=row.number("JobType") or 0,
        percent=percent_of(row) or 0,
        owner=row.text("Owner"),
        new_roots=() if system is None else tuple(system.text(name) for name in _NEW_ROOTS),
        new_paths=tuple(path for each in media if each and (path := path_of(each))),
        begun=_time(row, "StartTime"),
        changed=_time(row, "TimeOfLastStateChange"),
    )


def percent_of(row: Instance) -> int | None:
    """Return how far a job says that it is, None where it says nothing that can be read: it decides nothing."""
    return row.number("PercentComplete") if row.is_readable("PercentComplete") else None


def recent_job_of(row: Instance) -> MigrationJob | None:
    """Return a migration that moved a machine and ended well, or None."""
    if (row.number("JobState") or 0) not in SUCCEEDED or row.number("ErrorCode"):
        return None
    job = any_job_of(row)
    return None if job is None or job.only_prepares else job


def _time(row: Instance, name: str) -> str:
    value = row.get(name) if row.is_readable(name) else None
    if not isinstance(value, datetime) or value.year <= _NEVER:
        return ""
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _ordered(value: Value, class_name: str) -> Instance | None:
    """What another client sent may be in a form that we do not read; then its paths are not known."""
    try:
        return next(iter(objects_in(value, class_name)), None)
    except ProtocolError:
        return None

"""Rows of Msvm_* classes to machines: joins by GUID, never by a localised text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from providers.errors import ProtocolError
from providers.model.estate import (
    Disk,
    DiskKind,
    MigrationJob,
    Roots,
    VirtualMachine,
    VmState,
)
from providers.model.names import HostName, VmId, is_guid, vm_id
from providers.wsman import Instance, decode_embedded

REALIZED = "Microsoft:Hyper-V:System:Realized"
SNAPSHOT = "Microsoft:Hyper-V:Snapshot:"
IDE_CONTROLLER = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
"""The IDE controllers' GUID, the same in every machine (openstack/os-win vmutils)."""
_VHD = "Microsoft:Hyper-V:Virtual Hard Disk"
_ISO = "Microsoft:Hyper-V:Virtual CD/DVD Disk"
_PHYSICAL = "Microsoft:Hyper-V:Physical Disk Drive"
_GUID_IN_PATH = re.compile(r'Name="?([0-9A-Fa-f-]{36})')
OK = 2
"""CIM OperationalStatus OK."""
ENDED = frozenset({7, 8, 9, 10, 32768})
"""JobState: Completed, Terminated, Killed, Exception, Completed with warnings (Msvm_MigrationJob page; os-win)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one sweep of a host read of its machines, class by class."""

    systems: Sequence[Instance]
    settings: Iterable[Instance]
    disks: Iterable[Instance]
    physical: Iterable[Instance]
    controllers: Iterable[Instance]
    memory: Iterable[Instance]
    security: Iterable[Instance] | None
    """None where the host did not let us read it."""
    ports: Iterable[Instance]
    switches: Iterable[Instance]
    heartbeats: Iterable[Instance]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """What a host's cluster says of its machines."""

    name: str | None = None
    """None: the host is in no cluster."""
    readable: bool = True
    machines: frozenset[str] = frozenset()
    """GUIDs (upper case) and names (case-folded) of clustered machines."""
    unidentified: frozenset[str] = frozenset()
    """Names, case-folded, of roles on this host that tell no GUID."""

    def beside(self, names: Iterable[str]) -> ClusterView:
        """Return the view for a host with machines of these `names`: an unknown role may be any of them."""
        strange = self.unidentified - {name.casefold() for name in names}
        return replace(self, readable=self.readable and not strange)

    def holds(self, vm: VmId, name: str) -> bool | None:
        """Say whether a machine is a role of the cluster; None where the cluster cannot be read."""
        if vm in self.machines or name.casefold() in self.machines:
            return True
        return False if self.readable else None


def machines(rows: Rows, host: HostName, cluster: ClusterView) -> tuple[VirtualMachine, ...]:
    """Return the realized systems, sorted by name and GUID: the order of rows promises nothing."""
    by_vm = _Joined(rows)
    cluster = cluster.beside(system.text("ElementName") for system in rows.systems)
    found = [
        by_vm.machine(system, host, cluster)
        for system in rows.systems
        if is_guid(system.text("Name")) and vm_id(system.text("Name")) in by_vm.settings
    ]
    return tuple(sorted(found, key=lambda vm: (vm.name, vm.id)))


class _Joined:
    """The rows by the GUID of the machine, or checkpoint, that their InstanceID starts with."""

    def __init__(self, rows: Rows) -> None:
        self.settings: dict[str, Instance] = {}
        self.checkpoints: dict[str, int] = {}
        for row in rows.settings:
            self._add_setting(row)
        self.controllers = _group(rows.controllers)
        self.disks = _group(rows.disks)
        self.physical = _group(rows.physical)
        self.memory = _group(rows.memory)
        self.security = None if rows.security is None else _group(rows.security)
        self.ports = _group(rows.ports)
        self.heartbeats = {row.text("SystemName").upper(): row for row in rows.heartbeats}
        self.switches = {row.text("Name").upper(): row.text("ElementName") for row in rows.switches}

    def _add_setting(self, row: Instance) -> None:
        vm, kind = row.text("VirtualSystemIdentifier").upper(), row.text("VirtualSystemType")
        if kind == REALIZED:
            self.settings[vm] = row
        elif kind.startswith(SNAPSHOT):
            self.checkpoints[vm] = self.checkpoints.get(vm, 0) + 1

    def machine(self, system: Instance, host: HostName, cluster: ClusterView) -> VirtualMachine:
        vm = vm_id(system.text("Name"))
        name, enabled = system.text("ElementName"), system.number("EnabledState") or 0
        setting = self.settings[vm]
        return VirtualMachine(
            id=vm,
            name=name,
            host=host,
            state=VmState(enabled) if enabled in set(VmState) else VmState.OTHER,
            enabled_state=enabled,
            memory_mib=self._memory(vm),
            roots=_roots(setting),
            disks=self._disks(vm),
            operational_status=tuple(int(value) for value in system.many("OperationalStatus")),
            checkpoints=self.checkpoints.get(vm, 0),
            replication_mode=system.number("ReplicationMode") or 0,
            clustered=cluster.holds(vm, name),
            vtpm=self._vtpm(vm),
            switches=self._switches(vm),
            heartbeat_ok=self._heartbeat(vm),
        )

    def _memory(self, vm: VmId) -> int:
        return sum(row.number("VirtualQuantity") or 0 for row in self.memory.get(vm, ()))

    def _vtpm(self, vm: VmId) -> bool | None:
        if self.security is None:
            return None
        return any(row.flag("TpmEnabled") for row in self.security.get(vm, ()))

    def _switches(self, vm: VmId) -> tuple[str, ...]:
        ports = sorted(self.ports.get(vm, ()), key=lambda row: row.text("InstanceID"))
        return tuple(name for port in ports if (name := self._switch(port)))

    def _switch(self, port: Instance) -> str:
        """HostResource names the switch by GUID; an adapter that is not connected names none."""
        path = next((str(item) for item in port.many("HostResource") if item), "")
        guid = _GUID_IN_PATH.search(path)
        if guid is None:
            return ""
        return self.switches.get(guid.group(1).upper()) or port.text("LastKnownSwitchName")

    def _heartbeat(self, vm: VmId) -> bool | None:
        row = self.heartbeats.get(vm)
        return None if row is None else next(iter(row.many("OperationalStatus")), None) == OK

    def _disks(self, vm: VmId) -> tuple[Disk, ...]:
        slots = _Slots(self.controllers.get(vm, ()), (*self.disks.get(vm, ()), *self.physical.get(vm, ())))
        found = [disk for row in self.disks.get(vm, ()) if (disk := _medium(row, slots))]
        found += [
            Disk(
                slot=slots.of(row),
                instance_id=row.text("InstanceID"),
                path=path_of(row),
                kind=DiskKind.PASS_THROUGH,
            )
            for row in self.physical.get(vm, ())
            if row.text("ResourceSubType") == _PHYSICAL
        ]
        return tuple(sorted(found, key=lambda disk: disk.slot))


def _medium(row: Instance, slots: _Slots) -> Disk | None:
    kinds = {_VHD: DiskKind.VIRTUAL_HARD_DISK, _ISO: DiskKind.ISO}
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


class _Slots:
    r"""Controller and slot from an InstanceID `Microsoft:<VM>\<controller>\<number>\<slot>\L`.

    SCSI controllers are numbered by their sorted GUIDs: Hyper-V Manager's numbers are not in these rows.
    """

    def __init__(self, controllers: Iterable[Instance], drives: Iterable[Instance]) -> None:
        guids = {parts[1].upper() for row in (*controllers, *drives) if len(parts := _parts(row)) > 1}
        self._numbers = {guid: n for n, guid in enumerate(sorted(guids - {IDE_CONTROLLER}))}

    def of(self, row: Instance) -> str:
        parts = _parts(row)
        if len(parts) < 4:  # noqa: PLR2004 - machine, controller, number, slot
            raise ProtocolError(f"A drive's InstanceID is {row.text('InstanceID')!r}")
        guid, number, slot = parts[1].upper(), parts[2], parts[3]
        return f"ide-{number}-{slot}" if guid == IDE_CONTROLLER else f"scsi-{self._numbers[guid]}-{slot}"


def _parts(row: Instance) -> list[str]:
    return row.text("InstanceID").split("\\")


def owner(row: Instance) -> str:
    r"""Return the GUID that an InstanceID `Microsoft:<GUID>\...` starts with, upper case; else an empty text."""
    start = _parts(row)[0].removeprefix("Microsoft:")
    return start.upper() if is_guid(start) else ""


def _group(rows: Iterable[Instance]) -> Mapping[str, list[Instance]]:
    r"""Definitions (`Microsoft:Definition\\...`) belong to no machine and fall out."""
    groups: dict[str, list[Instance]] = {}
    for row in rows:
        if guid := owner(row):
            groups.setdefault(guid, []).append(row)
    return groups


def path_of(row: Instance) -> str:
    """Return HostResource[0]: the file of a drive, empty where there is none."""
    return next((str(item) for item in row.many("HostResource") if item), "")


def _roots(setting: Instance) -> Roots:
    return Roots(
        config=setting.text("ConfigurationDataRoot"),
        checkpoints=setting.text("SnapshotDataRoot"),
        paging=setting.text("SwapFileDataRoot"),
        guest_state=setting.text("GuestStateDataRoot") or None,
    )


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
    return MigrationJob(
        id=row.text("InstanceID"),
        vm_id=vm_id(vm),
        class_name=row.class_name,
        resource_uri=row.resource_uri,
        destination=row.text("DestinationHost") or None,
        state=state,
        job_type=row.number("JobType") or 0,
        percent=row.number("PercentComplete") or 0,
        owner=row.text("Owner"),
        new_roots=_new_roots(row),
        new_paths=_new_paths(row),
    )


def _new_roots(row: Instance) -> tuple[str, ...]:
    text = row.text("NewSystemSettingData")
    setting = _embedded(text) if text else None
    if setting is None:
        return ()
    names = ("ConfigurationDataRoot", "SnapshotDataRoot", "SwapFileDataRoot")
    return tuple(setting.text(name) for name in names)


def _new_paths(row: Instance) -> tuple[str, ...]:
    settings = (_embedded(str(text)) for text in row.many("NewResourceSettingData") if text)
    return tuple(path for setting in settings if setting and (path := path_of(setting)))


def _embedded(text: str) -> Instance | None:
    """What another client sent may be in a form that we do not read; then its paths are not known."""
    try:
        return decode_embedded(text)
    except ProtocolError:
        return None

"""The table of enumerations, held to the code: each value is treated as its row says, and nothing is read that has no row."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from hyperv_placement.hyperv import host_facts, host_settings
from hyperv_placement.hyperv.compatibility import vectors_in
from hyperv_placement.hyperv.images import has_parent
from hyperv_placement.hyperv.jobs import Outcome
from hyperv_placement.hyperv.move_rows import _host_drives, beats
from hyperv_placement.hyperv.rows import Rows, any_job_of, has_ended, machines, planned, recent_job_of
from hyperv_placement.hyperv.vlans import vlan_ids
from hyperv_placement.hyperv.vmm import manages
from hyperv_placement.migration.lost_order import verdict
from hyperv_placement.model.estate import DiskKind, VirtualMachine
from hyperv_placement.model.finding import Topic
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.checks.move import _machine
from hyperv_placement.planning.checks.preflight.delegation_settings import AUTHENTICATIONS
from hyperv_placement.planning.checks.preflight.processor import fits
from hyperv_placement.wsman import Instance, Value
from tests.estates import guid, machine
from tools.docs import enumerations
from tools.docs.enumerations import Enumeration
from tools.workspace import PROJECT

TABLE = enumerations.read(PROJECT)
PRODUCT = PROJECT / "providers" / "hyperv_placement"
VM = guid(1)
SLOT = f"Microsoft:{VM}\\11111111-0000-0000-0000-000000000000\\0\\0"
Given = int | str | None


def read(
    *settings: Instance,
    devices: tuple[Instance, ...] = (),
    disks: tuple[Instance, ...] = (),
    system: dict[str, Value] | None = None,
) -> Rows:
    """Return the rows of a host with VM001, which is well, and more of them; `system`: other values of its own row."""
    values: dict[str, Value] = {
        "Name": VM, "ElementName": "VM001", "EnabledState": 2, "OperationalStatus": (2,), "HealthState": 5, "ReplicationMode": 0
    }  # fmt: skip
    return Rows(
        systems=[Instance("Msvm_ComputerSystem", {**values, **(system or {})})],
        settings=[_setting("Microsoft:Hyper-V:System:Realized", VM), *settings],
        devices=devices,
        disks=disks,
    )


def _setting(kind: str | None, instance: str) -> Instance:
    values: dict[str, Value] = {
        "InstanceID": f"Microsoft:{instance}", "VirtualSystemIdentifier": VM, "VirtualSystemType": kind,
        "ConfigurationDataRoot": "D:\\c", "SnapshotDataRoot": "D:\\s", "SwapFileDataRoot": "D:\\p",
    }  # fmt: skip
    return Instance("Msvm_VirtualSystemSettingData", values)


def _only(rows: Rows) -> VirtualMachine:
    (vm,) = machines(rows, HostName("hv1"))
    return vm


def judged(**system: Value) -> str:
    """Return what becomes of a move of a machine whose row has these values, in the words of the table."""
    vm = replace(_only(read(system=system)), clustered=False)
    findings = list(_machine(vm))
    against = [each for each in findings if each.refuses]
    if not against:
        return "warned" if findings else "fine"
    if all(each.topic == Topic.PASSING for each in against):
        return "waited for"
    return "refused until it has ended" if all(each.id == "machine-busy" for each in against) else "refused"


def _heartbeat(value: Given) -> str:
    words = {True: "answers", False: "does not answer", None: "nothing is known"}
    return words[
        beats(Instance("Msvm_HeartbeatComponent", {"OperationalStatus": None if value is None else (value,)}))
    ]


def _job(**values: Value) -> Instance:
    known: dict[str, Value] = {
        "InstanceID": "J",
        "VirtualSystemName": VM,
        "DestinationHost": "hv2",
        "JobState": 7,
        "JobType": 305,
    }
    return Instance("Msvm_MigrationJob", {**known, **values})


def _job_state(value: Given) -> str:
    row = _job(JobState=value)
    if not has_ended(row):
        assert recent_job_of(row) is None
        return "under way"
    outcome = Outcome(state=row.number("JobState") or 0)
    assert (recent_job_of(row) is not None) == outcome.succeeded
    return "done" if outcome.succeeded else "failed"


def _job_error(value: Given) -> str:
    row = _job(ErrorCode=value)
    outcome = Outcome(state=7, error_code=row.number("ErrorCode") or 0)
    assert (recent_job_of(row) is not None) == outcome.succeeded == (not outcome.failed)
    return "done" if outcome.succeeded else "failed"


def _job_type(value: Given) -> str:
    job = any_job_of(_job(JobType=value))
    assert job is not None
    if job.only_prepares:
        return "prepares"
    return "moves files" if job.moves_storage else "moves the machine"


def _order(value: Given) -> str:
    assert not isinstance(value, str)
    return {"taken": "taken", "unknown": "looked for", "refused": "refused"}[verdict(value)]


def _authentication(value: Given) -> str:
    row = Instance("Msvm_VirtualSystemMigrationServiceSettingData", {"AuthenticationType": value})
    read = host_facts._migration(Instance("Msvm_VirtualSystemMigrationService", {}), row).authentication
    named = AUTHENTICATIONS.get(read, "not known")
    assert host_settings._authentication(row) == {"not known": "unknown"}.get(named, named.casefold())
    return named


def _disk_type(value: Given) -> str:
    setting = Instance("Msvm_VirtualHardDiskSettingData", {"Type": value})
    return "has a parent" if has_parent(setting) else "stands alone"


def _vlan_mode(value: Given) -> str:
    ids: dict[str, Value] = {
        "AccessVlanId": 1, "NativeVlanId": 2, "TrunkVlanIdArray": (3,), "PrimaryVlanId": 4, "SecondaryVlanId": 5
    }  # fmt: skip
    row = Instance("Msvm_EthernetSwitchPortVlanSettingData", {"OperationMode": value, **ids})
    return " and ".join(list(ids)[found - 1] for found in vlan_ids([row])) or "no VLANs"


def _operation(value: Given) -> str:
    row = {"VectorId": 1, "CompareOperation": value, "CompatibilityInfo": 1}
    vectors = vectors_in((Instance("Msvm_CompatibilityVector", row),))
    return "not compared" if vectors is None or fits(vectors, vectors) is None else "compared"


def _system_type(value: Given) -> str:
    assert not isinstance(value, int)
    if value == "Microsoft:Hyper-V:System:Realized":
        return "machine" if machines(read(), HostName("hv1")) else "not looked at"
    rows = read(_setting(value, guid(9)))
    vm = _only(rows)
    if planned(rows):
        return "planned machine"
    return {(0, 0): "not looked at", (1, 0): "checkpoint", (1, 1): "special checkpoint"}[
        vm.checkpoints, vm.special_checkpoints
    ]


def _medium(value: Given) -> str:
    row = Instance(
        "Msvm_StorageAllocationSettingData",
        {"InstanceID": f"{SLOT}\\L", "ResourceSubType": value, "HostResource": ("D:\\x",)},
    )
    words = {DiskKind.VIRTUAL_HARD_DISK: "disk", DiskKind.ISO: "ISO image", DiskKind.FLOPPY: "floppy image"}
    return next((words[disk.kind] for disk in _only(read(disks=(row,))).disks), "not looked at")


def _drive(value: Given) -> str:
    row = Instance(
        "Msvm_ResourceAllocationSettingData",
        {"InstanceID": f"{SLOT}\\D", "ResourceSubType": value, "HostResource": ("\\\\HV1\\root",)},
    )
    if _only(read(devices=(row,))).disks:
        return "pass-through disk"
    return "DVD drive of the host" if list(_host_drives([row], machine(1))) else "not looked at"


def _guard(value: Given) -> str:
    row = Instance("Win32_DeviceGuard", {"SecurityServicesRunning": None if value is None else (value,)})
    return "runs" if host_facts.runs_credential_guard(row) else "does not run"


PROBES: dict[str, Callable[[Given], str]] = {
    "machine-status": lambda value: judged(OperationalStatus=None if value is None else (value,)),
    "machine-activity": lambda value: judged(OperationalStatus=(2,) if value is None else (2, value)),
    "machine-health": lambda value: judged(HealthState=value),
    "machine-state": lambda value: judged(EnabledState=value),
    "replication-mode": lambda value: judged(ReplicationMode=value),
    "heartbeat": _heartbeat,
    "job-state": _job_state,
    "job-error": _job_error,
    "job-type": _job_type,
    "order": _order,
    "migration-authentication": _authentication,
    "disk-type": _disk_type,
    "vlan-mode": _vlan_mode,
    "compare-operation": _operation,
    "system-type": _system_type,
    "medium": _medium,
    "drive": _drive,
    "credential-guard": _guard,
    "agent": lambda value: (
        "managed" if manages(Instance("Win32_Service", {"State": value})) else "not managed"
    ),
}
"""By row of the table: what our code makes of a value, in the words of the row; None for one that is not reported."""
NUMBERS = (*range(64), *range(300, 310), 4095, 4097, *range(32760, 32830), 65535)
TEXTS = ("", "Microsoft:Hyper-V:Other", "OK")


@pytest.mark.parametrize("row", TABLE.enumerations, ids=lambda row: row.id)
def test_each_value_is_treated_as_its_row_says(row: Enumeration) -> None:
    """By our own code, from a row of the class; values that no page names, and none at all, too."""
    probe = PROBES[row.id]
    assert {value.value: probe(value.value) for value in row.values} == {v.value: v.we for v in row.values}
    named = {value.value for value in row.values}
    assert len(named) == len(row.values)
    others = [
        each for each in (TEXTS if isinstance(row.values[0].value, str) else NUMBERS) if each not in named
    ]
    assert {probe(each) for each in others} == {row.not_named}
    assert probe(None) == row.not_reported


def test_each_row_has_its_probe() -> None:
    """And none is probed that is not in the table."""
    assert PROBES.keys() == {row.id for row in TABLE.enumerations}


def test_a_snapshot_without_a_name_is_special() -> None:
    """Whoever took it: no storage moves beneath it."""
    assert _system_type("Microsoft:Hyper-V:Snapshot:OfTomorrow") == "special checkpoint"


def _read_in(source: str) -> Iterator[str]:
    """Yield each property that a module reads of an instance, or asks rows for by its value."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"number", "many", "text"}
        ):
            yield from (
                arg.value
                for arg in node.args[:1]
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )
        if isinstance(node, ast.keyword) and node.arg == "where" and isinstance(node.value, ast.Dict):
            yield from (
                key.value
                for key in node.value.keys
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            )


def test_nothing_is_read_that_the_table_does_not_have() -> None:
    """A property of a row is an enumeration with a row here, or stands among counts or texts: `codes/enumerations.yaml`.

    Who reads a new enumeration adds its values by their page, and what is done with each; PROBES above holds that to the code.
    """
    rows = [*(row.of for row in TABLE.enumerations), *(row.of for row in (*TABLE.asked_for, *TABLE.compared))]
    listed = [of for row in rows for of in row.split(", ")]
    known = {re.sub(r"\[\d\]$", "", of).rpartition(".")[2] for of in listed} | {*TABLE.counts, *TABLE.texts}
    read = {
        name
        for path in sorted(PRODUCT.rglob("*.py"))
        if "wsman" not in path.parts
        for name in _read_in(path.read_text(encoding="utf-8"))
        if name[:1].isupper()
    }
    assert read - known == set()
    assert len(read) > 50

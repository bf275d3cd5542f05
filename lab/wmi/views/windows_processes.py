"""Win32_Process and Win32_Service of a host, as far as anybody asks for them here: what runs for Hyper-V and WinRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from hyperv_placement.model.units import KIB
from hyperv_placement.wsman import CIMV2, Instance, Value
from lab.wmi.view import View, instance
from lab.world import LabHost, LabVm
from lab.world.builds import version_of
from lab.world.objects import UP

from .windows_fixed import INSTALLED

_SYSTEM32 = r"C:\Windows\system32"
_NORMAL_PRIORITY = 8  # Win32_Process page: base priorities of Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    name: str
    id: int
    parent: int = 0
    command: str = ""
    threads: int = 8
    working_set: int = 20 * 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    title: str
    about: str
    process: int
    path: str
    account: str = "LocalSystem"
    type: str = "Own Process"


_SERVICES: Mapping[str, _Service] = {
    "vmms": _Service(
        title="Hyper-V Virtual Machine Management",
        about="Management service for Hyper-V, provides service to run multiple virtual machines.",
        process=3312,
        path=rf"{_SYSTEM32}\vmms.exe",
    ),
    "WinRM": _Service(
        title="Windows Remote Management (WS-Management)",
        about="Implements the WS-Management protocol for remote management.",
        process=1448,
        path=rf"{_SYSTEM32}\svchost.exe -k NetworkService -p",
        account=r"NT AUTHORITY\NetworkService",
        type="Share Process",
    ),
    "SCVMMAgent": _Service(
        title="System Center Virtual Machine Manager Agent",
        about="Agent of Virtual Machine Manager.",
        process=4020,
        path=r"C:\Program Files\Microsoft System Center\Virtual Machine Manager\bin\vmmAgent.exe",
    ),
}


def worker_process(vm: LabVm) -> int | None:
    """Return the id of the process that runs a machine, None for one that is not up."""
    if vm.enabled_state not in UP:
        return None
    return vm.process_id or 4096 + 4 * (int(vm.id[:4], 16) % 8192)


def booted(host: LabHost) -> datetime:
    """Return when the host's Windows started."""
    return host.booted or INSTALLED


def services(view: View) -> Iterator[Instance]:
    """Yield the services, all of which run."""
    for name, found in _services(view).items():
        yield instance(
            "Win32_Service",
            {
                "AcceptPause": False, "AcceptStop": True, "Caption": found.title, "CheckPoint": 0,
                "CreationClassName": "Win32_Service", "DelayedAutoStart": False, "Description": found.about,
                "DesktopInteract": False, "DisplayName": found.title, "ErrorControl": "Normal", "ExitCode": 0,
                "Name": name, "PathName": found.path, "ProcessId": found.process, "ServiceSpecificExitCode": 0,
                "ServiceType": found.type, "StartMode": "Auto", "StartName": found.account, "Started": True,
                "State": "Running", "Status": "OK", "SystemCreationClassName": "Win32_ComputerSystem",
                "SystemName": view.host.computer_name, "TagId": 0, "WaitHint": 0,
            },
            namespace=CIMV2,
        )  # fmt: skip


def _services(view: View) -> Mapping[str, _Service]:
    return {name: found for name, found in _SERVICES.items() if name != "SCVMMAgent" or view.host.vmm_agent}


def processes(view: View) -> Iterator[Instance]:
    """Yield the system's own, those of the services, and one for each machine that is up, with its GUID in the command."""
    for each in running(view):
        yield _row(view, each)


def running(view: View) -> list[_Process]:
    """Return what runs on the host."""
    vmms = _SERVICES["vmms"].process
    return [
        _Process(name="System Idle Process", id=0, threads=view.host.processors),
        _Process(name="System", id=4, threads=200),
        *(
            _Process(name=_file(found.path), id=found.process, parent=4, command=found.path)
            for found in _services(view).values()
        ),
        *(
            _Process(
                name="vmwp.exe",
                id=process,
                parent=vmms,
                command=f'"{_SYSTEM32}\\vmwp.exe" {vm.id}',
                threads=30,
            )
            for vm in view.host.vms()
            if (process := worker_process(vm)) is not None
        ),
    ]


def _file(path: str) -> str:
    return path.partition(" -")[0].rsplit("\\", 1)[-1]


def _row(view: View, process: _Process) -> Instance:
    path = process.command.partition(" -")[0].partition('" ')[0].strip('"') or None
    counters: dict[str, Value] = dict.fromkeys(
        (
            "KernelModeTime", "OtherOperationCount", "OtherTransferCount", "PageFaults", "QuotaNonPagedPoolUsage",
            "QuotaPagedPoolUsage", "QuotaPeakNonPagedPoolUsage", "QuotaPeakPagedPoolUsage", "ReadOperationCount",
            "ReadTransferCount", "UserModeTime", "WriteOperationCount", "WriteTransferCount",
        ),
        0,
    )  # fmt: skip
    return instance(
        "Win32_Process",
        {
            **counters,
            "CSCreationClassName": "Win32_ComputerSystem", "CSName": view.host.computer_name, "Caption": process.name,
            "CommandLine": process.command or None, "CreationClassName": "Win32_Process",
            "CreationDate": booted(view.host), "Description": process.name,
            "ExecutablePath": path, "Handle": str(process.id), "HandleCount": 300, "Name": process.name,
            "OSCreationClassName": "Win32_OperatingSystem", "PageFileUsage": process.working_set // KIB,
            "ParentProcessId": process.parent, "PeakPageFileUsage": process.working_set // KIB,
            "PeakVirtualSize": process.working_set, "PeakWorkingSetSize": process.working_set // KIB,
            "Priority": _NORMAL_PRIORITY, "PrivatePageCount": process.working_set, "ProcessId": process.id,
            "SessionId": 0, "ThreadCount": process.threads, "VirtualSize": process.working_set,
            "WindowsVersion": version_of(view.host.build), "WorkingSetSize": process.working_set,
        },
        namespace=CIMV2,
    )  # fmt: skip

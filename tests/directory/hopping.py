"""Migrations ordered over the wire at hosts whose second hop a real directory decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import EndpointReference, Instance, resource_uri
from lab.directory.second_hop import KerberosSecondHop
from lab.estate.spec import EstateSpec
from lab.home import credentials
from lab.wmi.views.holders import holders_of
from lab.world import LabDisk, LabJob, LabVm, vmms
from lab.world.jobs import ACTIVE, EXCEPTION
from lab.world.objects import FILELESS
from tests.fabric.conftest import until
from tests.unit.lab.conftest import StillClock

from .conftest import Site
from .hosts import Hosts, hosts_of

Caller = Literal["kerberos", "ntlm", "credssp", "basic", "certificate"]
CALLERS: tuple[Caller, ...] = ("kerberos", "ntlm", "credssp", "basic", "certificate")
MIGRATION = "Microsoft Virtual System Migration Service/hv2.lab.example"
CIFS = "cifs/hv2.lab.example"
SHARE = "cifs/sofs.lab.example"
TRUSTED = 0x1000000
"""TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION: protocol transition (MS-ADTS 2.2.16)."""
SERVICE = EndpointReference(
    resource_uri("Msvm_VirtualSystemMigrationService"),
    {"CreationClassName": "Msvm_VirtualSystemMigrationService"},
)
REFUSED = [
    (
        "The Virtual Machine Management Service failed to establish a connection for a Virtual Machine migration with "
        "host 'hv2.lab.example': No credentials are available in the security package (0x8009030E)."
    ),
    "Failed to authenticate the connection at the source host: no suitable credentials available.",
]
"""What the field report has below its first line."""


class Hopping:
    """hv1, where migrations to hv2 are ordered, and a client of it for each way of logging on."""

    def __init__(self, hosts: Hosts, clock: StillClock, role: str) -> None:
        """Let everybody of the domain be `role`."""
        self.hosts, self.world, self.site, self.clock = hosts, hosts.world, hosts.site, clock
        self._role = role
        self._clients: dict[Caller, Client] = {}

    @property
    def second_hop(self) -> KerberosSecondHop:
        """What gets the hosts there."""
        assert isinstance(self.world.second_hop, KerberosSecondHop)
        return self.world.second_hop

    def client(self, caller: Caller) -> Client:
        """Return the client, its connection kept for the next time."""
        if caller not in self._clients:
            local = caller in ("basic", "certificate")
            file = self._local() if local else self.hosts.login(self._role)
            self._clients[caller] = self.hosts.client(
                self.hosts.spec(caller, "https" if local else "http", file)
            )
        return self._clients[caller]

    def hold(self, caller: Caller, client: Client) -> None:
        """Let this client be the one for a way of logging on."""
        self._clients[caller] = client

    def _local(self) -> Path:
        account = credentials.read(self.hosts.home)
        return self.hosts.secret(
            "local",
            username=account.username,
            password=account.password,
            certificate="client.pem",
            key="client.key",
        )

    def delegate(self, services: Sequence[str], *, trusted: bool) -> None:
        """Set the delegation of HV1's account, by ldapmodify."""
        flags = str(0x1000 | (TRUSTED if trusted else 0))
        self.site.replace("hv1", {"msDS-AllowedToDelegateTo": services, "userAccountControl": [flags]})

    def order(
        self, caller: Caller, name: str = "WEB01", *, kind: int = 32771, to: str | None = "hv2.lab.example", folder: str = ""
    ) -> LabJob:  # fmt: skip
        """Order a migration, files where they are or into `folder`, and return its job when its host has connected."""
        vm = next(vm for vm in self.world.vms() if vm.name == name)
        answer = self.client(caller).invoke(
            SERVICE, "MigrateVirtualSystemToHost", arguments(vm, kind, to, folder)
        )
        assert answer.return_value == 4096
        reference = answer.outputs["Job"]
        assert isinstance(reference, EndpointReference)
        job = self.world.job(reference.selector("InstanceID") or "")
        assert job is not None
        until(lambda: job.work is None or not job.work.connecting)
        return job

    def got_there(self, job: LabJob) -> bool:
        """Say whether a migration has reached the other host, and end it at once: its machine stays."""
        vm = next(vm for vm in self.world.vms() if vm.id == job.vm)
        self.pass_time(0.8)
        if job.state == ACTIVE:
            assert vm.id in self.world.hosts["hv2"].planned
            assert vmms.cancel(self.world, job.id) == 0
            return True
        assert job.errors[1:] == REFUSED, (job.state, job.errors, job.owner)
        assert (job.state, job.error_code) == (EXCEPTION, 32768)
        assert vm.id in self.world.hosts["hv1"].realized
        assert not self.world.hosts["hv2"].planned
        return False

    def pass_time(self, seconds: float) -> None:
        """Let the world's time pass."""
        for _ in range(round(seconds * 10)):
            self.clock.time += timedelta(seconds=0.1)
            vmms.advance(self.world)

    def reported(self) -> list[dict[str, Any]]:
        """Return what the lab's log has of second hops."""
        return self.hosts.log("second-hop")


def arguments(vm: LabVm, kind: int, to: str | None, folder: str) -> dict[str, Any]:
    """Return the arguments of MigrateVirtualSystemToHost."""
    own = next(iter(holders_of(vm)))
    disks = [disk for disk in own.disks if disk.kind not in FILELESS] if kind != 32768 else []
    settings = Instance("Msvm_VirtualSystemMigrationSettingData", {"MigrationType": kind})
    return {
        "ComputerSystem": EndpointReference(
            resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": vm.id}
        ),
        "DestinationHost": to,
        "MigrationSettingData": settings,
        "NewSystemSettingData": None,
        "NewResourceSettingData": tuple(
            Instance(
                "Msvm_StorageAllocationSettingData",
                {"InstanceID": own.medium(disk), "HostResource": (_place(disk, folder),)},
            )
            for disk in disks
        ),
    }


def _place(disk: LabDisk, folder: str) -> str:
    return f"{folder}\\{disk.path.rpartition(chr(92))[2]}" if folder else disk.path


@contextmanager
def hopping(
    site: Site, spec: EstateSpec, home: Path, *, ticket_cache: float = 0, role: str = "host_administrator"
) -> Iterator[Hopping]:
    """Run hosts of the domain in a process whose Kerberos is the domain's; nothing is delegated afterwards."""
    clock = StillClock()
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in site.directory.environment.items():
            patch.setenv(variable, value)
        patch.setenv("KRB5CCNAME", f"FILE:{home.parent / 'tickets'}")
        with hosts_of(site, spec, home, clock, ticket_cache=ticket_cache) as hosts:
            one = Hopping(hosts, clock, role)
            yield one
            one.delegate([], trusted=False)

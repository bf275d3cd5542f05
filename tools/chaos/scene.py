"""One round under way: its lab, its stack file, its runs, and what has become of its machines."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.home.credentials import Account
from lab.world import LabVm

from .cases import Case
from .disturbances import CLOCK, TICKET
from .laboratory import Laboratory
from .own_clock import OwnClock
from .place import STACK, Place
from .processes import Run
from .relay import Relay
from .tickets import Tickets

NEW_PASSWORD = "An0ther-Passw0rd"  # noqa: S105 - of the lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a machine was when the round began, by which it is judged afterwards."""

    id: str
    label: str
    host: str
    state: int
    switches: tuple[str | None, ...]
    sums: Mapping[str, str | None]


class Scene:
    """What the parts of a round share."""

    def __init__(self, case: Case, place: Place, folder: Path) -> None:
        """Start the lab of a case in a place; logs of runs go to `folder`."""
        self.case, self.place, self.folder = case, place, folder
        # Kerberos keeps tickets by the names of files: a directory that another one follows in this process has its own.
        self._home = place.folder / (f".lab-{case.seed}" if case.domain else ".lab")
        self.lab = Laboratory(self._home, case.start.estate, case.seed, domain=case.domain)
        self._open = ExitStack()
        self.relays: dict[str, Relay] = {}
        self.runs: list[Run] = []
        self.beside: list[Run] = []
        """Runs that another person has started."""
        self.declared: Mapping[str, Any] = case.start.before
        self.machines = {vm.id: self._as_it_is(vm) for vm in self.lab.vms()}
        self.tickets: Tickets | None = None
        if self.lab.directory is not None and TICKET in case.kinds():
            self.tickets = Tickets(self._home, self.lab.directory, "host_administrator")
            place.workspace.environment.update(self.tickets.environment)
        self.clock: OwnClock | None = None
        if CLOCK in case.kinds():
            self.clock = OwnClock(place.folder)
            place.workspace.environment.update(self.clock.environment)
        self.account = Account(username=self.lab.account.username, password=NEW_PASSWORD)
        place.write_credentials(self.lab.account)
        if any(kind.startswith("relay-") for kind in case.kinds()):
            scheme = "http" if case.seed % 2 else "https"  # sealed messages that are garbled, or TLS that is
            for name, port in self.lab.ports(scheme).items():
                relay = self._open.enter_context(Relay(port, scheme))
                relay.keeps = False
                self.relays[name] = relay

    def _as_it_is(self, vm: LabVm) -> Machine:
        return Machine(
            id=vm.id, label=vm.name, host=vm.host, state=vm.enabled_state,
            switches=tuple(nic.switch for nic in vm.nics), sums=self.lab.sums(vm),
        )  # fmt: skip

    @property
    def run(self) -> Run:
        """The run that is disturbed."""
        return self.runs[-1]

    def label(self, declared: str) -> str:
        """Return the GUID of the machine that was declared under a name."""
        return next(each.id for each in self.machines.values() if each.label == declared)

    def addresses(self) -> Mapping[str, str]:
        """Return the URLs under which hosts are declared."""
        return {name: relay.url for name, relay in self.relays.items()} or self.lab.addresses()

    def declare(self, content: Mapping[str, Any], stack: str = STACK) -> None:
        """Write the stack file; it is what is wanted from now on."""
        if stack == STACK:
            self.declared = content
        self.place.write_stack(self.addresses(), {**self._domain(), **content}, stack)

    def _domain(self) -> Mapping[str, Any]:
        """Return what the stack file says of the directory: all hosts may act for their callers at each other, and at file servers."""
        if self.lab.directory is None:
            return {}
        found = self.lab.directory.status()
        accounts = {role: str(each["credentials"]) for role, each in found["accounts"].items()}
        connection = {"auth": "ntlm", "credentials": accounts["host_administrator"], "ca": found["ca"]}
        if self.tickets is not None:
            connection = {"auth": "kerberos", "ca": found["ca"]}
        directory = {
            "server": found["ldaps"], "auth": "simple", "credentials": accounts["directory_administrator"],
            "ca": found["ca"],
        }  # fmt: skip
        hosts = {
            name: {"address": url, "account": full, "connection": {"kerberos_host": full}}
            for name, url in self.addresses().items()
            for full in [f"{name}.lab.example"]
        }
        return {
            "connection": connection, "directory": directory, "delegation": {"hosts": "all", **self._servers()},
            **({} if self.tickets is None else {"hosts": hosts}),
        }  # fmt: skip

    def _servers(self) -> Mapping[str, Any]:
        """Return the file servers with files of machines, where the hosts may act for their callers as well."""
        servers = [
            share.lstrip("\\").partition("\\")[0] for share in self.case.start.estate.get("shares", ())
        ]
        return {"shares": servers} if servers else {}

    def write_new_password(self) -> None:
        """Do what who operates does after the password was changed."""
        self.place.write_credentials(self.account)

    def start(self, *words: str) -> Run:
        """Start a run of the engine."""
        run = Run(self.place.workspace, self.folder / f"run-{len(self.runs) + 1}.log", *words)
        self.runs.append(run)
        return run

    def start_beside(self, *words: str) -> None:
        """Start a run as another person would."""
        self.beside.append(
            Run(self.place.workspace, self.folder / f"beside-{len(self.beside) + 1}.log", *words)
        )

    def meddled(self, *whats: str) -> set[str]:
        """Return the GUIDs of machines to which a person, or a fault in that role, has done such a thing."""
        found = set()
        for event, fields in self.lab.events:
            if event == "person" and fields["what"] in whats:
                found.add(str(fields["id"]))
            elif event == "meddled" and str(fields["kind"]).removeprefix("vm-") in whats:
                found |= {each.id for each in self.machines.values() if each.id == fields.get("id")}
        return found

    def close(self) -> None:
        """Stop everything."""
        for run in (*self.runs, *self.beside):
            run.stop()
        self._open.close()
        self.lab.close()
        for lent in (self.tickets, self.clock):
            for name in lent.environment if lent is not None else ():
                self.place.workspace.environment.pop(name)
        if self.case.domain:
            shutil.rmtree(self._home, ignore_errors=True)

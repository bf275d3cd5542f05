"""The domain and its computers: names, and the service names under which clients ask for them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from lab.world.world import State

from .errors import DirectoryError

MIGRATION_SERVICE = "Microsoft Virtual System Migration Service"
"""The service class that a live migration asks a ticket for ("Set up hosts for live migration", learn.microsoft.com)."""

_OF_HOSTS = (
    "HOST", "RestrictedKrbHost", "HTTP", "WSMAN", "cifs",
    MIGRATION_SERVICE, "Microsoft Virtual Console Service", "Hyper-V Replica Service",
)  # fmt: skip
"""On a real Hyper-V host HTTP and cifs are aliases of HOST (sPNMappings); here they are entries of their own."""
_OF_FILE_SERVERS = ("HOST", "RestrictedKrbHost", "cifs")
_LONGEST = 15
"""Characters of a NetBIOS name ("Naming conventions in Active Directory", learn.microsoft.com)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """A member of the domain."""

    label: str
    """As the lab names it: `hv1`."""
    name: str
    """The NetBIOS name: `HV1`."""
    full_name: str
    services: tuple[str, ...]

    @property
    def account(self) -> str:
        """SAM-Account-Name of its account."""
        return f"{self.name}$"

    @property
    def service_names(self) -> list[str]:
        """Each service with the full and the short name, as a host registers them."""
        return [f"{service}/{name}" for service in self.services for name in (self.full_name, self.name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain with one domain controller."""

    dns: str
    netbios: str
    controller: str
    """Label of the domain controller: `dc1`."""
    computers: tuple[Computer, ...]

    @property
    def realm(self) -> str:
        """The Kerberos realm."""
        return self.dns.upper()

    @property
    def base(self) -> str:
        """The distinguished name of its root."""
        return ",".join(f"DC={part}" for part in self.dns.split("."))

    @property
    def controller_name(self) -> str:
        """The domain controller's full name."""
        return f"{self.controller}.{self.dns}"

    def dn(self, computer: Computer) -> str:
        """Return the distinguished name of a computer's account."""
        return f"CN={computer.name},CN=Computers,{self.base}"

    @classmethod
    def of(cls, state: State) -> Self:
        """Return the domain of an estate: its hosts, and the servers of its shares. Raises DirectoryError."""
        dns = state.settings.domain.lower()
        # A host of another domain has its account there: this one knows nothing of it.
        hosts = [
            Computer(label=h.name, name=h.computer_name, full_name=h.full_name, services=_OF_HOSTS)
            for h in state.hosts.values()
            if h.domain.lower() == dns
        ]
        servers = _file_servers([share.path for share in state.shares], dns, {host.name for host in hosts})
        computers = (*hosts, *servers)
        taken = {computer.name for computer in computers}
        if len(taken) < len(computers):
            raise DirectoryError(
                f"two computers have one name in their first {_LONGEST} characters, as their accounts would"
            )
        controller = next(name for number in range(1, 100) if (name := f"dc{number}").upper() not in taken)
        return cls(dns=dns, netbios=state.settings.netbios, controller=controller, computers=computers)


def _file_servers(shares: Iterable[str], dns: str, hosts: set[str]) -> list[Computer]:
    """Return the servers of UNC paths, those that are hosts or belong to no domain of ours left out."""
    names = dict.fromkeys(path.lstrip("\\").split("\\")[0].lower().removesuffix(f".{dns}") for path in shares)
    return [
        Computer(
            label=name, name=name.upper()[:_LONGEST], full_name=f"{name}.{dns}", services=_OF_FILE_SERVERS
        )
        for name in names
        if "." not in name and name.upper() not in hosts and not _is_address(name)
    ]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

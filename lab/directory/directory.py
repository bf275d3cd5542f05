"""The directory of a lab as its other parts see it: made, started, asked, stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lab.home import credentials
from lab.world.world import State

from . import addresses, folder, packages, provisioning, running, shim
from .configuration import KRB5
from .domain import Domain


def check(home: Path) -> None:
    """Raise DirectoryError where this machine, this user or `home` cannot have a directory."""
    packages.Samba.find()
    folder.check(home)


def prepare(home: Path, state: State, say: Callable[[str], None]) -> None:
    """Have a directory in `home` for the estate `state`; one that is there stays as it is, with all that was changed.

    Raises DirectoryError with one line, or OSError.
    """
    samba = packages.Samba.find()
    shim.ensure(samba)
    if not folder.exists(home):
        account = credentials.ensure(home, state.settings.netbios)
        folder.make(samba, home, Domain.of(state), account, say)


def end_leftover(home: Path) -> bool:
    """End the directory that a killed lab has left running; return whether there was one. Raises DirectoryError."""
    return running.end_leftover(folder.folder_of(home))


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A running domain controller and what is known of it."""

    home: Path
    domain: Domain
    controller: running.Controller

    @classmethod
    def start(cls, home: Path) -> Self:
        """Start the directory that `prepare` made, on a free address; `wait_ready` returns once it answers.

        Raises DirectoryError or OSError.
        """
        samba = packages.Samba.find()
        domain = folder.read(home)
        end_leftover(home)
        address = addresses.choose(folder.last_address(home))
        folder.place(home, domain, address)
        controller = running.start(samba, shim.ensure(samba), folder.folder_of(home), address)
        return cls(home=home, domain=domain, controller=controller)

    def wait_ready(self) -> None:
        """Wait until Kerberos and LDAP answer. Raises DirectoryError."""
        self.controller.wait_ready()

    def stop(self) -> None:
        """Stop the domain controller."""
        self.controller.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What a Kerberos client or acceptor of this domain needs in its environment.

        No replay cache: MIT's is one file for all the acceptors of a machine, and a lab has many.
        """
        return {"KRB5_CONFIG": str(self.krb5_conf), "KRB5RCACHENAME": "none:"}

    @property
    def krb5_conf(self) -> Path:
        """The configuration of Kerberos."""
        return folder.folder_of(self.home) / KRB5

    def keytab(self, label: str) -> Path:
        """Return the keytab of a computer by its label (`hv1`): one principal, `HV1$`, whose keys open every service."""
        return folder.keytab(self.home, label)

    def ntlm_lines(self) -> list[str]:
        r"""Return an account file for NTLM's acceptor in the form of smbpasswd, as the directory is now (0.5 s).

        One line for `LAB\user`, `lab.example\user` and `user@lab.example` each. Raises DirectoryError.
        """
        spellings = ("{0}\\{2}", "{1}\\{2}", "{2}@{1}")
        return [
            f"{spelling.format(self.domain.netbios, self.domain.dns, user)}:1000:{'0' * 32}:{digest}:[U]:LCT-00000000"
            for user, digest in provisioning.nt_hashes(folder.folder_of(self.home)).items()
            for spelling in spellings
        ]

    def status(self) -> dict[str, Any]:
        """Return what `status --json` says of it, passwords included."""
        address, domain = self.controller.address, self.domain
        return {
            "running": self.controller.runs,
            "realm": domain.realm,
            "domain": domain.netbios,
            "base": domain.base,
            "controller": domain.controller_name,
            "ldap": f"ldap://{address}",
            "ldaps": f"ldaps://{address}",
            "kdc": f"{address}:88",
            "ca": str(self.home / "ca.pem"),
            "krb5_conf": str(self.krb5_conf),
            "accounts": {
                login.role: {
                    "user": f"{domain.netbios}\\{login.person.user}",
                    "principal": f"{login.person.user}@{domain.realm}",
                    "password": login.password,
                    "credentials": str(login.file),
                    "groups": list(login.person.groups),
                }
                for login in folder.logins(self.home)
            },
            "computers": {
                computer.label: {
                    "account": computer.account,
                    "dn": domain.dn(computer),
                    "keytab": str(self.keytab(computer.label)),
                }
                for computer in domain.computers
            },
        }

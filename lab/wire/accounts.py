"""Who may log on at the lab's hosts: one domain account, and on each host a local one of the same name."""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lab import credentials
from lab.home import write_private
from lab.world import World

_FILE = "ntlm-accounts"
_NTLM = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account that has logged on at a host."""

    name: str
    r"""`LAB\administrator`, or `HV1\administrator` for the host's own."""
    local: bool
    """An account of the host alone: it has no credentials that another host would take."""
    handed_over: bool = False
    """The host has the user's password (CredSSP), so that it can log on elsewhere in the user's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated client."""

    user: User
    address: str
    """IP address it calls from."""

    @property
    def name(self) -> str:
        """The account."""
        return self.user.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    r"""The lab's accounts, all with one password.

    In the domain `LAB\administrator`, `lab.example\administrator` or `administrator@lab.example`; on a host HV1
    `HV1\administrator` or a bare `administrator`.
    """

    username: str
    password: str = field(repr=False)
    domain: str
    computers: tuple[str, ...]
    """Names of the hosts that have a local account."""
    file: Path
    """Where NTLM's acceptor finds the accounts."""

    @classmethod
    def of(cls, world: World, home: Path) -> Self:
        """Return the accounts of a lab, whose credentials are in `home`. Raises OSError or ValueError."""
        account = credentials.read(home)
        accounts = cls(
            username=account.username,
            password=account.password,
            domain=world.settings.domain,
            computers=tuple(host.computer_name for host in world.hosts.values()),
            file=home / _FILE,
        )
        accounts.write_file()
        return accounts

    def __post_init__(self) -> None:
        """Raise ValueError for what NTLM's account file cannot hold."""
        if any(character in self.username + self.password for character in ":\r\n"):
            raise ValueError("the lab's user name and password can hold no colon and no line break")

    def user(self, spelled: str, computer: str) -> User | None:
        """Return whom a name means at a host, in any case; None for nobody there."""
        name = spelled.casefold()
        if name in _spellings(self._in_domain()):
            return User(name=self.username, local=False)
        if name in _spellings(self._at((computer,))):
            return self.local_user(computer)
        return None

    def local_user(self, computer: str) -> User:
        """Return a host's own account."""
        return User(name=f"{computer}\\{self._user}", local=True)

    def is_password(self, password: str) -> bool:
        """Say whether the password is right."""
        return hmac.compare_digest(password.encode(), self.password.encode())

    def write_file(self) -> None:
        """Write the file (0600) that pyspnego's NTLM acceptor reads."""
        names = [*self._in_domain(), *self._at(self.computers)]
        lines = [f"{domain}:{user}:{self.password}" for domain, user in names]
        write_private(self.file, "\n".join(lines) + "\n")

    @contextmanager
    def for_ntlm(self) -> Iterator[None]:
        """Have pyspnego's NTLM acceptor know these accounts meanwhile: it finds its file by an environment variable.

        The variable is the process's, and one process may serve several labs.
        """
        with _NTLM:
            os.environ["NTLM_USER_FILE"] = str(self.file)
            yield

    @property
    def _user(self) -> str:
        return self.username.partition("\\")[2]

    def _in_domain(self) -> tuple[tuple[str, str], ...]:
        """Domain and user of each spelling."""
        netbios = self.username.partition("\\")[0]
        return (netbios, self._user), (self.domain, self._user), ("", f"{self._user}@{self.domain}")

    def _at(self, computers: Iterable[str]) -> list[tuple[str, str]]:
        return [*((computer, self._user) for computer in computers), ("", self._user)]


def _spellings(names: Iterable[tuple[str, str]]) -> set[str]:
    return {f"{domain}\\{user}".lstrip("\\").casefold() for domain, user in names}

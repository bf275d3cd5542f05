"""Who may log on at the lab's hosts: the people of its directory, or one domain account; on each host a local one."""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from lab.home import credentials
from lab.home.places import write_private
from lab.world import World

if TYPE_CHECKING:
    from lab.directory.users import Users

_FILE = "ntlm-accounts"
_NTLM = threading.Lock()


Scheme = Literal["basic", "certificate", "ntlm", "kerberos", "credssp"]
ADMINISTRATORS = "Administrators"
"""Every host's own group; Domain Admins are members of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account that has logged on at a host."""

    name: str
    r"""`LAB\administrator`, or `HV1\administrator` for the host's own."""
    local: bool
    """An account of the host alone: it has no credentials that another host would take."""
    scheme: Scheme = "ntlm"
    groups: frozenset[str] = frozenset({ADMINISTRATORS})
    """Groups of the domain, or of the host for its own account."""
    principal: str | None = None
    """In Kerberos, `user@REALM`; None without a directory, and for the host's own."""
    delegated: Any = field(default=None, repr=False, compare=False)
    """The acceptor's credential of a Kerberos caller (gssapi, usage "both")."""
    password: str | None = field(default=None, repr=False)
    """What CredSSP has handed over, so that the host can log on elsewhere in the user's name."""


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
    users: Users | None = None
    """The people of the directory, where the lab has one: they take the place of the one domain account."""

    @classmethod
    def of(cls, world: World, home: Path, users: Users | None = None) -> Self:
        """Return the accounts of a lab, whose credentials are in `home`. Raises OSError, ValueError or DirectoryError."""
        account = credentials.read(home)
        accounts = cls(
            username=account.username,
            password=account.password,
            domain=world.settings.domain,
            computers=tuple(host.computer_name for host in world.hosts.values()),
            file=home / _FILE,
            users=users,
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
        if self.users is not None and (person := self.users.person(spelled)) is not None:
            netbios = self.username.partition("\\")[0]
            groups, principal = frozenset(person.groups), self.users.principal(person)
            return User(name=f"{netbios}\\{person.user}", local=False, groups=groups, principal=principal)
        if self.users is None and name in _spellings(self._in_domain()):
            return User(name=self.username, local=False)
        if name in _spellings(self._at((computer,))):
            return self.local_user(computer)
        return None

    def local_user(self, computer: str) -> User:
        """Return a host's own account."""
        return User(name=f"{computer}\\{self._user}", local=True)

    def is_password_of(self, user: User, password: str) -> bool:
        """Say whether a password is this user's."""
        if self.users is not None and (person := self.users.person(user.name)) is not None:
            return self.users.is_password(person, password)
        return self.is_password(password)

    def is_password(self, password: str) -> bool:
        """Say whether the password is the lab account's."""
        return hmac.compare_digest(password.encode(), self.password.encode())

    def write_file(self) -> None:
        """Write the file (0600) that pyspnego's NTLM acceptor reads."""
        names = [*(() if self.users else self._in_domain()), *self._at(self.computers)]
        lines = [f"{domain}:{user}:{self.password}" for domain, user in names]
        if self.users is not None:
            lines += self.users.directory.ntlm_lines()
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

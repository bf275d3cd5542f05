"""Who can log on in the directory: five people with the rights that the product meets, their passwords the lab's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from lab.home.credentials import Account
from lab.home.places import write_private

HOST_ADMINISTRATORS = "Hyper-V Host Administrators"
"""The hosts have it in their local group Administrators; in the directory it has no rights."""
HOST_OPERATORS = "Hyper-V Host Operators"
"""The hosts have it in Hyper-V Administrators and Remote Management Users."""
GROUPS = (HOST_ADMINISTRATORS, HOST_OPERATORS)
DIRECTORY_ADMINISTRATOR = "directory_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A kind of account that the directory has."""

    user: str
    groups: tuple[str, ...]
    sensitive: bool = False
    """"Account is sensitive and cannot be delegated": NOT_DELEGATED (MS-ADTS 2.2.16)."""


PEOPLE = {
    DIRECTORY_ADMINISTRATOR: Person(user="administrator", groups=("Domain Admins",)),
    "host_administrator": Person(user="hvadmin", groups=(HOST_ADMINISTRATORS,)),
    "operator": Person(user="hvoperator", groups=(HOST_OPERATORS,)),
    "protected": Person(
        user="protected",
        groups=(HOST_ADMINISTRATORS, "Protected Users"),
        # Windows delegates no member of that group ("Protected Users security group", learn.microsoft.com). Samba
        # refuses those who come by Kerberos, but acts for the others (S4U2Self, seen in 4.17) unless this says so, too.
        sensitive=True,
    ),
    "sensitive": Person(user="sensitive", groups=(HOST_ADMINISTRATORS,), sensitive=True),
}
"""By the name that `status --json` has for each. The directory's administrator is the lab's account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One of them, with the password."""

    role: str
    person: Person
    password: str = field(repr=False)
    file: Path
    """The credentials file (0600) that a stack file can name."""


def create(folder: Path, netbios: str, administrator: Account) -> None:
    """Write a credentials file with a new password for each person; the lab's account keeps its own."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role, person in PEOPLE.items():
        own = role == DIRECTORY_ADMINISTRATOR
        password = administrator.password if own else secrets.token_urlsafe(24)
        content = {"username": f"{netbios}\\{person.user}", "password": password}
        write_private(_file(folder, role), yaml.safe_dump(content))


def logins(folder: Path) -> Iterator[Login]:
    """Yield everybody with the password that `create` made. Raises OSError."""
    for role, person in PEOPLE.items():
        file = _file(folder, role)
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        yield Login(role=role, person=person, password=content["password"], file=file)


def _file(folder: Path, role: str) -> Path:
    return folder / f"{role.replace('_', '-')}.yaml"

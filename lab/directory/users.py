"""The people of the domain as hosts meet them: by any spelling of their names, with their groups, and at the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .accounts import PEOPLE, Person
from .directory import Directory
from .errors import DirectoryError

if TYPE_CHECKING:
    import spnego


class Door(Protocol):
    """What takes the tokens of those who come to one host."""

    def negotiate(self) -> spnego.ContextProxy:
        """Return a context that takes SPNEGO, and Kerberos or NTLM without it."""

    def credssp(self) -> spnego.ContextProxy:
        """Return a context that takes CredSSP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """What the hosts ask of a running directory."""

    directory: Directory
    people: tuple[Person, ...]
    doors: dict[str, Door] = field(default_factory=dict)
    """By the host's label."""

    def person(self, spelled: str) -> Person | None:
        r"""Return whom `LAB\user`, `lab.example\user` or `user@lab.example` means, in any case; None for nobody."""
        domain = self.directory.domain
        name = spelled.casefold()
        for person in self.people:
            user = person.user.casefold()
            spellings = (f"{domain.netbios}\\{user}", f"{domain.dns}\\{user}", f"{user}@{domain.dns}")
            if name in {one.casefold() for one in spellings}:
                return person
        return None

    def principal(self, person: Person) -> str:
        """Return a person's Kerberos principal."""
        return f"{person.user}@{self.directory.domain.realm}"

    def door(self, label: str) -> Door:
        """Return what takes tokens at a host. Raises DirectoryError where Kerberos for Python is missing."""
        if label not in self.doors:
            try:
                from .acceptors import Acceptor  # noqa: PLC0415 - it loads a library that only directories need
            except ImportError as error:
                raise DirectoryError("no Kerberos for Python: make directory compiles it") from error
            self.doors[label] = Acceptor(label, self.directory.keytab(label), self.directory.environment)
        return self.doors[label]

    def is_password(self, person: Person, password: str) -> bool:
        """Ask the KDC whether a password is right; Protected Users hand theirs over to nobody."""
        from .acceptors import logged_on  # noqa: PLC0415 - as above

        return logged_on(self.principal(person), password) is not None


def users_of(directory: Directory) -> Users:
    """Return the people of a directory that runs, or is about to."""
    return Users(directory=directory, people=tuple(PEOPLE.values()))

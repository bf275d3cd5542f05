"""Who may log on at the lab's hosts: one domain account, under each name that a domain knows it by."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path

from lab.home import write_private

_FILE = "ntlm-accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated client."""

    name: str
    r"""The account as `LAB\administrator`."""
    address: str
    """IP address it calls from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    r"""The lab's account: `LAB\administrator`, `lab.example\administrator` or `administrator@lab.example`.

    A bare `administrator` would be an account of the host itself, which the lab's hosts have not.
    """

    username: str
    password: str = field(repr=False)
    domain: str

    def __post_init__(self) -> None:
        """Raise ValueError for what NTLM's account file cannot hold."""
        if any(character in self.username + self.password for character in ":\r\n"):
            raise ValueError("the lab's user name and password can hold no colon and no line break")

    @property
    def _names(self) -> tuple[tuple[str, str], ...]:
        """Domain and user of each spelling."""
        netbios, _, user = self.username.partition("\\")
        return (netbios, user), (self.domain, user), ("", f"{user}@{self.domain}")

    def knows(self, username: str) -> bool:
        """Say whether this spells the account; case does not matter."""
        spelled = {f"{domain}\\{user}".lstrip("\\").casefold() for domain, user in self._names}
        return username.casefold() in spelled

    def accepts(self, username: str, password: str) -> bool:
        """Say whether name and password are right."""
        right = hmac.compare_digest(password.encode(), self.password.encode())
        return self.knows(username) and right

    def offer_to_ntlm(self, home: Path) -> None:
        """Write the file (0600) that pyspnego's NTLM acceptor reads, and name it in its environment variable.

        The variable is the process's: one process serves one lab.
        """
        lines = [f"{domain}:{user}:{self.password}" for domain, user in self._names]
        write_private(home / _FILE, "\n".join(lines) + "\n")
        os.environ["NTLM_USER_FILE"] = str(home / _FILE)

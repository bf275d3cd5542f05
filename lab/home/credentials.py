"""The account that the lab's hosts accept: made once, kept in a file that only its owner can read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .places import write_private

FILE = "credentials.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    r"""A domain account: `LAB\administrator`."""

    username: str
    password: str = field(repr=False)


def ensure(home: Path, netbios: str) -> Account:
    """Return the lab's account; make it and its file (0600) where there is none.

    Raises ValueError where the file is there but holds no account.
    """
    path = home / FILE
    if not path.exists():
        account = Account(username=f"{netbios}\\administrator", password=secrets.token_urlsafe(24))
        write_private(path, yaml.safe_dump({"username": account.username, "password": account.password}))
    return read(home)


def read(home: Path) -> Account:
    """Return the account in the file. Raises OSError or ValueError."""
    content = yaml.safe_load((home / FILE).read_text(encoding="utf-8"))
    try:
        return Account(username=content["username"], password=content["password"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{home / FILE} holds no user name and password") from error

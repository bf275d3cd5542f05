"""The Kerberos ticket by which a person runs things, and nothing else: no password, no keytab."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lab.directory.directory import Directory

_BRIEF = "1s"


class Tickets:
    """A ticket cache in a folder."""

    def __init__(self, folder: Path, directory: Directory, role: str) -> None:
        """Fetch a ticket of an account, and one that is over when it is needed. Raises CalledProcessError."""
        account = directory.status()["accounts"][role]
        self._principal, self._password = str(account["principal"]), str(account["password"])
        self._file, self._over = folder / "tickets", folder / "tickets.over"
        self.environment: Mapping[str, str] = {
            **directory.environment,
            "KRB5CCNAME": f"FILE:{self._file}",
        }
        """What finds it."""
        self._ask(self._over, "-l", _BRIEF)
        self.fetch()

    def fetch(self) -> None:
        """Log on, as by `kinit`."""
        self._ask(self._file)

    def expire(self) -> None:
        """Have the cache hold a ticket whose time is over."""
        fresh = self._file.with_suffix(".new")
        shutil.copy2(self._over, fresh)
        fresh.replace(self._file)

    def _ask(self, file: Path, *options: str) -> None:
        subprocess.run(
            ["kinit", *options, "-c", f"FILE:{file}", self._principal], check=True, capture_output=True, text=True,
            input=f"{self._password}\n", env={**os.environ, **self.environment},
        )  # fmt: skip

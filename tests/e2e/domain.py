"""A lab with a directory, asked and changed by other people's programs, and the stack file that is about it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.directory.errors import DirectoryError
from lab.directory.packages import Samba
from tools.workspace import Workspace

from .conftest import NO_PROXY, QUICK, Site


class Domain:
    """The directory of a site's lab, asked and changed by other people's programs."""

    def __init__(self, site: Site) -> None:
        """Know where it is."""
        self._site = site
        self._status: dict[str, Any] = site.status()["directory"]

    def _run(self, tool: str, *words: str, given: str = "") -> str:
        account = self._status["accounts"]["directory_administrator"]
        secret = self._site.file("secret")
        secret.touch(0o600)
        secret.write_text(account["password"], encoding="utf-8")
        done = subprocess.run(
            [tool, "-x", "-H", self._status["ldaps"], "-D", account["principal"], "-y", str(secret), *words],
            check=True, capture_output=True, text=True, input=given, timeout=60,
            env={**os.environ, "LDAPTLS_CACERT": self._status["ca"]},
        )  # fmt: skip
        return done.stdout

    def of(self, host: str) -> tuple[set[str], int]:
        """Return what `ldapsearch` shows of a host's account: whom it may delegate to, and its flags."""
        text = self._run(
            "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", self._status["base"], f"(sAMAccountName={host}$)",
            "msDS-AllowedToDelegateTo", "userAccountControl",
        )  # fmt: skip
        found = re.findall(r"^(\S+): (.*)$", text, re.MULTILINE)
        flags = next(int(value) for name, value in found if name == "userAccountControl")
        return {value for name, value in found if name == "msDS-AllowedToDelegateTo"}, flags

    def change(self, host: str, step: str, service: str) -> None:
        """Add or delete one entry by `ldapmodify`."""
        lines = (
            f"dn: {self._status['computers'][host]['dn']}",
            "changetype: modify",
            f"{step}: msDS-AllowedToDelegateTo",
            f"msDS-AllowedToDelegateTo: {service}",
            "",
        )
        self._run("ldapmodify", given="\n".join(lines))

    def credentials(self, role: str) -> str:
        """Return the credentials file of an account."""
        return str(self._status["accounts"][role]["credentials"])

    def passwords(self) -> list[str]:
        """Return the password of each account."""
        return [account["password"] for account in self._status["accounts"].values()]


@contextmanager
def site_with_directory(folder: Path, *options: str) -> Iterator[Site]:
    """Run a lab of three hosts of a domain, with three machines, in a copy of the project; skip where Samba is missing."""
    try:
        Samba.find()
    except DirectoryError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    workspace = Workspace(folder / "project", keep={"HTTP_PROXY": NO_PROXY, "HTTPS_PROXY": NO_PROXY})
    workspace.run(
        "lab", "up", "--ports", "auto", "--hosts", "3", "--vms", "3", "--speed", QUICK, "--directory", *options,
        "--write-stack", "stacks/lab.yaml", stdout=subprocess.DEVNULL,
    )  # fmt: skip
    site = Site(workspace)
    yield site
    for run in site.runs:
        run.stop()
    workspace.close()


def declare(site: Site, **sections: object) -> None:
    """Change sections of the stack file; None takes one out."""
    path = site.file("stacks/lab.yaml")
    content = {**yaml.safe_load(path.read_text(encoding="utf-8")), **sections}
    kept = {name: value for name, value in content.items() if value is not None}
    path.write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")


def stack(site: Site) -> Any:
    """Return the stack file."""
    return yaml.safe_load(site.file("stacks/lab.yaml").read_text(encoding="utf-8"))

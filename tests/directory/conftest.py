"""A real directory, started as the lab starts it, and what is asked of it by other people's programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab.directory.directory import Directory, prepare
from lab.directory.errors import DirectoryError
from lab.directory.packages import Samba
from lab.estate.building import build
from lab.estate.generated import generate
from lab.home import ports
from lab.world import RunningClock

_PATIENCE = 60  # seconds


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """Skip these tests where the directory's packages are missing; with CI=true that is a failure."""
    try:
        Samba.find()
    except DirectoryError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


class Site:
    """A directory that runs, and clients of it in processes of their own."""

    def __init__(self, home: Path, directory: Directory) -> None:
        """Wrap a directory that answers."""
        self.home = home
        self.directory = directory
        self.status: dict[str, Any] = directory.status()
        self.base = directory.domain.base

    def account(self, role: str) -> dict[str, Any]:
        """Return what `status --json` says of an account."""
        return dict(self.status["accounts"][role])

    def run(
        self, *command: str, given: str = "", ccache: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a Kerberos or LDAP client to its end."""
        environ = {
            **os.environ, **self.directory.environment, "LDAPTLS_CACERT": self.status["ca"], "LC_ALL": "C",
            **({} if ccache is None else {"KRB5CCNAME": str(ccache)}),
        }  # fmt: skip
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, input=given, env=environ, timeout=_PATIENCE
        )
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done

    def ldap(self, tool: str, role: str, *words: str, given: str = "", check: bool = True) -> str:
        """Run ldapsearch or ldapmodify over LDAPS as one of the accounts; return what it printed, errors included."""
        account = self.account(role)
        secret = self.home / "secret"
        secret.write_text(account["password"], encoding="utf-8")
        bind = ("-x", "-H", self.status["ldaps"], "-D", account["principal"], "-y", str(secret))
        done = self.run(tool, *bind, *words, given=given, check=check)
        return done.stdout + done.stderr

    def read(self, role: str, filter_: str, *attributes: str) -> str:
        """Return the LDIF of a search, one line a value."""
        return self.ldap(
            "ldapsearch", role, "-LLL", "-o", "ldif-wrap=no", "-b", self.base, filter_, *attributes
        )

    def replace(
        self, label: str, attributes: Mapping[str, Sequence[str]], role: str = "directory_administrator", *, check: bool = True
    ) -> str:  # fmt: skip
        """Replace attributes of a computer's account by ldapmodify; return what that printed."""
        lines = [f"dn: {self.status['computers'][label]['dn']}", "changetype: modify"]
        for name, values in attributes.items():
            lines += [f"replace: {name}", *(f"{name}: {value}" for value in values), "-"]
        return self.ldap("ldapmodify", role, given="\n".join([*lines, ""]), check=check)

    def kinit(
        self, principal: str, password: str, ccache: Path, *options: str
    ) -> subprocess.CompletedProcess[str]:
        """Ask for a ticket-granting ticket."""
        return self.run("kinit", *options, principal, given=f"{password}\n", ccache=ccache, check=False)


@contextmanager
def site(home: Path) -> Iterator[Site]:
    """Run a directory for three hosts and their file server."""
    estate = generate(hosts=3, vms=0, seed=1)
    world = build(estate, home, RunningClock(), ports=ports.assign([h.name for h in estate.hosts], "auto"))
    prepare(home, world.state, print)
    directory = Directory.start(home)
    try:
        directory.wait_ready()
        yield Site(home, directory)
    finally:
        directory.stop()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The directory that the tests share; what one changes at an account, it sets for itself."""
    with site(tmp_path_factory.mktemp("d") / "lab") as one:
        yield one


@pytest.fixture(scope="session")
def another(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A second lab's directory, of the same domain."""
    with site(tmp_path_factory.mktemp("d") / "lab") as one:
        yield one

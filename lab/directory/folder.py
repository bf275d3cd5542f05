"""A lab's own directory on disk: `directory/` in the lab's home, made once and kept with the estate."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from lab.home import certificates
from lab.home.credentials import Account
from lab.home.places import write_private

from . import accounts, configuration, provisioning
from .domain import Computer, Domain
from .errors import DirectoryError
from .packages import Samba
from .running import end_leftover

NAME = "directory"
_RECORD, _ADDRESS = "directory.json", "address"
_LONGEST = 75
"""Characters of its path: a Unix socket's may have 107, and Samba's are up to 30 longer."""


def folder_of(home: Path) -> Path:
    """Return the folder of a lab's directory."""
    return home / NAME


def exists(home: Path) -> bool:
    """Say whether there is a directory, whole."""
    return (folder_of(home) / _RECORD).exists()


def check(home: Path) -> None:
    """Raise DirectoryError where Samba could not work in `home`."""
    folder = folder_of(home)
    if len(str(folder)) > _LONGEST or "%" in str(folder):  # smb.conf replaces %
        raise DirectoryError(
            f"{folder} is no place for a directory: longer than {_LONGEST} characters, or with a percent sign; "
            "choose another LAB_HOME"
        )


def make(samba: Samba, home: Path, domain: Domain, account: Account, say: Callable[[str], None]) -> None:
    """Put a directory with all its accounts into `home`, in place of what is there; it does not run yet.

    Raises DirectoryError or OSError.
    """
    folder = folder_of(home)
    check(home)
    end_leftover(folder)
    shutil.rmtree(folder, ignore_errors=True)
    provisioning.copy_fresh(samba, domain, folder, say)
    configuration.write(folder, domain, "127.0.0.1")
    accounts.create(folder / "credentials", domain.netbios, account)
    (folder / "keytabs").mkdir(mode=0o700)
    provisioning.settle(
        folder, domain, list(accounts.logins(folder / "credentials")), lambda label: keytab(home, label)
    )
    write_private(folder / _RECORD, json.dumps(asdict(domain)))


def read(home: Path) -> Domain:
    """Return the domain that `make` made. Raises DirectoryError."""
    try:
        content = json.loads((folder_of(home) / _RECORD).read_text(encoding="utf-8"))
        computers = tuple(
            Computer(**{**each, "services": tuple(each["services"])}) for each in content.pop("computers")
        )
        return Domain(**content, computers=computers)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DirectoryError(
            f"the directory in {home} cannot be read; build it anew: bin/lab up --directory --fresh"
        ) from error


def keytab(home: Path, label: str) -> Path:
    """Return the file with the keys of a computer's account."""
    return folder_of(home) / "keytabs" / f"{label}.keytab"


def logins(home: Path) -> Sequence[accounts.Login]:
    """Return everybody who can log on. Raises OSError."""
    return list(accounts.logins(folder_of(home) / "credentials"))


def place(home: Path, domain: Domain, address: str) -> None:
    """Write configuration and certificate for a directory at `address`."""
    folder = folder_of(home)
    certificates.issue_server(home, domain.controller, domain.controller_name, address)
    write_private(
        folder / "tls.pem", certificates.certificate_file(home, domain.controller).read_text("utf-8")
    )
    shutil.copyfile(home / certificates.CA_FILE, folder / certificates.CA_FILE)
    configuration.write(folder, domain, address)
    (folder / _ADDRESS).write_text(address, encoding="ascii")


def last_address(home: Path) -> str | None:
    """Return where it was the last time, if it has been anywhere: stack files name it."""
    try:
        return (folder_of(home) / _ADDRESS).read_text(encoding="ascii")
    except OSError:
        return None

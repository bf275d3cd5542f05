"""A fresh domain, provisioned once into the user's cache, and the copy of it that a lab settles in."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from . import configuration, shim
from .accounts import GROUPS, Login
from .cache import cache_folder, entry
from .domain import Domain
from .errors import DirectoryError
from .packages import DEBIANS_PYTHON, Samba

_RECIPE = 1
"""Raised when the way of provisioning changes."""
_SCRIPT = Path(__file__).with_name("with_samba.py")
_ANYWHERE = "127.0.0.1"
_PATIENCE = 300  # seconds; 8 s on an idle machine
_BY_CHANCE = re.compile(r"^.*Admin password:.*$", re.MULTILINE)


def copy_fresh(samba: Samba, domain: Domain, folder: Path, say: Callable[[str], None]) -> None:
    """Put a domain without members into `folder`, which must not exist. Raises DirectoryError."""
    name = _key(samba, domain)
    if not (cache_folder() / name).is_dir():
        say(f"Provisioning the directory {domain.realm} once, about 10 seconds ...")
    whole = entry(name, lambda half: _provision(samba, domain, half))
    _run(["cp", "-a", "--sparse=always", str(whole), str(folder)], "copy the directory")


def settle(folder: Path, domain: Domain, people: Sequence[Login], keytab: Callable[[str], Path]) -> None:
    """Add people and computers to the domain at rest in `folder`. `keytab`: the file for a computer's label.

    Raises DirectoryError.
    """
    wanted = {
        "groups": GROUPS,
        "people": [
            {
                "user": login.person.user, "password": login.password,
                "groups": login.person.groups, "sensitive": login.person.sensitive,
            }
            for login in people
        ],
        "computers": [
            {
                "dn": domain.dn(computer), "account": computer.account, "full_name": computer.full_name,
                "service_names": computer.service_names, "keytab": str(keytab(computer.label)),
            }
            for computer in domain.computers
        ],
    }  # fmt: skip
    _run([DEBIANS_PYTHON, "-I", str(_SCRIPT), "settle", str(folder / configuration.SMB)], "fill the directory",
         given=json.dumps(wanted))  # fmt: skip


def nt_hashes(folder: Path) -> dict[str, str]:
    """Return the NT hash of each person who may use NTLM, by user name, as the directory has them now."""
    command = [DEBIANS_PYTHON, "-I", str(_SCRIPT), "hashes", str(folder / configuration.SMB)]
    return dict(json.loads(_run(command, "read the directory")))


def _key(samba: Samba, domain: Domain) -> str:
    """Return the name of a domain in the cache; it changes with everything that it is made from."""
    parts = (str(_RECIPE), samba.version, shim.digest(), domain.dns, domain.netbios, domain.controller)
    return f"domain-{samba.version}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"


def _provision(samba: Samba, domain: Domain, folder: Path) -> None:
    # A configuration of this machine's own Samba is not to join in, and NT ACLs go to a file: no xattrs are needed.
    empty = folder / "empty.conf"
    empty.touch()
    command = [
        samba.tool, "domain", "provision", f"--configfile={empty}", f"--targetdir={folder}",
        f"--realm={domain.realm}", f"--domain={domain.netbios}", f"--host-name={domain.controller}",
        "--server-role=dc", "--dns-backend=NONE", f"--host-ip={_ANYWHERE}", "--use-rfc2307",
        "--option=vfs objects=dfs_samba4 acl_xattr", f"--option=posix:eadb={folder / 'private' / 'eadb.tdb'}",
        f"--option=log file={folder / 'provision.log'}",
    ]  # fmt: skip
    _run(command, "provision the directory")
    configuration.write(folder, domain, _ANYWHERE)
    # Without it ldap/dc1... is no service yet.
    _run([samba.spnupdate, "-s", str(folder / configuration.SMB)], "name the directory's services")
    shutil.rmtree(folder / "etc")


def _run(command: Sequence[str], what: str, *, given: str = "") -> str:
    """Run a program with a private umask and return its output; its last words become the error."""
    environ = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, input=given, timeout=_PATIENCE,
            umask=0o077, env=environ,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DirectoryError(f"could not {what}: {type(error).__name__} of {command[0]}") from error
    if done.returncode != 0:
        words = _BY_CHANCE.sub("", done.stderr).strip().splitlines()
        raise DirectoryError(f"could not {what}: {words[-1] if words else done.returncode}")
    return done.stdout

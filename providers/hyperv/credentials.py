"""User names and passwords: from the environment or a 0600 file, kept out of everything that is shown."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from providers.errors import CredentialsError
from providers.model.names import HostName
from providers.model.stack import Connection

USERNAME, PASSWORD = "HYPERV_USERNAME", "HYPERV_PASSWORD"


@dataclass(frozen=True, slots=True)
class Credential:
    """A user and a password; the password never shows in a repr."""

    username: str
    password: str = field(repr=False)


def read_credential(
    connection: Connection, host: HostName, environment: Mapping[str, str] | None = None
) -> Credential:
    """Return the credential for `host`: of its own entry in the file, of the file, or of the environment.

    Raises CredentialsError, which names the file and what to do, never its content.
    """
    if connection.credentials is None:
        return _from_environment(os.environ if environment is None else environment)
    return _from_file(connection.credentials, host)


def _from_environment(environment: Mapping[str, str]) -> Credential:
    missing = [name for name in (USERNAME, PASSWORD) if not environment.get(name)]
    if missing:
        raise CredentialsError(f"There are no credentials: {' and '.join(missing)} not set")
    return Credential(environment[USERNAME], environment[PASSWORD])


def _from_file(path: Path, host: HostName) -> Credential:
    content = _content(path)
    entry = {**content, **_entry(content.get("hosts") or {}, host, path)}
    username, password = entry.get("username"), entry.get("password")
    if not isinstance(username, str) or not isinstance(password, str) or not username:
        raise CredentialsError(
            f"{path} gives no username and password (two texts) for {host}",
            remedy="Write username: and password: at the top level, or under hosts: HOST:",
        )
    return Credential(username, password)


def _entry(hosts: Any, host: HostName, path: Path) -> Mapping[str, Any]:
    entry = hosts.get(host, {}) if isinstance(hosts, Mapping) else None
    if not isinstance(entry, Mapping):
        raise CredentialsError(f"{path}: hosts: must hold username and password by host", remedy="")
    return entry


def _content(path: Path) -> Mapping[str, Any]:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise CredentialsError(f"The credentials file {path} cannot be read: {reason}") from error
    if sys.platform != "win32" and stat.S_IMODE(mode) & 0o077:
        raise CredentialsError(
            f"The credentials file {path} can be read by others", remedy=f"Run: chmod 600 {path}"
        )
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None  # the parser's message would quote the file
    if not isinstance(content, Mapping):
        raise CredentialsError(
            f"{path} is no YAML mapping with username and password", remedy="Correct the file"
        )
    return content

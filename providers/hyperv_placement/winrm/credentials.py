"""Credentials, from the environment or a 0600 file, kept out of everything that is shown."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement import quoting
from hyperv_placement.errors import CredentialsError, PolicyError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.policy import ENVIRONMENT
from hyperv_placement.model.stack import Authentication, Connection
from hyperv_placement.model.unreachable import several
from hyperv_placement.system import belongings
from hyperv_placement.system.files import expanded, read_bounded
from hyperv_placement.system.shown import shown

HOSTS = "HYPERV"
"""How the names of variables begin that hold the login at hosts: HYPERV_USERNAME, HYPERV_PASSWORD, HYPERV_KEYTAB, .."""
_WANTED: Mapping[Authentication, tuple[str, ...]] = {
    "ntlm": ("username", "password"),
    "basic": ("username", "password"),
    "credssp": ("username", "password"),
    "certificate": ("certificate", "key"),
    "kerberos": (),  # a ticket that is there already is enough
}
"""What each scheme cannot do without."""
_OF_SCHEME: Mapping[Authentication, tuple[str, ...]] = {
    "ntlm": (),
    "basic": (),
    "credssp": (),
    "certificate": ("key_password",),
    "kerberos": ("username", "password", "keytab"),
}
"""What each scheme can use besides."""
_LARGEST = 1 << 20
"""Bytes of a file; an entry for each of 200 hosts takes 30 KiB."""
_FILES = ("keytab", "certificate", "key")


@dataclass(frozen=True, slots=True)
class Credential:
    """A user with a password or keytab, or a certificate with its key; all empty: the ticket or logon that is there."""

    username: str = ""
    """For Kerberos with neither password nor keytab: the principal in the ticket cache."""
    password: str = field(default="", repr=False)
    keytab: Path | None = None
    certificate: Path | None = None
    """PEM file."""
    key: Path | None = None
    """PEM file of the certificate's private key."""
    key_password: str = field(default="", repr=False)
    source: str = field(default="", compare=False)
    """Where it was read: the file, or the environment and why."""

    @property
    def owner(self) -> str:
        """How errors call it."""
        if self.certificate is not None:
            return f"the certificate {shown(self.certificate)}"
        return self.username or (f"the keytab {shown(self.keytab)}" if self.keytab else "the current logon")


def read_credential(
    connection: Connection,
    host: HostName,
    environment: Mapping[str, str] | None = None,
    *,
    prefix: str = HOSTS,
) -> Credential:
    """Return the credential for `host`: of its own entry in the file, of the file, or of the environment.

    The environment also serves where the file that is named is not there, as on a runner that has no such file; the names of its
    variables begin with `prefix`. Raises
    CredentialsError, which names the file and what to do, never its content; PolicyError where the operator's policy
    forbids the login.
    """
    variables = os.environ if environment is None else environment
    credential = _read(connection, host, _Variables(variables, prefix))
    if forbidden := _forbidden(connection, credential):
        raise PolicyError("\n".join(f"{host}: {why}" for why in forbidden))
    return credential


def check_logins(hosts: Mapping[HostName, Connection]) -> None:
    """Raise PolicyError, all at once, for logins that the operator's policy forbids; what cannot be read logs nobody on."""
    wrong: dict[str, list[HostName]] = {}
    for host, connection in hosts.items():
        if not connection.policy.judges_logins:
            continue
        with suppress(CredentialsError):
            for why in _forbidden(connection, _read(connection, host, _Variables(os.environ, HOSTS))):
                wrong.setdefault(why, []).append(host)
    if wrong:
        raise PolicyError("\n".join(f"{several(names)}: {why}" for why, names in wrong.items()))


def _forbidden(connection: Connection, credential: Credential) -> tuple[str, ...]:
    """Return why a credential must not be used; a certificate names no account of a domain."""
    file, policy = connection.credentials, connection.policy
    # The policy judges the file that is read, not a link that names it.
    source = ENVIRONMENT if file is None or credential.source != shown(file) else os.path.realpath(file)
    logins = () if credential.certificate is not None else policy.of_login(credential.username)
    reasons = (*policy.of_source(source), *logins)
    return tuple(f"the operator's policy forbids the login of {credential.source}: {why}" for why in reasons)


@dataclass(frozen=True, slots=True)
class _Variables:
    """The variables of the environment that hold one login."""

    environment: Mapping[str, str] = field(repr=False)
    prefix: str

    def name(self, part: str) -> str:
        """Return the name of the variable for a part of a credential."""
        return f"{self.prefix}_{part.upper()}"

    def names(self, parts: Iterable[str]) -> str:
        """Return the names of several, for a sentence."""
        return " and ".join(map(self.name, parts))

    def get(self, part: str) -> str:
        """Return its value, empty where it is not set."""
        return self.environment.get(self.name(part), "")

    def lacking(self, parts: Iterable[str]) -> list[str]:
        """Return the parts that are not set."""
        return [part for part in parts if not self.get(part)]


def _read(connection: Connection, host: HostName, variables: _Variables) -> Credential:
    wanted, more = _WANTED[connection.auth], _OF_SCHEME[connection.auth]
    file, folder = connection.credentials, Path()
    if file is None:
        values, source = _from_environment(variables, wanted, more), _ENVIRONMENT
    elif not file.exists() and _given(variables, wanted, more):
        values, source = (
            _from_environment(variables, wanted, more),
            f"{_ENVIRONMENT}, because there is no {shown(file)}",
        )
    elif not file.exists() and len(lacking := variables.lacking(wanted)) < len(wanted):
        names = variables.names(lacking)
        raise CredentialsError(
            f"The credentials file {shown(file)} is not there, and of what serves in its place {names} is not set",
            remedy=f"Set {names} as well, or write the file, which only its owner may read",
        )
    else:
        values, source = _from_file(file, host, (wanted, more), variables), shown(file)
        folder = file.parent
    files = {name: _beside(folder, name, values[name]) for name in _FILES if name in values}
    for name, path in files.items():
        _check_file(path, private=name != "certificate")
    texts = {name: value for name, value in values.items() if name not in files}
    return Credential(**texts, **files, source=source)  # type: ignore[arg-type] # names and types are those of the tables above


def unused(connection: Connection, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the variables that are set and not read, because the file that the stack file names is there."""
    variables = _Variables(os.environ if environment is None else environment, HOSTS)
    file = connection.credentials
    if file is None or not file.exists():
        return ()
    names = (*_WANTED[connection.auth], *_OF_SCHEME[connection.auth])
    return tuple(variables.name(part) for part in names if variables.get(part))


def check_some(hosts: Mapping[HostName, Connection]) -> None:
    """Raise the CredentialsError of the first host where no host has a credential: then none was asked, and none is silent."""
    first: CredentialsError | None = None
    for host, connection in hosts.items():
        try:
            read_credential(connection, host)
        except CredentialsError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise first


_ENVIRONMENT = "the environment"


def _given(variables: _Variables, wanted: tuple[str, ...], more: tuple[str, ...]) -> bool:
    """Say whether the environment has what a scheme cannot do without, or anything of what it can use."""
    return not variables.lacking(wanted) if wanted else len(variables.lacking(more)) < len(more)


def _from_environment(
    variables: _Variables, wanted: tuple[str, ...], more: tuple[str, ...]
) -> dict[str, str]:
    if missing := variables.lacking(wanted):
        raise CredentialsError(
            f"There are no credentials: {variables.names(missing)} not set",
            remedy=f"Set {variables.names(wanted)}, or name a 0600 file under connection.credentials",
        )
    return {part: value for part in (*wanted, *more) if (value := variables.get(part))}


def _from_file(
    path: Path, host: HostName, parts: tuple[tuple[str, ...], tuple[str, ...]], variables: _Variables
) -> dict[str, str]:
    (wanted, more), content = parts, _content(path, variables)
    hosts = content.get("hosts") or {}
    own = hosts.get(host, {}) if isinstance(hosts, Mapping) else None
    if not isinstance(own, Mapping):
        raise CredentialsError(f"{shown(path)}: hosts: must hold username and password by host", remedy="")
    entry = {**content, **own}
    values = {name: entry[name] for name in (*wanted, *more) if entry.get(name) is not None}
    wrong = any(not isinstance(value, str) for value in values.values())
    missing = any(name not in values for name in wanted)
    if wrong or missing or values.get("username") == "":
        names = " and ".join(wanted or more)
        raise CredentialsError(
            f"{shown(path)} gives no {names} (texts) for {host}",
            remedy=f"Write {' and '.join(f'{name}:' for name in wanted or more)} at the top level, or under "
            "hosts: HOST:",
        )
    return values


def _content(path: Path, variables: _Variables) -> Mapping[str, Any]:
    try:
        text = read_bounded(path, _LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise CredentialsError(
            f"The credentials file {shown(path)} cannot be read: {reason}",
            remedy="Write two lines into it, `username:` and `password:`, and let nobody else read it; or correct `credentials:` in the"
            f" stack file; or set {variables.names(('username', 'password'))}, which serve where there is no such file",
        ) from error
    # After the reading, so that a file that is not there is reported as such; its content is used only if this passes.
    _check_file(path, private=True)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None  # the parser's message would quote the file
    if not isinstance(content, Mapping):
        raise CredentialsError(
            f"{shown(path)} is no YAML mapping with username and password", remedy="Correct the file"
        )
    return content


def _beside(folder: Path, name: str, text: str) -> Path:
    """Return the path of a file that credentials name, from their own folder on."""
    try:
        return folder / expanded(Path(text))
    except OSError as error:
        raise CredentialsError(
            f"{name}: {text!r}: {error.strerror}", remedy="Correct the credentials"
        ) from error


def _check_file(path: Path, *, private: bool) -> None:
    """Raise CredentialsError for a file that cannot be read, belongs to another user, or, where it holds a secret, is open to others."""
    try:
        read_bounded(path, _LARGEST)
        found, mode = belongings(path), path.stat().st_mode
    except OSError as error:
        raise CredentialsError(
            f"{shown(path)} cannot be read: {error.strerror}",
            remedy="Correct its name in the credentials file, or in the environment",
        ) from error
    if private and not found.trusted:
        raise CredentialsError(
            f"{shown(path)} belongs to another user ({found.owner}), who may change whom it logs on as",
            remedy="Name a file of your own",
        )
    # On Windows the mode says nothing; there who may read a file is in its access list.
    if private and sys.platform != "win32" and stat.S_IMODE(mode) & 0o077:
        raise CredentialsError(
            f"{shown(path)} can be read by others", remedy=f"Run: {quoting.own('chmod 600 {}', shown(path))}"
        )

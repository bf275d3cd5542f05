"""What operators permit, whatever a stack file says: where credentials may go, how, and which stacks change delegation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Protocol

from .destinations import destination, fits
from .names import folded

SYSTEM = "system"
"""Under `ca`: the authorities that the operating system trusts."""
ENVIRONMENT = "environment"
"""Under `credentials`: the environment's, or the ticket or logon that is there."""
LOCAL = "local"
"""Under `domains`: an account without a domain: a host's own, or one of Kerberos' default realm."""
PORTS = {"https": 443, "http": 80}


class Dialling(Protocol):
    """What a policy looks at of a connection (`model.stack.Connection`)."""

    @property
    def auth(self) -> str:
        """How we log on."""

    @property
    def credentials(self) -> PurePath | None:
        """The file that holds what proves who we are; None means the environment."""

    @property
    def kerberos_host(self) -> str | None:
        """The name a ticket is asked for, where it is not the one that is dialled."""

    @property
    def proxy(self) -> str | None:
        """URL of an HTTP proxy on the way."""


class DialledHost(Protocol):
    """What a policy looks at of a host (`model.stack.HostSpec`)."""

    @property
    def endpoint(self) -> str:
        """URL of its WinRM service."""

    @property
    def account(self) -> str | None:
        """The full name that the stack file gives its account."""

    @property
    def full_name(self) -> str | None:
        """The full name that the stack file gives it, where its DNS suffix is not its domain."""

    @property
    def connection(self) -> Dialling:
        """How it is reached."""


class DialledDirectory(Protocol):
    """What a policy looks at of a directory (`model.directory.DirectorySpec`)."""

    @property
    def server(self) -> str:
        """URL of a domain controller."""

    @property
    def auth(self) -> str:
        """How we log on."""

    @property
    def credentials(self) -> PurePath | None:
        """The file that holds what proves who we are; None means the ticket."""

    @property
    def kerberos_host(self) -> str | None:
        """The name a ticket is asked for, where it is not the one that is dialled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What the files are that a connection names; looked up by whoever reads files."""

    credentials: str = ENVIRONMENT
    """The real path, through links; ENVIRONMENT where no file is named."""
    authorities: frozenset[str] = frozenset({SYSTEM})
    """SHA-256 of each certificate of `ca`; SYSTEM where no file is named."""
    trouble: str = ""
    """Why the certificates of `ca` are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A setting of a stack file that a policy forbids."""

    setting: str
    """Key of the stack file: `address`, one of `connection`, or of `directory`."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """One file of an operator. None = it does not restrict that."""

    path: str
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each key stands."""
    hosts: tuple[str, ...] | None = None
    """Patterns of what may be dialled (`destinations.fits`)."""
    ports: frozenset[int] | None = None
    proxies: tuple[str, ...] | None = None
    """Patterns; without them `hosts` counts."""
    directories: tuple[str, ...] | None = None
    """Patterns of domain controllers; without them `hosts` counts."""
    domains: frozenset[str] | None = None
    auth: frozenset[str] | None = None
    authorities: frozenset[str] | None = None
    """SHA-256 of certificates in hexadecimal, and SYSTEM."""
    credentials: tuple[str, ...] | None = None
    """Real paths of files, and of folders all of whose files are meant; ENVIRONMENT."""
    plain_http: bool = True
    delegation: frozenset[str] | None = None
    """Names of stacks that may change delegation."""
    audit_required: bool = False

    def place(self, key: str) -> str:
        """Return where a key stands, as `FILE:LINE`."""
        return f"{self.path}:{self.lines[key]}" if key in self.lines else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every policy that is in force: what one of them forbids is forbidden, so that a later one only narrows."""

    files: tuple[PolicyFile, ...] = ()

    @property
    def audit_required(self) -> bool:
        """Whether a run that cannot write its audit log has to start nothing."""
        return any(file.audit_required for file in self.files)

    @property
    def asks_for_files(self) -> bool:
        """Whether it has to be known what the files are that a connection names."""
        return any(file.authorities is not None or file.credentials is not None for file in self.files)

    @property
    def judges_logins(self) -> bool:
        """Whether it has to be known as whom, and from which file, somebody logs on."""
        return any(file.domains is not None or file.credentials is not None for file in self.files)

    def permits_new_host(self, host: DialledHost) -> bool:
        """Say whether a policy vouches for where a host is dialled: one names hosts, and all let this one be dialled.

        False without a policy that names hosts: then nobody but a reviewer has said that credentials may go there.
        """
        vouched = any(file.hosts is not None for file in self.files)
        return vouched and not any(
            breach
            for file in self.files
            for breach in (*_of_address(file, host), *_of_connection(file, host.connection))
        )

    def of_host(self, host: DialledHost, files: Files) -> tuple[Breach, ...]:
        """Return what of a host's address and connection is forbidden. `files`: those that the connection names."""
        return tuple(breach for file in self.files for breach in _of_host(file, host, files))

    def of_directory(self, spec: DialledDirectory, files: Files) -> tuple[Breach, ...]:
        """Return what is forbidden of how the directory is asked."""
        return tuple(breach for file in self.files for breach in _of_directory(file, spec, files))

    def of_delegation(self, stack: str) -> tuple[Breach, ...]:
        """Return why a stack may not change delegation."""
        return tuple(
            _breach("delegation", f"stack '{stack}' must not change delegation", file, "delegation")
            for file in self.files
            if file.delegation is not None and stack not in file.delegation
        )

    def of_login(self, username: str) -> tuple[str, ...]:
        """Return why nobody may log on by that name; empty where it may be used."""
        return tuple(
            f"{why} ({file.place('domains')})"
            for file in self.files
            if file.domains is not None and (why := _of_login(username, file.domains))
        )

    def of_source(self, credentials: str) -> tuple[str, ...]:
        """Return why credentials must not come from there: a real path, or ENVIRONMENT."""
        return tuple(
            f"{_from(credentials)} ({file.place('credentials')})"
            for file in self.files
            if not _may_come_from(credentials, file.credentials)
        )


UNRESTRICTED = Policy()


def _of_host(file: PolicyFile, host: DialledHost, files: Files) -> Iterator[Breach]:
    yield from _of_address(file, host)
    yield from _of_connection(file, host.connection)
    tls = host.endpoint.startswith("https:")
    yield from _of_files(file, files, named=host.connection.credentials is not None, tls=tls)


def _of_address(file: PolicyFile, host: DialledHost) -> Iterator[Breach]:
    if not _leads_to(host.endpoint, file.hosts):
        yield _breach("address", f"{host.endpoint} is not among the hosts that may be dialled", file, "hosts")
    # Tickets are asked for, and migrations sent to, the name that is declared: it is a place as the address is.
    for setting, name in (("account", host.account), ("full_name", host.full_name)):
        if name is not None and file.hosts is not None and not fits(name, file.hosts):
            yield _breach(setting, f"'{name}' is not among the hosts that may be dialled", file, "hosts")
    if file.ports is not None and _port(host.endpoint) not in file.ports:
        ports = _listed(map(str, sorted(file.ports)))
        yield _breach("address", f"{host.endpoint} has a port that must not be dialled; these may: {ports}", file, "ports")  # fmt: skip
    if not file.plain_http and not host.endpoint.startswith("https:"):
        yield _breach("address", f"{host.endpoint} is plain HTTP, which proves no host; write an https address", file, "plain_http")  # fmt: skip


def _of_connection(file: PolicyFile, connection: Dialling) -> Iterator[Breach]:
    if file.auth is not None and connection.auth not in file.auth:
        yield _auth(connection.auth, file)
    name = connection.kerberos_host
    if name is not None and file.hosts is not None and not fits(name, file.hosts):
        yield _breach("kerberos_host", f"'{name}' is not among the hosts that may be dialled", file, "hosts")
    key = "hosts" if file.proxies is None else "proxies"
    if connection.proxy is not None and not _leads_to(connection.proxy, _first(file.proxies, file.hosts)):
        yield _breach("proxy", f"{connection.proxy} is not among those that may be dialled", file, key)


def _of_directory(file: PolicyFile, spec: DialledDirectory, files: Files) -> Iterator[Breach]:
    key, patterns = "hosts" if file.directories is None else "directories", _first(file.directories, file.hosts)  # fmt: skip
    if not _leads_to(spec.server, patterns):
        yield _breach("server", f"{spec.server} is not among the directories that may be asked", file, key)
    if file.auth is not None and spec.auth not in file.auth:
        yield _auth(spec.auth, file)
    if spec.kerberos_host is not None and patterns is not None and not fits(spec.kerberos_host, patterns):
        text = f"'{spec.kerberos_host}' is not among the directories that may be asked"
        yield _breach("kerberos_host", text, file, key)
    yield from _of_files(file, files, named=spec.credentials is not None, tls=spec.server.startswith("ldaps:"))  # fmt: skip


def _of_files(file: PolicyFile, files: Files, *, named: bool, tls: bool) -> Iterator[Breach]:
    if not _may_come_from(files.credentials, file.credentials):
        yield _breach("credentials" if named else "", _from(files.credentials), file, "credentials")
    # Over plain HTTP or LDAP no certificate is looked at; whether those may be used is another key.
    if not tls or file.authorities is None:
        return
    if files.trouble:
        yield _breach("ca", files.trouble, file, "ca")
    elif SYSTEM in files.authorities - file.authorities:
        text = "there is no ca:, and the authorities that the system trusts must not prove who a host is; name a ca:"  # fmt: skip
        yield _breach("", text, file, "ca")
    # `min` only because a set has no order, and a finding must be the same at every run.
    elif foreign := files.authorities - file.authorities:
        yield _breach("ca", f"holds a certificate that must not prove who a host is: SHA256:{min(foreign)}", file, "ca")  # fmt: skip


def _of_login(username: str, domains: Collection[str]) -> str:
    """Return why an account is none of `domains`, by every domain that its name holds; empty where it is."""
    permitted = _listed(sorted(domains))
    if not username:
        return f"the login names no user, so that its domain is unknown; write username:, of one of these domains: {permitted}"  # fmt: skip
    known = {folded(domain) for domain in domains}
    # `CORP\me@other` holds two domains, and which one counts is for the host to say: both have to be permitted.
    before, backslash, account = username.rpartition("\\")
    named = {folded(before if before not in {"", "."} else LOCAL)} if backslash else set()
    named |= {folded(realm or LOCAL) for realm in account.split("@")[1:]}
    if (named or {LOCAL}) <= known:
        return ""
    return f"'{username}' is no account of a domain that may be used; these may: {permitted}"


def _leads_to(url: str, patterns: tuple[str, ...] | None) -> bool:
    if patterns is None:
        return True
    # What two parsers could read as two places is none, so it fits no pattern.
    place = destination(url)
    return place is not None and fits(place[0], patterns)


def _port(url: str) -> int | None:
    place = destination(url)
    return None if place is None else place[1] or PORTS.get(url.partition(":")[0])


def _may_come_from(credentials: str, permitted: tuple[str, ...] | None) -> bool:
    if permitted is None or credentials in permitted:
        return True
    return credentials != ENVIRONMENT and any(str(folder) in permitted for folder in PurePath(credentials).parents)  # fmt: skip


def _from(credentials: str) -> str:
    if credentials == ENVIRONMENT:
        return "credentials must not come from the environment or from a ticket that is there; name a file that may be used"
    return f"{credentials} is not among the files that credentials may come from"


def _auth(kind: str, file: PolicyFile) -> Breach:
    return _breach("auth", f"'{kind}' must not be used; these may: {_listed(sorted(file.auth or ()))}", file, "auth")  # fmt: skip


def _breach(setting: str, text: str, file: PolicyFile, key: str) -> Breach:
    why = f"the operator's policy forbids it: {text} ({file.place(key)})"
    return Breach(setting=setting, text=f"{why}; correct it, or have the policy's owner permit it there")


def _first(*given: tuple[str, ...] | None) -> tuple[str, ...] | None:
    # An empty list counts as given: it permits nothing, where an absent key restricts nothing.
    return next((each for each in given if each is not None), None)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"

"""The sections directory: and delegation: as values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, urlsplit

from hyperv_placement.model.directory import DelegationSpec, DirectorySpec, Mode, OnDelete
from hyperv_placement.model.names import HostName, dns
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.stack import DELEGATION_WAIT
from hyperv_placement.model.units import parse_seconds

from .files import local_file
from .findings import Findings
from .nodes import Mapping, Scalar, Sequence

_EXAMPLE = "such as ldaps://dc1.corp.example"


def read_directory(root: Mapping, folder: Path, findings: Findings) -> DirectorySpec | None:
    """Return how the directory is asked, None where nothing says so; files are relative to `folder`."""
    section = root.mapping("directory")
    if section is None:
        return None
    auth, server = section.scalar("auth"), section.scalar("server")
    credentials, ca, name = (
        section.scalar("credentials"),
        section.scalar("ca"),
        section.scalar("kerberos_host"),
    )
    simple = auth is not None and auth.text == "simple"
    if simple and "credentials" not in section.entries:
        findings.add(
            "directory-credentials-missing",
            root.entries["directory"].line,
            "directory: auth: simple needs a user name and password; name a 0600 file under directory.credentials",
        )
    return DirectorySpec(
        server="" if server is None else _server(server, findings, simple=simple),
        auth="simple" if simple else "kerberos",
        credentials=None if credentials is None else local_file(credentials, folder, findings),
        ca=None if ca is None else local_file(ca, folder, findings),
        kerberos_host=None if name is None else name.text,
        line=root.entries["directory"].line,
    )


def read_delegation_wait(root: Mapping) -> int:
    """Return for how many seconds a move waits for a host to see its delegation."""
    node = root.scalar("delegation_wait")
    return DELEGATION_WAIT if node is None else parse_seconds(node.text)


def read_delegation(root: Mapping, findings: Findings) -> DelegationSpec | None:
    """Return who may delegate to whom, None where nothing says so."""
    section = root.mapping("delegation")
    if section is None:
        return None
    mode, on_delete = section.scalar("mode"), section.scalar("on_delete")
    line = root.entries["delegation"].line
    if "directory" not in root.entries:
        findings.add(
            "delegation-without-directory",
            line,
            f"delegation: is set in the directory, and there is none; add directory: {{server: ...}}, {_EXAMPLE}",
        )
    spec = DelegationSpec(
        hosts=tuple(_hosts(root, section, findings)),
        mode="protocol-transition" if mode is None else cast("Mode", mode.text),
        shares=tuple(_shares(section, findings)),
        on_delete="keep" if on_delete is None else cast("OnDelete", on_delete.text),
        line=line,
    )
    if spec.mode == "resource-based" and spec.shares:
        findings.add(
            "delegation-shares-resource-based",
            section.entries["shares"].line,
            "delegation.shares: with mode: resource-based the entries would stand at the file servers' own accounts, "
            "which are not changed here; use mode: protocol-transition, or set them there by "
            "Set-ADComputer -PrincipalsAllowedToDelegateToAccount and remove shares",
        )
    return spec


def _server(node: Scalar, findings: Findings, *, simple: bool) -> str:
    """Return the URL in its one spelling: no user name, path or query, and encrypted one way or the other."""
    try:
        parts = urlsplit(node.text)
        # urlsplit looks at a port only when it is asked for it.
        _ = parts.port
    except ValueError as error:
        findings.add(
            "address-wrong",
            node.line,
            f"directory.server: '{node.text}' is no address ({error}); write its URL, {_EXAMPLE}",
        )
        return ""
    problem = _problem(parts, simple=simple)
    if problem is not None:
        findings.add("address-wrong", node.line, f"directory.server: '{node.text}' {problem}")
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"


def _problem(parts: SplitResult, *, simple: bool) -> str | None:
    host = (parts.hostname or "").rstrip(".") or "dc1.corp.example"
    if parts.scheme.lower() not in {"ldap", "ldaps"} or not parts.hostname:
        return f"is no URL of a directory; write ldaps://NAME, {_EXAMPLE}"
    if parts.username is not None or parts.password is not None:
        return "holds a user name; that belongs in the file that directory.credentials names"
    if parts.path.strip("/") or parts.query or parts.fragment or parts.port == 0:
        return f"holds more than a name and a port; write ldaps://{host}"
    if parts.scheme.lower() == "ldap" and simple:
        return f"would send the password in the clear; write ldaps://{host}, or auth: kerberos, which seals ldap://"
    return None


def _hosts(root: Mapping, section: Mapping, findings: Findings) -> Iterator[HostName]:
    known = root.mapping("hosts")
    names = [] if known is None else list(known.entries)
    listed = section.value("hosts")
    if isinstance(listed, Scalar):
        yield from (HostName(name) for name in names)
    near = NearNames(names)
    for position, node in enumerate(listed.items if isinstance(listed, Sequence) else ()):
        if not isinstance(node, Scalar) or node.kind == "broken":
            continue
        if node.text in names:
            yield HostName(node.text)
        elif known is not None:
            more = near.suggestion(node.text) or "; add it there or remove it here"
            findings.add(
                "host-undeclared",
                node.line,
                f"delegation.hosts[{position}]: '{node.text}' is no host under hosts{more}",
            )


def _shares(section: Mapping, findings: Findings) -> Iterator[str]:
    listed = section.value("shares")
    seen: dict[str, str] = {}
    for node in listed.items if isinstance(listed, Sequence) else ():
        if not isinstance(node, Scalar) or node.kind == "broken":
            continue
        first = seen.setdefault(dns(node.text), node.text)
        if first != node.text:
            findings.add(
                "share-twice", node.line, f"delegation.shares: '{node.text}' is {first}; name it once"
            )
        else:
            yield node.text

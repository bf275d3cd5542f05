"""The sections directory: and delegation:, and what they get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.model.directory import DelegationSpec, DirectorySpec

from .conftest import Findings, Load

START = "hosts: {hv1: {address: hv1}, hv2: {address: hv2}}\nvms: {}\n"
DIRECTORY = "directory: {server: 'ldaps://dc1.corp.example'}\n"


def test_what_is_said_and_what_is_not(load_text: Load, path: Path) -> None:
    """Each key has its place, files are relative to the stack file, and the rest has its default."""
    stack = load_text(
        START
        + "directory:\n  server: LDAPS://DC1.corp.example:1636/\n  auth: simple\n  credentials: d.yaml\n"
        "  ca: ca.pem\n  kerberos_host: dc1.corp.example\n"
        "delegation: {hosts: [hv2], mode: constrained, shares: [fs1, fs2.corp.example], on_delete: remove}\n"
    )
    assert stack.directory == DirectorySpec(
        server="ldaps://dc1.corp.example:1636", auth="simple", credentials=path.parent / "d.yaml",
        ca=path.parent / "ca.pem", kerberos_host="dc1.corp.example", line=3,
    )  # fmt: skip
    assert stack.delegation == DelegationSpec(
        hosts=stack.delegation.hosts if stack.delegation else (), mode="constrained",
        shares=("fs1", "fs2.corp.example"), on_delete="remove", line=9,
    )  # fmt: skip
    assert stack.delegation.hosts == ("hv2",)
    least = load_text(START + "directory: {server: 'ldap://dc1'}\ndelegation: {hosts: all}\n")
    assert least.directory == DirectorySpec(server="ldap://dc1", line=3)
    assert least.delegation is not None
    assert least.delegation.hosts == ("hv1", "hv2")
    assert least.delegation.mode == "protocol-transition"


def test_neither_is_needed(load_text: Load) -> None:
    """A stack without them says nothing of a directory."""
    stack = load_text(START)
    assert (stack.directory, stack.delegation) == (None, None)


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("directory: {server: dc1}", "'dc1' is no URL of a directory; write ldaps://NAME"),
        ("directory: {server: 'https://dc1'}", "is no URL of a directory"),
        ("directory: {server: 'ldaps://'}", "is no URL of a directory"),
        ("directory: {server: 'ldaps://dc1:99999'}", "is no address"),
        ("directory: {server: 'ldaps://dc1:0'}", "holds more than a name and a port; write ldaps://dc1"),
        ("directory: {server: 'ldaps://dc1/DC=corp'}", "holds more than a name and a port"),
        ("directory: {server: 'ldaps://admin:hunter2@dc1'}", "holds a user name"),
        ("directory: {server: 'ldap://dc1', auth: simple, credentials: x}", "would send the password in the clear"),
        ("directory: {server: 'ldaps://dc1', auth: simple}", "name a 0600 file under directory.credentials"),
        ("directory: {}", "'server' is missing; add it, such as server: 'ldaps://dc1.corp.example'"),
        ("directory: {server: 'ldaps://dc1', auth: ntlm}", "auth: 'ntlm' cannot be used"),
        (DIRECTORY + "delegation: {}", "'hosts' is missing; add it, such as hosts: all"),
        (DIRECTORY + "delegation: {hosts: hv1}", "write all, or a list of hosts"),
        (DIRECTORY + "delegation: {hosts: [hv3]}", "delegation.hosts[0]: 'hv3' is no host under hosts; did you mean"),
        (DIRECTORY + "delegation: {hosts: []}", "name more"),
        (DIRECTORY + "delegation: {hosts: all, mode: any}", "mode: 'any' cannot be used"),
        (DIRECTORY + "delegation: {hosts: all, shares: ['\\\\fs1\\vms']}", "write the file server's name, such as fs1"),
        (DIRECTORY + "delegation: {hosts: all, shares: [fs1, FS1]}", "'FS1' is fs1; name it once"),
        (DIRECTORY + "delegation: {hosts: all, mode: resource-based, shares: [fs1]}", "the file servers' own accounts"),
        (DIRECTORY + "delegation: {hosts: all, on_delete: wipe}", "on_delete: 'wipe' cannot be used"),
        ("delegation: {hosts: all}", "is set in the directory, and there is none; add directory:"),
    ],
)  # fmt: skip
def test_what_is_wrong(findings: Findings, section: str, problem: str) -> None:
    """Each has one line with the place and a way out, and no password."""
    found = findings(START + section + "\n")
    assert len(found) == 1
    assert problem in found[0]
    assert found[0].split(":")[0] == str(2 + section.count("\n") + 1)
    assert "hunter2" not in found[0]


def test_all_is_reported_at_once(findings: Findings) -> None:
    """Wrong server, unknown host and a missing file are three lines of one error."""
    found = findings(
        START + "directory:\n  server: dc1\n  auth: simple\ndelegation:\n  hosts:\n  - hv1\n  - hvx\n"
    )
    assert [line.split(":")[0] for line in found] == ["3", "4", "9"]

"""Holds what a stack file asks for against the operator's policy: each breach is a finding where the setting stands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from hyperv_placement.model.names import HostName
from hyperv_placement.model.policy import ENVIRONMENT, SYSTEM, Breach, Files, Policy
from hyperv_placement.model.stack import Stack
from hyperv_placement.system.files import read_bounded

from .authorities import LARGEST, fingerprints
from .findings import Findings
from .nodes import Mapping


def governed(stack: Stack, policy: Policy, name: str) -> Stack:
    """Return the stack of that name with the policy where a login, or a change of the directory, will ask for it."""
    hosts = {
        name: replace(host, connection=replace(host.connection, policy=policy))
        for name, host in stack.hosts.items()
    }
    directory = stack.directory
    if directory is not None:
        forbidden = policy.of_delegation(name)
        directory = replace(directory, policy=policy, unchangeable="; ".join(each.text for each in forbidden))
    return replace(stack, hosts=hosts, directory=directory, policy=policy)


def report_breaches(stack: Stack, root: Mapping, findings: Findings) -> None:
    """Report what `stack`, which was read from `root`, asks for and its policy forbids."""
    policy = stack.policy
    if not policy.files:
        return
    look = _files(policy)
    for name, host in stack.hosts.items():
        if host.endpoint:  # else it has been reported
            files = look(host.connection.credentials, host.connection.ca)
            _report(_placed(root, name, policy.of_host(host, files)), findings)
    directory = stack.directory
    if directory is not None and directory.server:
        files = look(directory.credentials, directory.ca)
        _report(_in_section(root, "directory", policy.of_directory(directory, files)), findings)
    if stack.delegation is not None and directory is not None and directory.unchangeable:
        findings.add("policy-breach", stack.delegation.line, f"delegation: {directory.unchangeable}")


Placed = tuple[int, str, Breach]


def _report(placed: Iterable[Placed], findings: Findings) -> None:
    for line, where, breach in placed:
        findings.add("policy-breach", line, f"{where}: {breach.text}")


def _placed(root: Mapping, name: HostName, breaches: Iterable[Breach]) -> Iterator[Placed]:
    """Yield each breach of a host with where its setting stands: at the host, or once for all that share a connection."""
    section = root.mapping("hosts")
    entry = section.mapping(name) if section is not None else None
    if section is None or entry is None:
        return
    for breach in breaches:
        if breach.setting in {"address", "account", "full_name"}:
            yield entry.entries[breach.setting].line, f"hosts.{name}.{breach.setting}", breach
            continue
        own, everywhere = entry.mapping("connection"), root.mapping("connection")
        if own is not None and breach.setting in own.entries:
            yield own.entries[breach.setting].line, f"hosts.{name}.connection.{breach.setting}", breach
        elif everywhere is not None and breach.setting in everywhere.entries:
            yield everywhere.entries[breach.setting].line, f"connection.{breach.setting}", breach
        # Not written anywhere: shown where it would have to be written.
        elif own is not None:
            yield entry.entries["connection"].line, f"hosts.{name}.connection", breach
        elif everywhere is not None:
            yield root.entries["connection"].line, "connection", breach
        else:
            yield root.entries["hosts"].line, "hosts", breach


def _in_section(root: Mapping, name: str, breaches: Iterable[Breach]) -> Iterator[Placed]:
    section = root.mapping(name)
    for breach in breaches:
        stands = section.entries.get(breach.setting) if section is not None else None
        line = root.entries[name].line if stands is None else stands.line
        yield line, name if stands is None else f"{name}.{breach.setting}", breach


def _files(policy: Policy) -> Callable[[Path | None, Path | None], Files]:
    """Return a look-up of the files of a connection, which reads nothing where no policy asks for them."""
    if not policy.asks_for_files:
        return lambda _credentials, _ca: Files()

    # Hosts share their files: each is read once, so that all of them are judged by the same bytes.
    @cache
    def look(credentials: Path | None, ca: Path | None) -> Files:
        source = ENVIRONMENT if credentials is None else os.path.realpath(credentials)
        if ca is None:
            return Files(credentials=source, authorities=frozenset({SYSTEM}))
        try:
            return Files(credentials=source, authorities=fingerprints(read_bounded(ca, LARGEST)))
        except OSError as error:
            return Files(credentials=source, trouble=f"{ca} cannot be read: {error.strerror}")
        except ValueError as error:
            return Files(credentials=source, trouble=f"{ca} {error}")

    return look

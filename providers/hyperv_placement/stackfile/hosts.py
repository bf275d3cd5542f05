"""The sections connection: and hosts: as values."""

from __future__ import annotations

import math
from collections.abc import Mapping as Dict
from dataclasses import replace
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from hyperv_placement.model.names import HostName, dns
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import Authentication, Away, Connection, HostSpec, LiveMigration
from hyperv_placement.model.units import MIB, parse_bits, parse_bytes

from .addresses import HTTPS_PORT, authority, endpoint
from .files import local_file
from .findings import Findings
from .live_migration import read_live_migration
from .nodes import Mapping, Scalar
from .paths import is_disk_file, normalized, path_problem
from .windows import read_limits, read_windows
from .words import read_word
from .zones import zone_of


def read_hosts(root: Mapping, folder: Path, findings: Findings) -> Dict[HostName, HostSpec]:
    """Return every host that can be read; files named in connections are relative to `folder`."""
    everywhere = _connection(root.mapping("connection"), Connection(), folder, findings)
    migration = read_live_migration(
        root.mapping("live_migration"), LiveMigration(), "live_migration", findings
    )
    section, zone = root.mapping("hosts"), zone_of(root)
    hosts: dict[HostName, HostSpec] = {}
    if section is None:
        return hosts
    for name in section.entries:
        entry = section.mapping(name)
        if entry is not None:
            host = _host(HostName(name), entry, everywhere, folder, findings, zone)
            own = entry.mapping("live_migration")
            hosts[host.name] = replace(
                host,
                live_migration=read_live_migration(own, migration, f"hosts.{name}.live_migration", findings),
            )
    _report_shared(hosts, section, findings)
    return hosts


def _host(
    name: HostName,
    entry: Mapping,
    everywhere: Connection,
    folder: Path,
    findings: Findings,
    zone: ZoneInfo | None,
) -> HostSpec:
    connection = _connection(entry.mapping("connection"), everywhere, folder, findings)
    vtpm, bandwidth = entry.scalar("allow_vtpm"), entry.scalar("bandwidth")
    account, full_name = _names(name, entry, findings)
    url = _endpoint(name, entry.scalar("address"), connection, findings)
    roots = _roots(name, entry.mapping("storage"), findings)
    word = read_word(entry.mapping("away"), f"hosts.{name}.away", findings)
    return HostSpec(
        name=name,
        endpoint=url,
        connection=connection,
        account=account,
        full_name=full_name,
        storage=roots,
        reserve=_reserve(entry.mapping("reserve")),
        bandwidth=None if bandwidth is None else parse_bits(bandwidth.text),
        allow_vtpm=vtpm is not None and vtpm.text.lower() in {"true", "yes", "on"},
        away=None if word is None else Away(until=word[0], reason=word[1]),
        windows=read_windows(entry.value("window"), f"hosts.{name}.window", findings, zone),
        limits=read_limits(entry.value("limits"), f"hosts.{name}.limits", findings, zone),
    )


def _names(name: HostName, entry: Mapping, findings: Findings) -> tuple[str | None, str | None]:
    """Return the full names that an entry gives its host: of its account, and in DNS where the suffix is another one."""
    account, full = entry.scalar("account"), entry.scalar("full_name")
    if full is not None and account is not None and dns(account.text) != dns(full.text):
        findings.add(
            "host-named-twice",
            full.line,
            f"hosts.{name}: account is '{account.text}' and full_name '{full.text}'; an account has the full name of its host"
            " (dNSHostName), so that full_name alone says both",
        )
    elif full is not None and "." not in full.text.rstrip("."):
        findings.add(
            "full-name-short",
            full.line,
            f"hosts.{name}.full_name: '{full.text}' has no DNS suffix, which is what this key is for; write it whole",
        )
    return (
        None if account is None else account.text.rstrip("."),
        None if full is None else full.text.rstrip("."),
    )


def _connection(
    entry: Mapping | None, everywhere: Connection, folder: Path, findings: Findings
) -> Connection:
    """Return `everywhere` with what `entry` says put over it."""
    if entry is None:
        return everywhere
    auth, proxy = entry.scalar("auth"), entry.scalar("proxy")
    credentials, ca = entry.scalar("credentials"), entry.scalar("ca")
    kerberos_host = entry.scalar("kerberos_host")
    return replace(
        everywhere,
        auth=everywhere.auth if auth is None else cast("Authentication", auth.text),
        proxy=everywhere.proxy if proxy is None else proxy.text,
        credentials=everywhere.credentials
        if credentials is None
        else local_file(credentials, folder, findings),
        kerberos_host=everywhere.kerberos_host if kerberos_host is None else kerberos_host.text,
        ca=everywhere.ca if ca is None else local_file(ca, folder, findings),
    )


def _endpoint(name: HostName, address: Scalar | None, connection: Connection, findings: Findings) -> str:
    if address is None:
        return ""
    try:
        url = endpoint(address.text)
    except ValueError as error:
        findings.add("address-wrong", address.line, f"hosts.{name}.address: {error}")
        return ""
    # The others seal their messages themselves, without TLS (MS-WSMV 2.2.9.1).
    if url.startswith("http://") and connection.auth in {"basic", "certificate"}:
        secure = f"https://{urlsplit(url).hostname}:{HTTPS_PORT}/wsman"
        findings.add(
            "plain-http-password",
            address.line,
            f"hosts.{name}.address: '{address.text}' is plain http, and auth: {connection.auth} cannot encrypt "
            f"messages; write {secure}, or auth: kerberos",
        )
    return url


def _roots(host: HostName, section: Mapping | None, findings: Findings) -> dict[str, str]:
    roots: dict[str, str] = {}
    for root in section.entries if section is not None else ():
        value = section.scalar(root) if section is not None else None
        if value is None:
            continue
        problem = path_problem(value.text)
        if problem is None and is_disk_file(value.text):
            problem = "names the file of a disk; a root is a folder"
        if problem is not None:
            findings.add("path-wrong", value.line, f"hosts.{host}.storage.{root}: '{value.text}' {problem}")
        roots[root] = normalized(value.text)
    return roots


def _reserve(section: Mapping | None) -> Reserve:
    memory = section.scalar("memory") if section is not None else None
    disk = section.scalar("disk") if section is not None else None
    share = disk is not None and disk.text.rstrip().endswith("%")
    return Reserve(
        memory_mib=0 if memory is None else math.ceil(parse_bytes(memory.text) / MIB),
        disk_bytes=0 if disk is None or share else parse_bytes(disk.text),
        disk_percent=float(disk.text.rstrip().removesuffix("%")) if disk is not None and share else 0.0,
    )


def _report_shared(hosts: Dict[HostName, HostSpec], section: Mapping, findings: Findings) -> None:
    """Report hosts that have one address or one account: one host is named once."""
    addresses: dict[str, HostName] = {}
    accounts: dict[str, HostName] = {}
    for name, host in hosts.items():
        for what, key, seen in (
            ("address", authority(host.endpoint) if host.endpoint else "", addresses),
            ("full name", dns(host.declared or ""), accounts),
        ):
            other = seen.setdefault(key, name) if key else name
            if other != name:
                findings.add(
                    "host-twice",
                    section.entries[name].line,
                    f"hosts.{name}: has the {what} of {other} (line {section.entries[other].line}); "
                    f"one host is named once, correct the {what} or remove one",
                )

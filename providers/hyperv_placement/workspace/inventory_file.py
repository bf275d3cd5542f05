"""A recorded inventory: what hosts answered at one moment, as a JSON document that a later plan is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hyperv_placement.errors import PlacementError
from hyperv_placement.model import strict_json
from hyperv_placement.model.estate import Host, Inventory, Silence, UnreachableHost
from hyperv_placement.model.names import HostName, dns_name
from hyperv_placement.model.plain import from_plain, to_plain
from hyperv_placement.system.files import read_bounded, write_whole

FORMAT = "placement inventory"
VERSION = 1
LARGEST = 256 << 20
"""Bytes; 200 hosts with 10,000 machines have some 60 MiB."""
_REMEDY = "Record one: bin/placement inventory STACK --save FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was read of the hosts of a stack, and when."""

    read: datetime
    """When the reading began, in UTC."""
    inventory: Inventory


def document(recorded: Recorded) -> str:
    """Return the document: the same values give the same text, in whatever order hosts have answered."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "read": recorded.read.astimezone(UTC).isoformat(timespec="seconds"),
        "inventory": to_plain(_in_order(recorded.inventory)),
    }
    return f"{json.dumps(content, indent=1, sort_keys=True)}\n"


def write(path: Path, recorded: Recorded) -> None:
    """Write the document at once or not at all; only its owner reads it. Raises PlacementError where that fails."""
    try:
        write_whole(path, document(recorded))
    except OSError as error:
        raise PlacementError(
            f"{path} cannot be written: {error.strerror}", remedy="Name another file"
        ) from error


def read(path: Path) -> Recorded:
    """Return what a file holds. Raises PlacementError where it cannot be read, or is not a recorded inventory."""
    try:
        content = read_bounded(path, LARGEST)
    except OSError as error:
        raise PlacementError(f"{path} cannot be read: {error.strerror}", remedy=_REMEDY) from error
    return parsed(content, str(path))


def _in_order(inventory: Inventory) -> Inventory:
    """Return `inventory` with machines by GUID, and without what the reading process alone has.

    Its clock's moments no other process has, ended jobs no plan asks for, and who hosts are is declared by the stack file that
    is planned.
    """
    hosts = {
        name: replace(
            host,
            vms=tuple(sorted(host.vms, key=lambda vm: vm.id)),
            jobs=tuple(sorted(host.jobs, key=lambda job: job.id)),
            recent=(),
            facts=replace(host.facts, read_at=0.0, declared=None) if host.facts else None,
        )
        for name, host in inventory.hosts.items()
    }
    return replace(inventory, hosts=hosts)


def parsed(text: str | bytes, name: str) -> Recorded:
    """Return what a document holds; `name`: of its file. Raises PlacementError where it is not a recorded inventory."""
    try:
        content = strict_json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _none(name, "it is not a JSON document") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _none(name, f"its format is not {FORMAT!r}")
    if content.get("version") != VERSION:
        raise _none(name, f"it is of version {content.get('version')!r}, and this program reads {VERSION}")
    try:
        read = _in_utc(content["read"])
        inventory = from_plain(content["inventory"], Inventory)
    except (ArithmeticError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _none(name, "it is damaged") from error
    # Whoever edits a recording by hand can file a machine under another host than it names.
    if not _agrees(inventory):
        raise _none(name, "it is damaged")
    for host in inventory.hosts.values():
        # Such a name is not believed of a host that reports it either.
        own = () if host.facts is None else (host.facts.full_name, host.facts.computer_name)
        if not all(map(dns_name, own)):
            raise _none(name, f"the full name that it has of {host.name} is not a DNS name")
    return Recorded(read=read, inventory=inventory)


def _in_utc(text: str) -> datetime:
    """Return a moment. Raises ValueError where it names no zone, OverflowError where UTC has no such year."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("no zone")
    return read.astimezone(UTC)


def _agrees(inventory: Inventory) -> bool:
    """Say whether hosts and machines are filed under their own names, each host once."""
    named = all(name == host.name for name, host in inventory.hosts.items())
    named = named and all(name == silent.name for name, silent in inventory.unreachable.items())
    at_home = all(vm.host == name for name, host in inventory.hosts.items() for vm in host.vms)
    return named and at_home and not inventory.hosts.keys() & inventory.unreachable.keys()


def _none(name: str, why: str) -> PlacementError:
    return PlacementError(f"{name} is no recorded inventory that can be read: {why}", remedy=_REMEDY)


_NOT_IN_IT = "it is not in the recorded inventory; record it anew"


def of_hosts(inventory: Inventory, hosts: Mapping[HostName, Any]) -> Inventory:
    """Return what was read of `hosts`, in their order: one that was not recorded is unknown, others do not count."""
    found: dict[HostName, Host] = {name: inventory.hosts[name] for name in hosts if name in inventory.hosts}
    silent = {
        name: inventory.unreachable.get(name)
        # Not recorded is silent, not empty: its machines are unknown.
        or UnreachableHost(name=name, reason=_NOT_IN_IT, kind=Silence.UNASKED)
        for name in hosts
        if name not in found
    }
    return Inventory(hosts=found, unreachable=silent)

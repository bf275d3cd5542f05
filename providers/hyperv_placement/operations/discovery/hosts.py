"""Which hosts are asked, and the short names that they get in the stack file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from hyperv_placement.errors import CredentialsError, PlacementError
from hyperv_placement.model.estate import HostFacts, Inventory
from hyperv_placement.model.names import HostName, dns, is_ip_address, natural
from hyperv_placement.model.own_name import agrees_with_itself, doubt, own_name
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.model.unreachable import became
from hyperv_placement.planning.machine.computers import NAME_IT_ONCE, one_host
from hyperv_placement.stackfile.addresses import endpoint, is_account
from hyperv_placement.winrm.credentials import read_credential

from .labels import free_name
from .scalars import path, quoted
from .text import HostText, Tree


def named_by_address(addresses: Iterable[str]) -> dict[HostName, str]:
    """Return the addresses by the name that each host has until it reports its own: the first part of the DNS name.

    Raises PlacementError for what is not an address.
    """
    found: dict[HostName, str] = {}
    for address in addresses:
        try:
            name = urlsplit(endpoint(address)).hostname or address
        except ValueError as error:
            raise PlacementError(str(error)) from error
        found[_free(name if is_ip_address(name) else name.partition(".")[0], found)] = address
    return found


def own_names(inventory: Inventory, specs: Mapping[HostName, HostSpec]) -> dict[HostName, HostName]:
    """Return the name that each host gets: what it calls itself (NetBIOS) in lower case; a silent one keeps its own.

    A host that the credentials file knows by the name it was asked under keeps that. Raises PlacementError where two
    addresses lead to one host.
    """
    names: dict[HostName, HostName] = {}
    owners: dict[str, HostName] = {}
    for name, spec in specs.items():
        host = inventory.hosts.get(name)
        if host is None or host.facts is None:
            names[name] = _free(name, names.values())
            continue
        # An alias or an address may lead to a host that was named already: its machines would be there twice.
        other = owners.setdefault(dns(host.facts.full_name), name)
        if other != name:
            both = one_host(specs[other].endpoint, spec.endpoint, host.facts.full_name)
            raise PlacementError(both, remedy=NAME_IT_ONCE)
        # A credentials file may name logins by host: under another key the first run would log on as somebody else.
        own = HostName(host.facts.computer_name.lower())
        names[name] = _free(own if own == name or _same_credential(spec, own) else name, names.values())
    return names


def connection_tree(connection: Connection, folder: Path, over: Connection | None = None) -> Tree:
    """Return a connection as it stands in a stack file in `folder`; `over`: only what differs from that."""
    common = {} if over is None else connection_tree(over, folder)
    shown: dict[str, str] = {}
    for field in (each for each in fields(connection) if each.compare):  # the policy is not in a stack file
        value = getattr(connection, field.name)
        if value is not None:
            shown[field.name] = path(relative(value, folder)) if isinstance(value, Path) else quoted(value)
    return {name: text for name, text in shown.items() if common.get(name) != text}


def host_texts(
    specs: Mapping[HostName, HostSpec],
    addresses: Mapping[HostName, str],
    names: Mapping[HostName, HostName],
    found: Inventory,
    most: Connection,
    folder: Path,
) -> tuple[HostText, ...]:
    """Return the section hosts:, in the order of names; `most`: the connection of the whole stack."""
    texts = []
    for name, spec in specs.items():
        host = found.hosts.get(name)
        account, remark = _account(names[name], spec, host.facts if host else None)
        texts.append(
            HostText(
                name=names[name],
                address=addresses[name],
                connection=connection_tree(spec.connection, folder, most),
                silent=f"{became(lost)}: {lost.reason}" if (lost := found.unreachable.get(name)) else "",
                account=account,
                full_name=spec.full_name or "",
                remark=remark,
            )
        )
    return tuple(sorted(texts, key=lambda text: natural(text.name)))


def _account(name: HostName, spec: HostSpec, facts: HostFacts | None) -> tuple[str, str]:
    """Return the account to declare, and what is to be said of it.

    A name that nothing proves is what the host reports, for somebody to compare; one that contradicts what was proven or
    declared, or the host's own NetBIOS name, is not written.
    """
    if facts is None or own_name(facts) is not None:
        return spec.account or "", ""
    if facts.declared or facts.proven or not is_account(facts.full_name) or not agrees_with_itself(facts):
        why = doubt(name, facts)
        return spec.account or "", f"{why.text}. {why.remedy}" if why else ""
    return facts.full_name, "account: is what the host reports: compare it with the directory"


def _same_credential(spec: HostSpec, own: HostName) -> bool:
    try:
        return read_credential(spec.connection, own) == read_credential(spec.connection, spec.name)
    except CredentialsError:
        return False


def _free(name: str, taken: Iterable[str]) -> HostName:
    """Return `name` in lower case, with a number where it has gone."""
    return HostName(free_name(name.lower(), frozenset(taken)))


def relative(file: Path, folder: Path) -> str:
    """Return how a stack file in `folder` names a file; backslashes are no part of it."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return str(file)

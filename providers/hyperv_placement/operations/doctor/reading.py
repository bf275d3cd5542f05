"""Reads what the doctor judges: all hosts and the directory at once, so that a dead one delays nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.directory.client import DirectoryClient
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate, unreachable
from hyperv_placement.hyperv.host_facts import read_credential_guard
from hyperv_placement.hyperv.host_settings import read_migration
from hyperv_placement.hyperv.vmm import is_managed_by_vmm
from hyperv_placement.model.directory import Accounts, ComputerAccount
from hyperv_placement.model.estate import Host, Inventory
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.own_name import own_name
from hyperv_placement.model.stack import HostSpec, Stack
from hyperv_placement.model.unreachable import several
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.credentials import read_credential, unused
from hyperv_placement.winrm.tickets import ticket_is_forwardable
from hyperv_placement.winrm.transport import certificate, knock
from hyperv_placement.wsman import CIMV2

from .controllers import on_shares
from .possible import possible_sources
from .symptoms import HostReading, Reading

KNOCK = 3.0
"""Seconds after which a host that does not even connect is given up."""
_WORKERS = 64
Answer = TypeVar("Answer")


def read(stack: Stack, estate: Estate, clock: Clock, known: Kept = NOTHING_KEPT) -> Reading:
    """Return what hosts and directory say now."""
    estate.expect(known.hosts)
    with ThreadPoolExecutor(_WORKERS) as pool:
        # First, so that a directory which runs into its time limit does so beside the hosts.
        directory = pool.submit(_directory, stack, clock)
        found = dict(
            zip(stack.hosts, pool.map(lambda name: _host(estate, name, clock), stack.hosts), strict=True)
        )
        callers, trouble = directory.result()
    hosts = {name: reading for name, (reading, _) in found.items()}
    inventory = Inventory(
        hosts={name: host for name, (_, host) in found.items() if host is not None},
        unreachable={
            name: unreachable(name, reading.trouble)
            for name, reading in hosts.items()
            if reading.trouble is not None
        },
    )
    inventory = estate.read(
        {
            **dict.fromkeys(inventory.hosts, Detail.HOST),
            **dict.fromkeys(possible_sources(stack, inventory, known), Detail.MOVE),
        },
        inventory,
    )
    own = {name: own for name, reading in hosts.items() if (own := reading.own_name) is not None}
    shared = {vm.name for vm in on_shares(stack, inventory)}
    accounts, controllers, asked = (
        _accounts(stack, own, shared, clock) if trouble is None else (None, frozenset[str](), trouble)
    )
    return Reading(
        hosts=hosts, inventory=inventory, directory_trouble=asked,
        accounts=None if accounts is None else _by_host(own, accounts.fit),
        unfit={} if accounts is None else {name: accounts.unfit[folded(each)] for name, each in own.items() if folded(each) in accounts.unfit},
        controllers=controllers, callers=callers,
        forwardable=_forwardable(stack), now=clock.utc(), known=known,
    )  # fmt: skip


def _host(estate: Estate, name: HostName, clock: Clock) -> tuple[HostReading, Host | None]:
    spec, client = estate.specs[name], estate.client(name)
    reading = HostReading(name=name)
    try:
        # A host that is off answers nothing: this gives up long before a request does.
        knock(spec, KNOCK)
        if (shown := certificate(spec)) is not None:
            reading = replace(reading, certificate_end=shown.end, certificate_names=shown.names)
        host = estate.read_host(name, Detail.PLACEMENT)
        reading = replace(
            reading,
            full_name=(names := estate.names(name)).full_name,
            reported=names.reported,
            own_name=own_name(names),
            migration=read_migration(client),
            # What helps to explain is read if it can be; without it the host counts as read.
            ahead=_perhaps(lambda: _ahead(client, clock)),
            credential_guard=_perhaps(lambda: read_credential_guard(client)),
            managed_by_vmm=_perhaps(lambda: is_managed_by_vmm(client)),
        )
    except PlacementError as error:
        return replace(reading, trouble=error), None
    return reading, host


def _perhaps(ask: Callable[[], Answer]) -> Answer | None:
    """Return what an account with few rights may not read, or an older build does not have, as None."""
    try:
        return ask()
    except PlacementError:
        return None


def _ahead(client: Client, clock: Clock) -> float | None:
    begun = clock.utc()
    rows = client.query("Win32_OperatingSystem", "LocalDateTime", namespace=CIMV2)
    # The host reads its clock somewhere within the request: half of it is the best estimate (NTP, RFC 5905, does the same).
    middle = begun + (clock.utc() - begun) / 2
    reported = rows[0]["LocalDateTime"] if rows else None
    # Without an offset the moment is in a zone that nobody knows.
    return (reported - middle).total_seconds() if isinstance(reported, datetime) and reported.tzinfo else None


def _directory(stack: Stack, clock: Clock) -> tuple[Mapping[str, str], PlacementError | None]:
    """Return which of our callers are never delegated, and why the directory cannot be asked."""
    if stack.directory is None:
        return {}, None
    client = DirectoryClient(stack.directory, clock=clock)
    try:
        return dict(_barred(client, stack.hosts.values())), None
    except PlacementError as error:
        return {}, error
    finally:
        client.close()


def _barred(client: DirectoryClient, hosts: Iterable[HostSpec]) -> Iterable[tuple[str, str]]:
    names = {_user(host) for host in hosts if host.connection.auth in {"kerberos", "ntlm"}}
    for name in sorted(names - {""}):
        person = client.person(name)
        # No member is delegated, by constrained delegation or otherwise (Learn, "Protected Users security group").
        if person is not None and person.protected:
            yield name, "is a member of Protected Users"
        elif person is not None and person.sensitive:
            yield name, "is sensitive and cannot be delegated"


def _user(host: HostSpec) -> str:
    try:
        return read_credential(host.connection, host.name).username
    except PlacementError:
        return ""


def _accounts(
    stack: Stack, names: Mapping[HostName, str], machines: Iterable[str], clock: Clock
) -> tuple[Accounts | None, frozenset[str], PlacementError | None]:
    """Return the accounts of hosts, which of `machines` are domain controllers by their names, and why they could not be read."""
    if stack.directory is None:
        return None, frozenset(), None
    client = DirectoryClient(stack.directory, clock=clock)
    try:
        return client.computers(names.values()), client.controllers(machines), None
    except PlacementError as error:
        return None, frozenset(), error
    finally:
        client.close()


def _by_host(
    names: Mapping[HostName, str], fit: Mapping[str, ComputerAccount]
) -> dict[HostName, ComputerAccount]:
    return {
        name: replace(fit[folded(each)], host=name) for name, each in names.items() if folded(each) in fit
    }


def logged_on(stack: Stack) -> list[str]:
    """Return who we are at which hosts, and where that was read; hosts without a credential have a diagnosis of their own."""
    found: dict[str, list[str]] = {}
    for host in stack.hosts.values():
        try:
            credential = read_credential(host.connection, host.name)
        except PlacementError:
            continue
        ignored = unused(host.connection)
        beside = f"; not used: {', '.join(ignored)} of the environment" if ignored else ""
        found.setdefault(f"{credential.owner}, from {credential.source}{beside}", []).append(host.name)
    return [f"{several(names)} as {who}" for who, names in found.items()]


def _forwardable(stack: Stack) -> bool | None:
    """Return whether the ticket that is there may be forwarded, None where no host is logged on at with it."""
    for host in stack.hosts.values():
        if host.connection.auth == "kerberos":
            try:
                credential = read_credential(host.connection, host.name)
            except PlacementError:
                return None
            # With a password or a keytab our own client asks for the ticket, and asks for one that may be forwarded.
            if not credential.password and credential.keytab is None:
                return ticket_is_forwardable()
    return None

"""Hosts are read, and a stack file that declares their machines where they are is written, or nothing at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Inventory, UnreachableHost
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection, HostSpec
from hyperv_placement.model.unreachable import several
from hyperv_placement.stackfile import load
from hyperv_placement.stackfile.schema import STACK_SCHEMA
from hyperv_placement.workspace.stacks import PROJECT

from .hosts import connection_tree, host_texts, named_by_address, own_names, relative
from .machines import Draft, judged
from .proving import prove
from .text import HostText, Preface, skeleton
from .writing import Trial, check_free, trial

SCHEMA = next((each for each in [PROJECT / "schemas" / STACK_SCHEMA.name] if each.exists()), STACK_SCHEMA)
"""What editors are to hold a stack file against: the project's own copy, which others have at the same place."""
_PLACE = re.compile(r"^.*?:[0-9]+: (?:hosts\.[^:]*: )?", re.MULTILINE)
"""File, line and host before a finding: of a file that nobody has seen, they say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which hosts are to be read, and how to log on to them."""

    place: Path
    """The stack file that is to be written."""
    hosts: Sequence[str]
    """Addresses; empty where `source` names a stack file."""
    source: Path | None
    """The stack file whose hosts and connection are taken."""
    auth: Authentication | None
    credentials: Path | None
    ca: Path | None
    """Each, where given, in place of what the stack says."""
    partial: bool
    """Whether to write what is known where some host does not respond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What was written."""

    draft: Draft | None
    """None: nothing, because some host did not respond."""
    hosts: int
    """How many were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which hosts are read, and how the file speaks of them."""

    folder: Path
    preface: Preface
    specs: Mapping[HostName, HostSpec]
    addresses: Mapping[HostName, str]
    connection: Connection


def discover(request: Request, clock: Clock, say: Callable[[str], object]) -> Discovered:
    """Read the hosts and write the file; `say` gets a line for each reason why some did not respond. Raises PlacementError."""
    check_free(request.place)
    with trial(request.place) as attempt:
        asked = _asked(request, clock, attempt)
        inventories = _read(asked.specs, clock)
        lost = inventories[-1].unreachable
        for reason in dict.fromkeys(host.reason for host in lost.values()):
            hit = [asked.addresses[name] for name, host in lost.items() if host.reason == reason]
            say(f"{several(hit)}: {reason}")
        read = len(asked.specs) - len(lost)
        # The machines of a silent host would look undeclared, and a namesake elsewhere would be taken for one of them.
        if lost and not (request.partial and read):
            return Discovered(draft=None, hosts=read)
        return Discovered(draft=_write(asked, inventories, attempt), hosts=read)


def _asked(request: Request, clock: Clock, attempt: Trial) -> _Asked:
    """Return the hosts as the loader reads them from a file without machines: what it refuses is not dialled."""
    if bool(request.hosts) == (request.source is not None):
        raise PlacementError("No host to ask", remedy="Name hosts, or take those of a stack: --from STACK")
    folder = request.place.absolute().parent
    roots: dict[HostName, Mapping[str, str]] = {}
    accounts: dict[HostName, str] = {}
    full_names: dict[HostName, str] = {}
    if request.source is not None:
        given = load(request.source).hosts
        addresses = {name: spec.endpoint for name, spec in given.items()}
        connections = {name: _over(request, spec.connection) for name, spec in given.items()}
        roots = {name: spec.storage for name, spec in given.items()}
        accounts = {name: spec.account for name, spec in given.items() if spec.account}
        full_names = {name: spec.full_name for name, spec in given.items() if spec.full_name}
    else:
        addresses = named_by_address(request.hosts)
        connections = dict.fromkeys(addresses, _over(request, Connection()))
    # What most hosts have stands once, above them; the others name what differs.
    most = Counter(connections.values()).most_common(1)[0][0]
    preface = Preface(
        schema=relative(SCHEMA, folder),
        written=clock.utc().date(),
        connection=connection_tree(most, folder),
        hosts=tuple(
            HostText(
                name=name,
                address=address,
                connection=connection_tree(connections[name], folder, most),
                account=accounts.get(name, ""),
                full_name=full_names.get(name, ""),
            )
            for name, address in addresses.items()
        ),
    )
    try:
        specs = attempt.load(skeleton(preface)).hosts
    except StackFileError as error:
        raise PlacementError(_PLACE.sub("", error.message), remedy="Correct the command") from error
    specs = {name: replace(spec, storage=roots.get(name, {})) for name, spec in specs.items()}
    return _Asked(folder=folder, preface=preface, specs=specs, addresses=addresses, connection=most)


def _over(request: Request, connection: Connection) -> Connection:
    """Return `connection` with what the request says put over it."""
    return replace(
        connection,
        auth=request.auth or connection.auth,
        credentials=request.credentials or connection.credentials,
        ca=request.ca or connection.ca,
    )


def _read(specs: Mapping[HostName, HostSpec], clock: Clock) -> tuple[Inventory, Inventory]:
    """Return a sweep, as a preview makes it, and the same with all that is known of each machine.

    A host that has fallen silent between the two is silent in both.
    """
    with closing(Estate(specs, clock=clock)) as estate:
        # Twice: the first `up` plans by a sweep, and a machine that changes hosts meanwhile can be in neither reading.
        swept = estate.read(Detail.PLACEMENT)
        closer = estate.read(Detail.MOVE, swept)
    lost = {
        name: UnreachableHost(name=name, reason="fell silent while it was read. Run again")
        for name, host in closer.hosts.items()
        if host.facts is None
    }
    return _without(swept, lost), _without(closer, lost)


def _without(found: Inventory, lost: Mapping[HostName, UnreachableHost]) -> Inventory:
    left = {name: host for name, host in found.hosts.items() if name not in lost}
    return Inventory(hosts=left, unreachable={**found.unreachable, **lost})


def _write(asked: _Asked, inventories: tuple[Inventory, Inventory], attempt: Trial) -> Draft:
    names = own_names(inventories[-1], asked.specs)
    kept = {names[name]: spec.storage for name, spec in asked.specs.items() if spec.storage}
    preface = replace(
        asked.preface,
        hosts=host_texts(
            asked.specs, asked.addresses, names, inventories[-1], asked.connection, asked.folder
        ),
    )
    swept, closer = (_renamed(found, names) for found in inventories)
    _, made = prove(preface, judged(closer), kept, (swept, closer), attempt.load)
    attempt.keep()
    return made


def _renamed(found: Inventory, names: Mapping[HostName, HostName]) -> Inventory:
    """Return an inventory with each host under its own name."""
    hosts = {
        own: replace(host, name=own, vms=tuple(replace(vm, host=own) for vm in host.vms))
        for name, host in found.hosts.items()
        for own in (names[name],)
    }
    silent = {names[name]: replace(host, name=names[name]) for name, host in found.unreachable.items()}
    return Inventory(hosts=hosts, unreachable=silent)

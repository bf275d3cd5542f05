"""`bin/placement discover`: hosts are read, and a stack file that declares them as they are is written."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from hyperv_placement import quoting
from hyperv_placement.clock import Clock, SystemClock
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Host, Inventory, UnreachableHost
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection, HostSpec
from hyperv_placement.model.units import counted
from hyperv_placement.model.unreachable import several
from hyperv_placement.operations.discovery.hosts import (
    connection_tree,
    host_texts,
    named_by_address,
    own_names,
    relative,
)
from hyperv_placement.operations.discovery.machines import Draft, Extent, judged
from hyperv_placement.operations.discovery.proving import prove
from hyperv_placement.operations.discovery.text import HostText, Preface, skeleton
from hyperv_placement.operations.discovery.writing import Trial, check_free, trial
from hyperv_placement.stackfile import load
from hyperv_placement.system.files import expanded
from hyperv_placement.workspace.stacks import PROJECT, STACKS, resolve_stack, stack_path

SCHEMA = PROJECT / "schemas" / "stack.schema.json"
_PLACE = re.compile(r"^.*?:[0-9]+: (?:hosts\.[^:]*: )?", re.MULTILINE)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="name, name:port or URL, as in a stack file")
    parser.add_argument(
        "--from", dest="source", metavar="STACK", help="take hosts and connection of this stack"
    )
    parser.add_argument("--stack", required=True, metavar="NAME", help="name of the new stack")
    parser.add_argument("--auth", choices=sorted(get_args(Authentication)), help="how to log on (ntlm)")
    parser.add_argument(
        "--credentials", type=Path, metavar="FILE", help="0600 YAML file; default: the environment"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="PEM file of the authority of the hosts' certificates"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help=f"default: {STACKS}/NAME.yaml; must not exist"
    )
    parser.add_argument(
        "--partial", action="store_true", help="write what is known even if some host does not answer"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read the hosts and write the file. Raises PlacementError; returns 1 where a host is silent and nothing was written."""
    place = _place(options)
    check_free(place)
    clock = SystemClock()
    with trial(place) as attempt:
        asked = _asked(options, place.absolute().parent, clock, attempt)
        inventories = _read(asked.specs, clock)
        lost = inventories[-1].unreachable
        for reason in dict.fromkeys(host.reason for host in lost.values()):
            hit = [asked.addresses[name] for name, host in lost.items() if host.reason == reason]
            sys.stderr.write(f"{several(hit)}: {reason}\n")
        if lost and (not options.partial or not inventories[-1].hosts):
            sys.stderr.write(_NOTHING if options.partial else f"{_NOTHING.rstrip()} {_OR_PARTIAL}\n")
            return FAILED
        made = _write(asked, inventories, attempt)
    sys.stdout.write(_summary(place, made, len(asked.specs) - len(lost), options.stack))
    return DONE


_NOTHING = "Nothing was written: machines on hosts that cannot be read would be missing.\n"
_OR_PARTIAL = "Run again when they can be, or write what is known: --partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which hosts are read, and how the file speaks of them."""

    folder: Path
    preface: Preface
    specs: Mapping[HostName, HostSpec]
    addresses: Mapping[HostName, str]
    connection: Connection


def _place(options: argparse.Namespace) -> Path:
    named = stack_path(options.stack, PROJECT)
    return cast("Path", options.output or named)


def _asked(options: argparse.Namespace, folder: Path, clock: Clock, attempt: Trial) -> _Asked:
    """Return the hosts as the loader reads them from a file without machines: what it refuses is not dialled."""
    if bool(options.hosts) == (options.source is not None):
        raise PlacementError("No host to ask", remedy="Name hosts, or take those of a stack: --from STACK")
    roots: dict[HostName, Mapping[str, str]] = {}
    accounts: dict[HostName, str] = {}
    if options.source is not None:
        given = load(resolve_stack(options.source, PROJECT)).hosts
        addresses = {name: spec.endpoint for name, spec in given.items()}
        connections = {name: _over(options, spec.connection) for name, spec in given.items()}
        roots = {name: spec.storage for name, spec in given.items()}
        accounts = {name: spec.account for name, spec in given.items() if spec.account}
    else:
        addresses = named_by_address(options.hosts)
        connections = dict.fromkeys(addresses, _over(options, Connection()))
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


def _named(file: Path) -> Path:
    try:
        return expanded(file).absolute()
    except OSError as error:
        raise PlacementError(f"{file}: {error.strerror}", remedy="Correct the command") from error


def _over(options: argparse.Namespace, connection: Connection) -> Connection:
    """Return `connection` with what the command line says put over it."""
    given = {
        "auth": options.auth,
        "credentials": options.credentials and _named(options.credentials),
        "ca": options.ca and _named(options.ca),
    }
    return replace(connection, **{key: value for key, value in given.items() if value is not None})


def _read(specs: Mapping[HostName, HostSpec], clock: Clock) -> tuple[Inventory, Inventory]:
    """Return a sweep, as a preview makes it, and the same with all that is known of each machine.

    A host that has fallen silent between the two is silent in both.
    """
    estate = Estate(specs, clock=clock)
    try:
        swept = estate.read(Detail.PLACEMENT)
        closer = estate.read(Detail.MOVE, swept)
    finally:
        estate.close()
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
    hosts = {names[name]: _host_named(host, names[name]) for name, host in found.hosts.items()}
    silent = {names[name]: replace(host, name=names[name]) for name, host in found.unreachable.items()}
    return Inventory(hosts=hosts, unreachable=silent)


def _host_named(host: Host, name: HostName) -> Host:
    return replace(host, name=name, vms=tuple(replace(vm, host=name) for vm in host.vms))


def _summary(place: Path, made: Draft, hosts: int, stack: str) -> str:
    less = Counter(entry.extent for entry in made.entries)
    left_out = len(made.left_out) + len(made.unseen)
    reported = [
        f"{place}: {counted(len(made.entries), 'machine')} on {counted(hosts, 'host')}",
        *([f"{less[Extent.HOST]} without their storage"] if less[Extent.HOST] else []),
        *([f"{less[Extent.WATCHED]} only watched"] if less[Extent.WATCHED] else []),
        *([f"{left_out} left out"] if left_out else []),
    ]
    return (
        (f"{', '.join(reported)}; why stands beside each\n" if len(reported) > 1 else f"{reported[0]}\n")
        + f"Look through it, then: {quoting.own('bin/pulumi stack init {}', stack)}; {quoting.own('bin/pulumi up')} (it only adopts)\n"
    )

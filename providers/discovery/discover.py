"""Reads hosts and makes the stack file that declares them as they are; it is held against them before it is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from providers.clock import Clock
from providers.errors import PlacementError, StackFileError
from providers.hyperv.estate import Estate
from providers.model.estate import Inventory
from providers.model.names import HostName
from providers.model.plan import Standing
from providers.model.stack import Connection, HostSpec
from providers.planning import plan
from providers.stackfile import load
from providers.stackfile.addresses import endpoint

from .declared import declaration, labels_of
from .roots import roots_of
from .text import Entry, Found, text_of

LOOSE = "its files are as they are: a stack file cannot name their places"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: whom, and how to log on."""

    addresses: tuple[str, ...]
    """As in a stack file: names, names with ports, URLs."""
    connection: Connection
    declared: Mapping[str, Any]
    """The section connection: of the new file, its paths as they stand there."""


def read(asked: Asked, clock: Clock) -> tuple[dict[HostName, str], Inventory]:
    """Return addresses by the hosts' own short names, and one sweep. Raises PlacementError where an address is none."""
    specs = {HostName(each): _spec(HostName(each), each, asked.connection) for each in asked.addresses}
    asking = Estate(specs, clock=clock)
    try:
        full = asking.full_names(specs)
    finally:
        asking.close()
    names: dict[HostName, str] = {}
    for address in asked.addresses:
        short = (
            (full.get(HostName(address)) or address.rpartition("://")[2].split("/")[0]).split(".")[0].lower()
        )
        name = short if short not in names else address
        names[HostName(name)] = address
    estate = Estate(
        {name: _spec(name, address, asked.connection) for name, address in names.items()}, clock=clock
    )
    try:
        return names, estate.sweep()
    finally:
        estate.close()


def _spec(name: HostName, address: str, connection: Connection) -> HostSpec:
    try:
        return HostSpec(name=name, endpoint=endpoint(address), connection=connection)
    except ValueError as error:
        raise PlacementError(str(error), remedy="Name hosts as in a stack file") from error


def found_in(
    inventory: Inventory,
    names: Mapping[HostName, str],
    connection: Mapping[str, Any],
    loose: Iterable[str] = (),
) -> Found:
    """Return what goes into the file. `loose`: labels of machines that are declared by their hosts alone."""
    machines = labels_of(inventory)
    roots = {
        name: roots_of((label, vm) for label, vm in machines if vm.host == name) for name in inventory.hosts
    }
    loosely = set(loose)
    entries = tuple(
        Entry(
            label=label,
            vm=vm,
            values=declaration(label, vm, inventory, roots[vm.host], loosely=label in loosely),
            comment=LOOSE if label in loosely else "",
        )
        for label, vm in machines
    )
    hosts: dict[str, dict[str, Any]] = {
        name: {"address": address, **({"storage": roots[name]} if roots.get(name) else {})}
        for name, address in names.items()
        if name in inventory.hosts
    }
    return Found(connection=connection, hosts=hosts, entries=entries, remarks=tuple(_remarks(inventory)))


def _remarks(inventory: Inventory) -> list[str]:
    """Return what is not declared, and why."""
    twins: dict[str, list[str]] = {}
    for vm in inventory.vms():
        if len(inventory.with_id(vm.id)) > 1:
            twins.setdefault(vm.id, []).append(f"{vm.name} on {vm.host}")
    lines = [f"Not declared: {' and '.join(each)} have one GUID" for each in twins.values()]
    return lines + [
        f"Not declared: what runs on {silent.name}, which did not answer"
        for silent in inventory.unreachable.values()
    ]


def write(
    path: Path, inventory: Inventory, names: Mapping[HostName, str], connection: Mapping[str, Any]
) -> Found:
    """Write the file, after it was loaded and held against `inventory`: it must order nothing.

    What cannot be declared as it is, is declared by its host alone. Raises PlacementError where the file exists, or
    where it would not do.
    """
    if path.exists():
        raise PlacementError(
            f"{path} exists and is not overwritten", remedy="Name another one: --output FILE"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=".discovered-", suffix=".yaml")
    os.close(descriptor)
    try:
        found = _proved(Path(fresh), inventory, names, connection)
        Path(fresh).chmod(0o644)
        os.link(fresh, path)  # unlike a rename it never replaces what has come there meanwhile
    except FileExistsError as error:
        raise PlacementError(f"{path} exists by now and is not overwritten", remedy="Run again") from error
    finally:
        Path(fresh).unlink(missing_ok=True)
    return found


def _proved(
    path: Path, inventory: Inventory, names: Mapping[HostName, str], connection: Mapping[str, Any]
) -> Found:
    """Return what `path` then holds: it loads, and it orders no move of any machine that was seen."""
    loose: set[str] = set()
    everybody = {label for label, _ in labels_of(inventory)}
    while True:
        found = found_in(inventory, names, connection, loose)
        path.write_text(text_of(found), encoding="utf-8")
        wrong, why = _wrong(path, inventory, everybody)
        if not wrong - loose:
            break
        loose |= wrong
    if why:
        raise PlacementError(
            f"No stack file of these hosts loads: {why}", remedy="Declare them by hand, and report this line"
        )
    return found


def _wrong(path: Path, inventory: Inventory, labels: set[str]) -> tuple[set[str], str]:
    """Return the machines that the file does not declare as they are, and the errors of a file that does not load."""
    try:
        steps = plan(load(path), replace(inventory, unreachable={})).steps
    except StackFileError as error:
        return {label for label in labels if f"vms.{label}" in str(error)}, str(error)
    return {step.label for step in steps if step.standing in {Standing.MOVE, Standing.REFUSED}}, ""

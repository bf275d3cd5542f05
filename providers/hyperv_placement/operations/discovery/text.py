"""A draft as the text of a stack file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from hyperv_placement import quoting
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.stackfile.paths import is_path

from .machines import Draft, Entry, Extent
from .scalars import path, quoted, remark

_WIDTH = 110
"""Characters of a line above which an entry is written in several."""
_READ_ONLY = (
    "#",
    "# Read-only to begin with: a run that would move anything ends before it starts. To let runs move machines raise the number, or",
    f"# take the line out; for one run alone: PLACEMENT_ALLOW=max_moves {quoting.own('bin/pulumi up')}.",
    "guard: {max_moves: 0}",
    "",
)
Tree = Mapping[str, "str | Tree"]
"""Keys as they are, values as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostText:
    """A host as the stack file will have it."""

    name: HostName
    address: str
    connection: Tree
    """What differs from that of all hosts."""
    silent: str = ""
    """Why nothing is known of its machines."""
    account: str = ""
    """Full name of its computer account, where nothing proves it."""
    full_name: str = ""
    """Its full name, where its DNS suffix is not its domain."""
    remark: str = ""
    """What is to be said of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preface:
    """What stands above the machines."""

    schema: str
    """Path of the JSON Schema, for editors."""
    written: date
    connection: Tree
    hosts: tuple[HostText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The text of a stack file, and the machine that each line of `vms:` is about."""

    text: str
    labels: Mapping[int, str]
    """Line (the first is 1) -> label."""


def skeleton(preface: Preface) -> str:
    """Return a stack file that has hosts and no machines yet."""
    return "\n".join((*_above(preface, Draft(entries=(), roots={}, left_out=())), "vms: {}", ""))


def written(preface: Preface, draft: Draft) -> Written:
    """Return the stack file that says what `draft` holds."""
    lines = [*_above(preface, draft), "vms:" if draft.entries else "vms: {}"]
    labels: dict[int, str] = {}
    host = None
    for entry in draft.entries:
        if entry.host != host:
            host = entry.host
            lines += [*([""] if labels else []), f"  # {remark(host)}"]
        for line in _entry(entry):
            lines.append(line)
            labels[len(lines)] = entry.label.key
    if draft.left_out or draft.unseen:
        lines += ["", "# Left out:"]
    lines += [f"# {remark(each.vm.name)} on {each.vm.host}: {remark(each.remark)}" for each in draft.left_out]
    lines += [f"# {remark(gone.name)} on {gone.host}: {remark(gone.remark)}" for gone in draft.unseen]
    return Written(text="\n".join((*lines, "")), labels=labels)


def _above(preface: Preface, draft: Draft) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={preface.schema}"
    yield f"# Written by `{quoting.own('bin/placement discover')}` on {preface.written.isoformat()}: every machine where its host showed it, so that"
    yield "# the first `pulumi up` adopts and moves nothing. From here on it is yours to edit."
    silent = [host for host in preface.hosts if host.silent]
    if silent:
        yield "#"
        yield f"# NOT COMPLETE: {', '.join(host.name for host in silent)} could not be read; machines there are not declared."
    yield from _READ_ONLY
    yield "connection:"
    yield from _block(preface.connection, 2)
    yield ""
    yield "hosts:"
    for host in preface.hosts:
        yield from _host(host, draft)
    yield ""


def _host(host: HostText, draft: Draft) -> Iterator[str]:
    roots = draft.roots.get(host.name, {})
    if host.silent:
        yield f"  # {remark(host.silent)}"
    if host.remark:
        yield f"  # {remark(host.remark)}"
    address = {"address": quoted(host.address)}
    if host.account:
        address["account"] = quoted(host.account)
    if host.full_name:
        address["full_name"] = quoted(host.full_name)
    if not roots and not host.connection:
        yield f"  {quoted(host.name)}: {_flow(address)}"
        return
    yield f"  {quoted(host.name)}:"
    yield from _block({**address, **({"connection": host.connection} if host.connection else {})}, 4)
    if roots:
        uses = Counter(_names_in(entry for entry in draft.entries if entry.host == host.name))
        yield "    storage: # roots: a machine that names one lives in <root>\\<its label>"
        for name, folder in roots.items():
            yield f"      {quoted(name)}: {path(folder)} # {uses[name]} here"


def _names_in(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield each root's name once for each machine that names it."""
    for entry in entries:
        storage = entry.storage
        if storage is not None:
            places = (
                storage.config,
                storage.checkpoints,
                storage.paging,
                storage.all_disks,
                *storage.disks.values(),
            )
            yield from {place for place in places if place is not None and not is_path(place)}


def _entry(entry: Entry) -> Iterator[str]:
    tree: dict[str, str | Tree] = {}
    if entry.label.id is not None:
        tree["id"] = quoted(entry.label.id)
    if entry.label.name is not None:
        tree["name"] = quoted(entry.label.name)
    if entry.extent >= Extent.HOST:
        tree["host"] = quoted(entry.host)
    if entry.storage is not None:
        tree["storage"] = storage_tree(entry.storage)
    why = f" # {remark(entry.remark)}" if entry.remark else ""
    line = f"  {quoted(entry.label.key)}: {_flow(tree)}"
    if len(line) <= _WIDTH:
        yield line + why
    else:
        yield f"  {quoted(entry.label.key)}:{why}"
        yield from _block(tree, 4)


def storage_tree(storage: StorageSpec) -> str | Tree:
    """Return a declaration of storage: one location where that says all, else one for each part."""
    config, disks = storage.config, storage.all_disks
    flat = {"layout": "flat"} if storage.layout == "flat" else {}
    apart = {quoted_key: _location(place) for quoted_key, place in storage.disks.items()}
    if config is not None and config == storage.checkpoints == storage.paging and disks is not None:
        if config == disks and not flat and not apart:
            return _location(config)
        own = {"disks": apart} if apart else {"disks": _location(disks)} if disks != config else {}
        return {"folder": _location(config), **own, **flat}
    parts = {"config": config, "checkpoints": storage.checkpoints, "paging": storage.paging}
    tree: dict[str, str | Tree] = {key: _location(place) for key, place in parts.items() if place is not None}
    if apart:
        tree["disks"] = apart
    elif disks is not None:
        tree["disks"] = _location(disks)
    return {**tree, **flat}


def _location(place: str) -> str:
    return path(place) if is_path(place) else quoted(place)


def _flow(tree: Tree) -> str:
    inside = ", ".join(
        f"{quoted(key)}: {value if isinstance(value, str) else _flow(value)}" for key, value in tree.items()
    )
    return "{" + inside + "}"


def _block(tree: Tree, indent: int) -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, str):
            yield f"{' ' * indent}{quoted(key)}: {value}"
        else:
            yield f"{' ' * indent}{quoted(key)}:"
            yield from _block(value, indent + 2)

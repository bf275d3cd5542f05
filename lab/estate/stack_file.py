"""A stack file that declares an estate exactly as it is."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement.model import winpath
from hyperv_placement.model.names import dns, folded
from lab.world.objects import FILELESS, FLOPPY, LabHost, LabVm
from lab.world.world import State

_REPLICA = 2  # ReplicationMode (Msvm_ComputerSystem page)
_WIDTH = 1 << 20
"""So wide that no text is folded: a key of a stack file is on one line."""
_LONGEST_LABEL = 400
_MERGE_KEY = "<<"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:\\")
_DISK_FILES = (".vhdx", ".vhd", ".vhds", ".avhdx", ".avhd")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9\xb9\xb2\xb3])(?:\..*)?", re.IGNORECASE)
_HEADER = """\
# yaml-language-server: $schema={schema}
# Written by `bin/lab up --write-stack`: the lab's estate as it was. The first `pulumi up` only adopts.
"""


def write_stack(path: Path, home: Path, state: State, directory: Mapping[str, Any] | None = None) -> None:
    """Write the stack file; paths in it are relative to its folder where they can be. Raises OSError.

    `directory`: what the lab's status says of it; then its administrator of hosts is who logs on there.
    """
    folder = path.resolve().parent
    schema = _relative(Path(__file__).resolve().parents[2] / "schemas" / "stack.schema.json", folder)
    accounts = {
        role: Path(each["credentials"]) for role, each in (directory or {}).get("accounts", {}).items()
    }
    content = {
        "connection": {
            "auth": "ntlm",
            "credentials": _relative(accounts.get("host_administrator", home / "credentials.yaml"), folder),
            "ca": _relative(home / "ca.pem", folder),
        },
        **(_directory(directory, accounts, folder) if directory else {}),
        "hosts": {
            host.name: {"address": host.url, _key_of_name(host): host.full_name}
            for host in state.hosts.values()
        },
        "vms": _machines(state),
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None)
    path.write_text(
        _HEADER.format(schema=schema) + text + "".join(f"# {line}\n" for line in _left_out(state)),
        encoding="utf-8",
    )


def _key_of_name(host: LabHost) -> str:
    """Return what the stack file calls the full name of a host: one whose DNS suffix is not its domain reports another."""
    return "full_name" if dns(host.dns_suffix or host.domain) != dns(host.domain) else "account"


def _directory(found: Mapping[str, Any], accounts: Mapping[str, Path], folder: Path) -> dict[str, Any]:
    """Return how the directory is asked, as its administrator; what it delegates is left to be declared."""
    return {
        "directory": {
            "server": found["ldaps"],
            "auth": "simple",
            "credentials": _relative(accounts["directory_administrator"], folder),
            "ca": _relative(Path(found["ca"]), folder),
        }
    }


def _machines(state: State) -> dict[str, dict[str, str]]:
    """Return an entry for each machine that is declared, by name; one whose name cannot be a key, or is another's, gets its GUID as key."""
    own = _own_names(state)
    entries: dict[str, dict[str, str]] = {}
    for vm in _declared(state):
        alone = folded(vm.name) in own
        entry = {} if alone else {"id": vm.id}
        if not alone and _is_name(vm.name):
            entry["name"] = vm.name
        entry["host"] = vm.host
        folder = _folder(vm)
        if folder is not None:
            entry["storage"] = folder
        twice = f"{vm.name} {vm.id}"
        entries[vm.name if alone else twice if _is_label(twice) else vm.id] = entry
    return entries


def _declared(state: State) -> list[LabVm]:
    """Return the machines, sorted by name; of several with one GUID those that names tell apart, else the one that is no replica."""
    vms = [vm for host in state.hosts.values() for vm in host.vms()]
    own = _own_names(state)
    chosen: list[LabVm] = []
    ids, names = set[str](), set[str]()
    for vm in sorted(vms, key=lambda vm: vm.replication_mode == _REPLICA):
        name = folded(vm.name)
        if vm.id not in ids or (name in own and name not in names):
            chosen.append(vm)
            ids.add(vm.id)
            names.add(name)
    return sorted(chosen, key=lambda vm: vm.name)


def _own_names(state: State) -> frozenset[str]:
    """Return the names, folded, that can be keys and are of one GUID alone."""
    pairs = {(folded(vm.name), vm.id) for host in state.hosts.values() for vm in host.vms()}
    labels = {folded(vm.name) for host in state.hosts.values() for vm in host.vms() if _is_label(vm.name)}
    return frozenset(
        name for name, count in Counter(name for name, _ in pairs).items() if count == 1 and name in labels
    )


def _left_out(state: State) -> Iterator[str]:
    """Yield a line for each machine that has no entry."""
    declared = {(vm.host, vm.id) for vm in _declared(state)}
    for host in state.hosts.values():
        for vm in host.vms():
            if (vm.host, vm.id) not in declared:
                yield f"Left out: {_shown(vm.name)} on {vm.host}, whose GUID {vm.id} a machine on another host has"


def _is_label(name: str) -> bool:
    """Say whether a stack file can have `name` as a key: what does not show is none, nor what parts names elsewhere."""
    parts = "::" in name or "##[" in name or name == _MERGE_KEY
    return _is_name(name) and name.isprintable() and not parts and len(name) <= _LONGEST_LABEL


def _is_name(name: str) -> bool:
    return bool(name) and name == name.strip() and not _CONTROL.search(name)


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else " " for char in name)


def _folder(vm: LabVm) -> str | None:
    """Return the one local folder that holds everything and can be managed; None where there is none."""
    disks = [disk.path for disk in vm.disks if disk.kind != FLOPPY]
    roots = (vm.roots.checkpoints, vm.roots.paging, vm.roots.guest_state or vm.roots.config)
    odd = any(disk.kind in FILELESS or disk.shared or disk.parent_path for disk in vm.disks)
    whole = all(winpath.is_inside(vm.roots.config, path) for path in disks)
    whole = whole and all(winpath.same(vm.roots.config, root) for root in roots)
    return vm.roots.config if whole and not odd and _can_be_declared(vm.roots.config) else None


def _can_be_declared(folder: str) -> bool:
    r"""Say whether a stack file takes a folder: on a drive, not as `\\?\..`, each part a name that Windows keeps as it is."""
    if not _DRIVE.match(folder) or winpath.has_ending(folder, _DISK_FILES):
        return False
    parts = folder[3:].removesuffix("\\").split("\\")
    return parts == [""] or all(
        part and part[-1] not in " ." and _is_label(part) and not _DEVICE.fullmatch(part) for part in parts
    )


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return str(path)

"""A stack file that declares an estate exactly as it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement.model import winpath
from lab.world.objects import FILELESS, LabVm
from lab.world.world import State

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
            host.name: {"address": host.url, "account": host.full_name} for host in state.hosts.values()
        },
        "vms": _machines(state),
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=200, default_flow_style=None)
    path.write_text(_HEADER.format(schema=schema) + text, encoding="utf-8")


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
    """Return an entry for each machine, by name; a second one of a name gets its GUID as label."""
    entries: dict[str, dict[str, str]] = {}
    vms = [vm for host in state.hosts.values() for vm in host.vms()]
    for vm in sorted(vms, key=lambda vm: vm.name):
        alone = sum(other.name == vm.name for other in vms) == 1
        entry = {} if alone else {"id": vm.id, "name": vm.name}
        entry["host"] = vm.host
        folder = _folder(vm)
        if folder is not None:
            entry["storage"] = folder
        entries[vm.name if alone else f"{vm.name} {vm.id}"] = entry
    return entries


def _folder(vm: LabVm) -> str | None:
    """Return the one local folder that holds everything and can be managed; None where there is none."""
    disks = [disk.path for disk in vm.disks]
    roots = (vm.roots.checkpoints, vm.roots.paging)
    odd = any(disk.kind in FILELESS or disk.shared or disk.parent_path for disk in vm.disks)
    whole = all(winpath.is_inside(vm.roots.config, path) for path in (*disks, *roots))
    return vm.roots.config if whole and not odd and not winpath.is_unc(vm.roots.config) else None


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return str(path)

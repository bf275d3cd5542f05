"""Files on shares that differ by how their server is spelled alone: one file perhaps, and no host tells."""

from __future__ import annotations

from collections.abc import Iterator

from providers.model import winpath
from providers.model.estate import Disk, Inventory, VirtualMachine
from providers.model.plan import Finding, Move, Severity

from .files import files_of

Beyond = dict[str, list[tuple[str, str]]]
"""What follows the server -> servers and paths of files that a move makes."""


def maybe_one_file(move: Move, inventory: Inventory) -> Iterator[Finding]:
    r"""Yield a finding for each machine that has, by another spelling of the server, a file that `move` would make.

    `\\fs1\vms` and `\\fs1.corp.example\vms`, or an address: aliases and DFS are not known here. A refusal where the move
    overwrites files, for it could be the file itself; else a warning.
    """
    wanted = _new_files(move)
    told: set[tuple[str, str, str]] = set()
    for vm, disk in _on_shares(inventory) if wanted else ():
        have, rest = winpath.server_and_rest(disk.path) or ("", "")
        for server, path in wanted.get(rest, ()):
            case = (vm.id, server, have)
            if server != have and case not in told and winpath.may_be_one_server(server, have):
                told.add(case)
                yield _finding(move, path, disk, vm)


def _new_files(move: Move) -> Beyond:
    found: Beyond = {}
    for disk in move.all_disks:
        parts = winpath.server_and_rest(disk.target)
        if parts is not None and not winpath.same(disk.source, disk.target):
            found.setdefault(parts[1], []).append((parts[0], disk.target))
    return found


def _on_shares(inventory: Inventory) -> Iterator[tuple[VirtualMachine, Disk]]:
    return ((vm, disk) for vm in inventory.vms() for disk in files_of(vm) if winpath.is_unc(disk.path))


def _finding(move: Move, path: str, disk: Disk, vm: VirtualMachine) -> Finding:
    whose = "its own disk" if vm.id == move.vm.id else f"a disk of {vm.name} on {vm.host}"
    text = f"{move.vm.name} would get the file {path}, and {disk.path} is {whose}: whether the two servers are one is not known"
    if move.overwrite:
        return Finding(
            severity=Severity.REFUSAL,
            text=f"{text}, and files may be overwritten",
            remedy="Spell the server as that disk has it if it is the same, or declare another place; take overwrite: true away",
        )
    return Finding(
        severity=Severity.WARNING,
        text=text,
        remedy="Spell the server as that disk has it if it is the same: then it counts as one place",
    )

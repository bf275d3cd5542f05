"""Files on shares whose paths differ by the spelling of the server, or by a DFS folder: they may be one, which no host reports."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move

_SPELL = "Spell the server as it is spelled there if it is the same: then it counts as one place"


def maybe_one_file(move: Move, inventory: Inventory) -> Iterator[Finding]:
    r"""Yield a finding for each machine that has, by another spelling of the server, a file that `move` would make.

    `\\fs1\vms` and `\\fs1.corp.example\vms`, or an address; `\\corp.example\dfs\vms`, a DFS namespace of its domain,
    where folder and file are named alike. Aliases by other names are not known here. A refusal where the move overwrites
    files, because it could be the file itself; a warning otherwise.
    """
    yield from _own_folders(move)
    reported: set[tuple[str, str, str]] = set()
    for moved in move.all_disks:
        parts = winpath.server_and_rest(moved.target)
        if parts is None or winpath.same(moved.source, moved.target):
            continue
        server, rest = parts
        # Compared by what follows the server: whether two names are one server only DNS and DFS know.
        for have, there, vm, disk in inventory.beyond_servers(rest):
            # Once for each machine and pair of spellings: fifty disks on one share are one mistake.
            case = (vm.id, server, have)
            spelled = rest == there and winpath.may_be_one_server(server, have)
            maybe = server != have and (spelled or winpath.may_be_namespace(server, have))
            if maybe and case not in reported and disk.kind == DiskKind.VIRTUAL_HARD_DISK:
                reported.add(case)
                yield _finding(move, moved.target, disk, vm)


def _own_folders(move: Move) -> Iterator[Finding]:
    r"""Yield a warning where the machine's folders would move from `\\fs1\vms` to `\\fs1.corp.example\vms`."""
    old, new = move.vm.roots, move.roots
    pairs = ((old.config, new.config), (old.checkpoints, new.checkpoints), (old.paging, new.paging))
    for before, after in dict.fromkeys(pairs):
        if before == after:
            continue
        have, get = winpath.server_and_rest(before), winpath.server_and_rest(after)
        if have is None or get is None or have[1] != get[1] or have[0] == get[0]:
            continue
        if winpath.may_be_one_server(have[0], get[0]):
            yield Finding.warning(
                "server-spelling",
                f"{move.vm.name} would get the folder {after}, and has {before}: whether the two servers are one is not known",
                _SPELL,
            )


def _finding(move: Move, path: str, disk: Disk, vm: VirtualMachine) -> Finding:
    whose = "its own disk" if vm.id == move.vm.id else f"a disk of {vm.name} on {vm.host}"
    text = f"{move.vm.name} would get the file {path}, and {disk.path} is {whose}: whether the two servers are one is not known"
    if move.overwrite:
        return Finding.refusal(
            "server-spelling-overwrite",
            f"{text}, and files may be overwritten",
            "Spell the server as that disk has it if it is the same, or declare another place; take overwrite: true away",
        )
    return Finding.warning("server-spelling", text, _SPELL)

"""From which volumes a move takes files, and to which, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.checks.preflight.room import volume_of


def moved_volumes(move: Move, inventory: Inventory) -> tuple[tuple[str, ...], tuple[str, ...]]:
    r"""Return both, each once and in order: as the host reports a volume (`D:\`), else the drive or share of the path.

    Both are empty where no file gets another path.
    """
    pairs = [*_folders(move), *((disk.source, disk.target) for disk in move.all_disks)]
    changed = [(old, new) for old, new in pairs if not winpath.same(old, new)]
    return (
        _volumes((old for old, _ in changed), move.source, inventory),
        _volumes((new for _, new in changed), move.destination, inventory),
    )


def _folders(move: Move) -> Iterator[tuple[str, str]]:
    old, new = move.vm.roots, move.roots
    yield from ((old.config, new.config), (old.checkpoints, new.checkpoints), (old.paging, new.paging))
    if old.guest_state is not None and new.guest_state is not None:
        yield old.guest_state, new.guest_state


def _volumes(paths: Iterable[str], host: HostName, inventory: Inventory) -> tuple[str, ...]:
    there = inventory.hosts.get(host)
    volumes = (there.facts.volumes or ()) if there is not None and there.facts is not None else ()
    found = (
        winpath.start(path) if (volume := volume_of(path, volumes)) is None else volume.path for path in paths
    )
    return tuple(dict.fromkeys(found))

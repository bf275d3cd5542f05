"""Files that an interrupted move has left: at its source where it has arrived, at its destination where it has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.images import has_disk
from hyperv_placement.migration.books import Residue
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.planning.drift import OpenStart
from hyperv_placement.planning.interrupted import Became, Fate


@dataclass(slots=True, kw_only=True)
class FileSearch:
    """Asks hosts for files, a call each; of a host that cannot be asked nothing is known."""

    estate: Estate
    inventory: Inventory
    unlooked: list[HostName]
    """Hosts that could not be asked."""

    def left_by(self, fate: Fate, start: OpenStart) -> Fate:
        """Return what became of a machine with the files that its move has left."""
        if fate.became is Became.MOVED:
            return self._with(fate, start.source, _gone(start))
        if fate.became is Became.NOT_MOVED:
            return self._with(fate, start.destination, _new(start))
        return fate

    def still_there(self, fate: Fate, residue: Residue) -> Fate:
        """Return what became of a machine with the files that an earlier look has found, as far as they are there yet."""
        return self._with(fate, residue.host, list(residue.files))

    def _with(self, fate: Fate, host: HostName, paths: list[str]) -> Fate:
        files = tuple(self._there(host, paths))
        return replace(fate, files=files, files_on=host) if files else fate

    def _there(self, host: HostName, paths: list[str]) -> Iterator[str]:
        if host not in self.inventory.hosts:
            return
        used = {
            winpath.comparable(disk.path)
            for each in (
                self.inventory.hosts.values()
                if any(map(winpath.is_unc, paths))
                else (self.inventory.hosts[host],)
            )
            for vm in each.vms
            for disk in (*vm.disks, *vm.frozen)
        }
        try:
            for path in paths:
                # What a machine has is no leftover, whoever brought it there.
                if winpath.comparable(path) not in used and has_disk(self.estate.client(host), path):
                    yield path
        except PlacementError:
            self.unlooked.append(host)


def residues(fates: Sequence[Fate]) -> Mapping[VmId, Mapping[str, object]]:
    """Return what the audit log keeps of what was left, by machine."""
    return {
        fate.vm_id: {
            "on": fate.files_on or fate.planned,
            "files": list(fate.files),
            "planned": fate.planned is not None,
        }
        for fate in fates
        if fate.files or fate.planned
    }


def _gone(start: OpenStart) -> list[str]:
    """Return the paths at which a move that has arrived leaves nothing, unless it was told to."""
    return [old for old, new in start.paths.items() if _copied(start, old, new) and not winpath.is_unc(old)]


def _new(start: OpenStart) -> list[str]:
    """Return the paths at which a move would have made files."""
    return [new for old, new in start.paths.items() if _copied(start, old, new)]


def _copied(start: OpenStart, old: str, new: str) -> bool:
    same = winpath.same(old, new)
    return not same or (start.source != start.destination and not winpath.is_unc(new))

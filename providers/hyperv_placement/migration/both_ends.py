"""Reads both ends of a move: where its machine is, and what of it is left."""

from __future__ import annotations

from dataclasses import dataclass

from hyperv_placement.errors import PlacementError, VerificationError
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.winrm.trouble import LASTING

from .chains import strays
from .verify import Look, Side, Unread, found_elsewhere, where

LEFTOVER_S = 30.0
"""Seconds that a planned system may take to vanish after a failure (alexbarthnet/PowerShell Move-VMOnline)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The two hosts of a move; of one that stays, the one."""

    estate: Estate
    move: Move

    def look(self) -> Look:
        """Read both, the destination first: a machine that is on its way is then seen at least once."""
        move = self.move
        destination = self._side(move.destination)
        if not move.changes_host:
            return Look(source=destination, destination=destination, planned=False)
        with self.estate.together(move.source, move.destination) as soon:
            source, planned = soon(lambda: self._side(move.source)), soon(self._planned)
        return Look(source=source(), destination=destination, planned=planned())

    def whereabouts(self, look: Look, enabled_state: int) -> str:
        """Return in words where the machine is; every other host is asked where neither end has it."""
        if reported := where(look, self.move, enabled_state):
            return reported
        found, silent = self.estate.whereabouts(self.move.vm.id)
        return found_elsewhere(found, silent, len(self.estate.specs), enabled_state)

    def arrived(self) -> bool:
        """Say whether both ends show the machine as ordered. Raises PlacementError where one cannot be read."""
        look = self.look()
        if look.unread:
            raise VerificationError(look.unread)
        return look.arrived(self.move) is not None and not look.planned

    def unmoved(self) -> bool:
        """Say whether both ends show the machine as it was, with nothing of the attempt left behind."""
        return self.look().at_rest(self.move)

    def strays(self, after: VirtualMachine) -> list[str]:
        """Say which differencing disks have lost their parent on the way; of a machine without any nothing is read.

        Raises PlacementError.
        """
        before = self.move.vm
        if all(disk.parent_path is None for disk in (*before.disks, *before.frozen)):
            return []
        return strays(
            self.move,
            self.estate.with_details(after),
            lambda path: self.estate.disk(self.move.destination, path),
        )

    def _side(self, host: HostName) -> Side:
        try:
            return self.estate.read_vm(host, self.move.vm.id)
        except PlacementError as error:  # a host that is busy or restarts says nothing about the move
            return Unread(reason=error.message, lasting=isinstance(error, LASTING))

    def _planned(self) -> bool | None:
        try:
            return self.move.vm.id in inventory.read_planned(self.estate.client(self.move.destination))
        except PlacementError:  # not False: what was not read may be there
            return None

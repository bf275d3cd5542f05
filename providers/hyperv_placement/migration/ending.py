"""How a move has ended: both hosts are read, and what they show decides; the job's words stand beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hyperv_placement.codes.catalogue import codes_in, lost_a_slot, remedy_for
from hyperv_placement.errors import (
    InterruptedRunError,
    MigrationFailedError,
    MigrationStalledError,
    MoveCancelledError,
    MovedByOthersError,
    PlacementError,
    VerificationError,
)
from hyperv_placement.hyperv.jobs import Outcome
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.model.estate import VirtualMachine, VmState

from .both_ends import LEFTOVER_S, Ends
from .leftovers import Left, left_at_source
from .mover import Arrived, MoveContext
from .occupied_files import occupied
from .verify import Look, remarks

SETTLE_S = 60.0
"""Seconds after a job's end for the hosts to show it, and for the guest's heartbeat to come back."""
AGREED_S = 5.0
"""Seconds for which both hosts must show the same, with no job at either, where that is not what was ordered."""
_RESTING = frozenset({VmState.OFF, VmState.SAVED, VmState.RUNNING})


@dataclass(slots=True, kw_only=True)
class Ending:
    """The end of one move."""

    context: MoveContext
    enabled_state: int
    """What the machine had when the move began."""
    running: Callable[[], bool]
    """Whether a job of the move is seen to run yet. Raises PlacementError."""

    @property
    def ends(self) -> Ends:
        """Both hosts of the move."""
        return Ends(estate=self.context.estate, move=self.context.move)

    def proven(self, outcome: Outcome) -> Arrived:
        """Return the machine where both hosts show what was ordered, however its job has ended.

        Raises MigrationFailedError, VerificationError, MigrationStalledError or InterruptedRunError, each with where the
        machine is.
        """
        self.context.report(Progress(phase="verifying", percent=100))
        begun = since = self.context.clock.now()
        last: Look | None = None
        while True:
            look, strays = self._seen()
            now = self.context.clock.now()
            since = since if look == last else now
            vm = None if strays else look.arrived(self.context.move)
            if vm is not None and not self._may_change(vm, look, now - begun):
                return self._arrived(vm, look, outcome)
            if vm is None and self._is_final(look, outcome, now - begun, now - since):
                raise self._error(look, outcome, strays)
            last = look
            if self.context.clock.wait(1.0, self.context.stop.following):
                reported = (
                    "; ".join(strays or look.differences(self.context.move)) or "its guest is waited for"
                )
                raise InterruptedRunError(f"{self.context.named} is not verified yet: {reported}")

    def _seen(self) -> tuple[Look, list[str]]:
        """Read both ends, and what has become of parents of disks where they show the machine as ordered."""
        look = self.ends.look()
        vm = look.arrived(self.context.move)
        try:
            return look, [] if vm is None else self.ends.strays(vm)
        except PlacementError as error:
            return look, [error.message]

    def _may_change(self, vm: VirtualMachine, look: Look, passed: float) -> bool:
        """Say whether what would be a warning of an arrived machine may yet turn out well."""
        if passed > SETTLE_S:
            return False
        if look.planned is not False and passed <= LEFTOVER_S:
            return True
        if vm.enabled_state != self.enabled_state:
            return vm.state not in _RESTING
        return self._lacks_heartbeat(vm)

    def _lacks_heartbeat(self, vm: VirtualMachine) -> bool:
        return bool(self.context.move.vm.heartbeat_ok) and vm.state == VmState.RUNNING and not vm.heartbeat_ok

    def _is_final(self, look: Look, outcome: Outcome, passed: float, same: float) -> bool:
        """Say whether what is not as ordered will stay so."""
        if passed > SETTLE_S or look.refused:
            return True
        if outcome.failed and look.unmoved(self.context.move):
            planned = look.planned is not False and not look.unread and not self.context.move.is_staged
            return not planned or passed > LEFTOVER_S
        if look.unread or same < AGREED_S or look.planned is not False:
            return False
        try:
            return not self.running()
        except MovedByOthersError:
            raise
        except PlacementError:
            return False

    def _arrived(self, vm: VirtualMachine, look: Look, outcome: Outcome) -> Arrived:
        left = left_at_source(self.ends)
        reported = tuple(f"{self.context.named}: {each}" for each in self._remarks(vm, look, outcome, left))
        return Arrived(vm=vm, warnings=reported, left=left.with_planned(bool(look.planned)))

    def _remarks(self, vm: VirtualMachine, look: Look, outcome: Outcome, left: Left) -> Iterator[str]:
        move = self.context.move
        if outcome.failed:
            yield f"its job ended in failure ({outcome.words}), and both hosts show the machine as ordered"
        elif outcome.texts:
            yield f"its host warns: {outcome.words}"
        yield from remarks(move, self.enabled_state, vm)
        if vm.enabled_state == self.enabled_state and self._lacks_heartbeat(vm):
            yield "its guest's heartbeat has not come back"
        if look.planned:
            yield f"a planned copy of it is left on {move.destination}"
        elif look.planned is None:
            yield f"whether a planned copy of it is left on {move.destination} was not read"
        if left.files:
            yield f"{move.source} still holds {', '.join(left.files)}, which it has left"
        if left.unread:
            yield f"whether files of it are left on {move.source} was not read ({left.unread})"

    def _error(self, look: Look, outcome: Outcome, strays: list[str]) -> PlacementError:
        place = self.ends.whereabouts(look, self.enabled_state)
        if look.planned and not self.context.move.is_staged:
            place = f"{place}; a planned copy of it is left on {self.context.move.destination}"
        unmoved = look.unmoved(self.context.move)
        if outcome.stopped and unmoved and self.context.stop.aborting.is_set():
            return MoveCancelledError(f"{self.context.named}: its move was cancelled with the run: {place}")
        if outcome.failed:
            partly = [] if unmoved or not look.machines() else look.differences(self.context.move)
            return self._failed(outcome, "; ".join([place, *strays, *partly]))
        if outcome.vanished and self._still_runs():
            return MigrationStalledError(f"{self.context.named}: its job was lost from sight and still runs")
        if outcome.vanished and unmoved and not look.unread:
            return MigrationFailedError(
                f"{self.context.named}: the job is gone and the machine did not move: {place}",
                remedy="See the event log Hyper-V-VMMS-Admin on both hosts, then run again",
            )
        if look.unread:
            return VerificationError(
                f"{self.context.named}: its job has ended, and what it has done could not be read: {place}",
                remedy="Run again when the hosts answer: it looks for the machine first",
            )
        reported = "; ".join([*(strays or look.differences(self.context.move)), place])
        return VerificationError(f"{self.context.named} is not as ordered: {reported}")

    def _still_runs(self) -> bool:
        try:
            return self.running()
        except PlacementError:
            return False

    def _failed(self, outcome: Outcome, place: str) -> MigrationFailedError:
        move, names = self.context.move, self.context.estate.names
        codes = codes_in(outcome.texts)
        remedy = remedy_for(
            codes,
            source=names(move.source).full_name,
            destination=names(move.destination).full_name,
            texts=outcome.texts,
            machine=move.vm.id,
        )
        in_the_way = occupied(self.context.estate, self.context.shared.audit, move, codes, outcome.texts)
        reported = "; ".join(each for each in (outcome.words, in_the_way, place) if each)
        return MigrationFailedError(
            f"{self.context.named} failed: {reported}",
            codes=codes,
            lost_slot=lost_a_slot(outcome.words),
            remedy=remedy,
        )

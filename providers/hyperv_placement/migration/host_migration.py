"""The move of a machine by the migration service of its source: MigrateVirtualSystemToHost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from hyperv_placement.errors import (
    MigrationFailedError,
    MoveRefusedError,
    PlacementError,
    StageFailedError,
)
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.cancelling import CancelRequest
from hyperv_placement.hyperv.jobs import Follower, Outcome, patience
from hyperv_placement.migration.known_delegation import is_refused
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.winrm.client import Client

from . import old_tickets, orders
from .admission import Facts
from .both_ends import LEFTOVER_S, Ends
from .chains import check_shared, with_parents
from .ending import Ending
from .mover import START_MAX_AGE_S, Arrived, MoveContext, Retry, Started
from .needs import Needs, needs_of
from .short_order import ShortOrders, key_of
from .start import Migration, Starter
from .verify import deviations

ATTEMPTS = 5
"""Starts of one move in one run; each but the first only after a proven failure that trying again can cure."""


@dataclass(slots=True)
class HostMigration:
    """One move by the hosts' own migration services."""

    context: MoveContext
    _sized: Move = field(init=False)
    """The move with the sizes of its disks, once those have been read."""
    _migration: Migration | None = field(default=None, init=False)
    """What was started or adopted; None before."""
    _outcome: Outcome = field(default=Outcome(state=0), init=False)
    """How its job ended, as far as that was seen."""
    _rests: bool = field(default=False, init=False)
    """Whether both ends had just shown, when it was asked for, that nobody moves the machine."""
    _texts: ShortOrders = field(default_factory=ShortOrders, init=False)
    """Which text of the machine's new settings is sent."""
    _waits: Iterator[float] = field(init=False)
    """Seconds to wait for new tickets, attempt by attempt."""

    def __post_init__(self) -> None:
        """Begin with what the plan knows of the machine."""
        self._sized = self.context.move
        # A move that begins anew in this run, as after a backup, goes on with the text that its source takes.
        self._texts.sent = key_of(self.context.move) in self.context.shared.shortened
        self._waits = old_tickets.patience(self.context)

    def running(self) -> Started | None:
        """Return the machine's running job where it does what we want.

        Nothing is asked where both ends have just shown the machine at its source and no migration of it. What has begun
        since is found before the order: the jobs of the machine are the first that is asked there. Where nothing may be
        started there is no order, and a job that has just begun is followed all the same.
        """
        self._rests = self.context.may_start() and self._shown_at_rest()
        found = None if self._rests else self._starter().running()
        return None if found is None else self._followable(found)

    def needs(self) -> Needs:
        """Return what a move that runs takes of its hosts."""
        self._sized = self._examined()
        return needs_of(self._sized)

    def arrived(self) -> VirtualMachine | None:
        """Return the machine where somebody has moved it to its place since the plan."""
        move, estate = self.context.move, self.context.estate
        if not move.changes_host or self._rests or inventory.has_vm(estate.client(move.source), move.vm.id):
            return None
        found = estate.read_vm(move.destination, move.vm.id)
        return None if deviations(move, None, found) else found

    def prepare(self) -> Needs:
        """Read sizes and parents of the disks, and ask what would make the order fail."""
        self._sized = self._detailed()
        self._check_options()
        old_tickets.check_delegation(self.context)
        self._clear_stage()
        return needs_of(self._sized)

    def start(self, facts: Facts) -> Started:
        """Order the migration, once."""
        return self._followable(self._starter().start(facts))

    def follow(self) -> None:
        """Follow its job; one that the host ended at once, or that nobody sees any more, has none."""
        migration = self._current()
        if migration.job is None:
            self._outcome = Outcome(state=0)
            return
        client, stop = self.context.estate.client(self.context.move.source), self.context.stop
        # A job that this run has only adopted may be somebody else's, whom it serves: it is never cancelled by us.
        request = None if migration.adopted else self._request(client, migration)
        self._outcome = Follower(
            client=client,
            job=migration.job,
            name=self.context.named,
            activity=self._activity,
            report=self.context.report,
            cancelled=stop.adopted if migration.adopted else stop.following,
            request=request,
            clock=self.context.clock,
            quiet=patience(needs_of(self._sized).files.values()),
        ).follow()

    def _request(self, client: Client, migration: Migration) -> CancelRequest | None:
        """Return what asks the host to cancel our job, once the run is to be aborted."""
        if migration.job is None:
            return None
        return CancelRequest(
            client=client,
            job=migration.job,
            wanted=self.context.stop.aborting,
            announce=lambda: self.context.record.note(
                "cancel", job=migration.job_id, result="the run was cancelled (on_cancel: abort)"
            ),
            report=self.context.report,
        )

    def verify(self) -> Arrived:
        """Read both hosts until they show what was ordered, or what else has become of it."""
        return Ending(
            context=self._about_sized(),
            enabled_state=self._current().enabled_state,
            running=lambda: self._starter().running() is not None,
        ).proven(self._outcome)

    def given_up(self, error: PlacementError) -> None:
        """Remove our planned machine after a failed move into it."""
        if (stage := self._current().stage) is not None:
            stage.given_up(error)

    def retry(self, error: PlacementError, attempt: int) -> Retry | None:
        """Try again after a lost race for a slot, and where the source will soon see what the directory allows."""
        if not isinstance(error, MigrationFailedError | StageFailedError):
            return None
        if is_refused(error.codes):
            retry = old_tickets.retry_once_seen(self.context, error, self._waits)
        else:
            retry = Retry() if error.lost_slot and attempt < ATTEMPTS else None
        return retry if retry is not None and self._settled() else None

    def _shown_at_rest(self) -> bool:
        move = self.context.move
        source, destination = (
            self.context.estate.known(host, max_age=START_MAX_AGE_S)
            for host in (move.source, move.destination)
        )
        if source is None or destination is None or move.vm.id not in source.realized:
            return False
        return all(job.vm_id != move.vm.id for job in (*source.jobs, *destination.jobs))

    def _followable(self, migration: Migration) -> Started:
        self._migration = migration
        return Started(job_id=migration.job_id, adopted=migration.adopted, begun=migration.begun)

    def _current(self) -> Migration:
        if self._migration is None:
            raise AssertionError("nothing was started or adopted")
        return self._migration

    def _about_sized(self) -> MoveContext:
        return replace(self.context, move=self._sized)

    def _starter(self) -> Starter:
        return Starter(context=self._about_sized(), texts=self._texts)

    def _check_options(self) -> None:
        """Refuse what the source's build does not know: a host would ignore it, or say nothing helpful."""
        move = self.context.move
        template = orders.template_of(self.context.estate, move)
        if missing := orders.unknown_options(self._sized, template):
            raise MoveRefusedError(
                f"{move.vm.name}: {move.source} does not know {', '.join(missing)}; its build is too old for"
                " what the stack file chooses under migration",
                remedy="Take the option out for this machine, or move the machine with a newer host",
            )

    def _clear_stage(self) -> None:
        """Remove the planned machine that an earlier run of this stack has left, or that a person lets this run remove."""
        move, shared = self.context.move, self.context.shared
        if not move.is_staged:
            return
        stage = self._starter().stage()
        if (found := stage.found()) is None:
            return
        ordered = shared.audit.staged(move)
        ours = ordered is not None and winpath.same(found.config, ordered)
        allowed = shared.failure_guard is not None and shared.failure_guard.allows("planned")
        if ours or (allowed and found.usable):
            stage.remove()

    def _examined(self) -> Move:
        """Return the move with the sizes and parents of its disks, as far as they can be read while it runs.

        Somebody else's order may take along what ours would not: which parents it leaves is not known then.
        """
        move = self.context.move
        try:
            return self._detailed()
        except MoveRefusedError:
            pass
        except PlacementError:
            return move
        try:
            vm = self.context.estate.with_details(move.vm)
        except PlacementError:
            return move
        return replace(move, vm=replace(vm, disks=_alone(vm.disks), frozen=_alone(vm.frozen)))

    def _detailed(self) -> Move:
        """Return the move with sizes and parents of its disks: read for machines that move, so the plan has none."""
        move, estate = self.context.move, self.context.estate
        detailed = estate.with_details(move.vm)
        if move.copies_storage:
            return with_parents(move, detailed, lambda path: estate.disk(move.source, path))
        check_shared(move, detailed, lambda path: estate.disk(move.source, path))
        return replace(move, vm=detailed)

    def _activity(self) -> int | None:
        """Return OperationalStatus[1] of the machine at its source; None where it has gone, or shows none."""
        status = self.context.estate.status(self.context.move.vm) or ()
        return status[1] if len(status) > 1 else None

    def _settled(self) -> bool:
        """Say whether both hosts show the machine as it was, with nothing of the attempt left behind."""
        clock, begun = self.context.clock, self.context.clock.now()
        ends = Ends(estate=self.context.estate, move=self._sized)
        while not ends.unmoved():
            if clock.now() - begun > LEFTOVER_S or clock.wait(1.0, self.context.cancelled):
                return False
        return True


def _alone(disks: Iterable[Disk]) -> tuple[Disk, ...]:
    """Return disks as if nobody had asked for their parents."""
    return tuple(replace(disk, parent_path=None) for disk in disks)

"""Who moved a machine: by the hosts' jobs, which they keep for five minutes, and by our own audit log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from hyperv_placement.model import winpath
from hyperv_placement.model.adoption import names_host
from hyperv_placement.model.estate import Inventory, MigrationJob, VirtualMachine
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.own_name import Identity

from .values import AuditedMove, LoggedMove, Mover

_APART = timedelta(minutes=2)
"""How much later than our own move a host's event must be to belong to another move: clocks and recorded ends differ."""


class Movers:
    """What hosts and audit log say about past moves. A job that our log knows is ours."""

    def __init__(
        self,
        inventory: Inventory,
        past: Iterable[AuditedMove],
        names: Mapping[HostName, Identity],
        logged: Mapping[VmId, LoggedMove],
    ) -> None:
        """Index jobs and moves by machine. `names`: what hosts call themselves; `logged`: what their event logs say."""
        self._logged = logged
        self._running = {
            vm.id: job
            for vm in inventory.vms()
            if (job := next((j for _, j in inventory.jobs_of(vm.id) if not j.only_prepares), None))
            is not None
        }
        self._names = names
        self._jobs: dict[VmId, list[MigrationJob]] = {}
        for host in inventory.hosts.values():
            for job in host.recent:
                self._jobs.setdefault(job.vm_id, []).append(job)
        self._past: dict[VmId, list[AuditedMove]] = {}
        for move in past:
            self._past.setdefault(move.vm_id, []).append(move)

    def runs(self, vm: VirtualMachine) -> bool:
        """Say whether a migration of `vm` is running; preparing and checking do not count."""
        return vm.id in self._running

    def of(self, vm: VirtualMachine, paths: Collection[str] | None = None) -> Mover:
        """Return who brought `vm` to its host or, if `paths` are given, these files to their place."""
        if (running := self._running.get(vm.id)) is not None:
            return Mover(who=running.owner, when=running.begun, running=True)
        past = self._past.get(vm.id, [])
        leading = [job for job in self._jobs.get(vm.id, ()) if self._leads_here(job, vm, paths)]
        job = max(leading, key=lambda job: (job.changed, job.id), default=None)
        if job is not None:
            ours = next((move for move in past if move.job == job.id), None)
            who = ours.who if ours else job.owner
            return Mover(who=who, when=job.changed, ours=ours is not None, stack=ours.stack if ours else "")
        # Event logs outlive the five minutes for which a host keeps its jobs, but tell nothing of files.
        seen = self._logged.get(vm.id) if paths is None else None
        if seen is not None and (not past or seen.time - datetime.fromisoformat(past[-1].time) > _APART):
            return Mover(when=seen.time.isoformat(timespec="seconds"), log_of=seen.host)
        return _by_log(vm, past, other_host=paths is None)

    def _leads_here(self, job: MigrationJob, vm: VirtualMachine, paths: Collection[str] | None) -> bool:
        """Say whether a job leads to the host of `vm`; for files it must move files, and to these paths if it names any."""
        if paths is not None:
            reported = {winpath.comparable(path) for path in (*job.new_paths, *job.new_roots) if path}
            elsewhere = reported and reported.isdisjoint(map(winpath.comparable, paths))
            if elsewhere or not job.moves_storage:
                return False
        # A job without a destination moves storage on its own host: it brings files, never a machine.
        if job.destination is None:
            return paths is not None
        # A job names its destination as whoever started it typed it, by full or short name.
        names = self._names.get(vm.host)
        return names is not None and names_host(job.destination, names)


def _by_log(vm: VirtualMachine, past: Sequence[AuditedMove], *, other_host: bool) -> Mover:
    """Return what our log says if no host has a job: that the move may have been ours, or was later than ours."""
    if not past:
        return Mover()
    last = past[-1]
    disks = {winpath.comparable(disk.path) for disk in (*vm.disks, *vm.frozen)}
    went = {winpath.comparable(path) for path in last.disks}
    untouched = winpath.same(last.config, vm.roots.config) and went <= disks
    if last.host == vm.host and (other_host or untouched):
        return Mover(who=last.who, when=last.time, ours=True, by_log=True, stack=last.stack)
    return Mover(after=last.time)

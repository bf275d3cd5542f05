"""What became of each machine that an interrupted run had begun: audit log, state and hosts, read together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.books import Books, read_books
from hyperv_placement.model.estate import Inventory, UnreachableHost, VirtualMachine
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.unreachable import reported
from hyperv_placement.planning.interrupted import Begun, Fate, doubtful, fate_of
from hyperv_placement.planning.machine.identify import identify

from .files import FileSearch, residues
from .values import HostsFound, Pending

_LOOKS = 4
"""Sweeps at most: one is not atomic, so what it shows twice, or not at all, counts only once another one shows it, too."""
_PAUSE_S = 8.0
"""Seconds between them: a planned machine may take 30 to vanish after a failure (alexbarthnet/PowerShell Move-VMOnline)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Looks at the hosts of one stack for what a run had begun."""

    stack: Stack
    estate: Estate
    audit: AuditLog
    kept: Kept

    def look(self, pending: Sequence[Pending], *, interrupted: bool) -> tuple[HostsFound, Inventory]:
        """Return what became of each machine, and the sweep that shows it. Raises OSError where the audit log cannot be read.

        `pending`: what the engine had not finished. `interrupted`: whether anything else shows that a run was; its ended
        moves are reported then, too.
        """
        books = read_books(self.audit)
        number = 0
        while True:
            number += 1
            inventory = self.estate.read(Detail.PLACEMENT)
            declared = self._declared(inventory)
            of_run = _of_run(books, pending, inventory, declared, interrupted=interrupted)
            fates = [
                fate_of(each, inventory)
                for each in self._begun(of_run | books.left.keys(), books, pending, declared)
            ]
            if number == _LOOKS or not doubtful(fates):
                break
            self.estate.clock.wait(_PAUSE_S)
        unlooked = list[HostName]()
        search = FileSearch(estate=self.estate, inventory=inventory, unlooked=unlooked)
        looked = [self._with_files(fate, books, search) for fate in fates]
        found = HostsFound(
            # What an earlier look has found, and somebody has removed since, is no news.
            fates=tuple(fate for fate in looked if fate.vm_id in of_run or fate.needs_a_person),
            silent=tuple(reported(self._counting(inventory))),
            none_read=not inventory.hosts and bool(self.stack.hosts),
            unlooked=tuple(dict.fromkeys(unlooked)),
        )
        return found, inventory

    def close(self, found: HostsFound, inventory: Inventory) -> str | None:
        """Write the ends into the audit log that the interrupted run could not; return why that failed, or None."""
        return self.audit.close(inventory, residues(found.fates))

    def _counting(self, inventory: Inventory) -> Iterator[UnreachableHost]:
        return (
            host
            for name, host in inventory.unreachable.items()
            if name not in self.stack.hosts or self.stack.hosts[name].away is None
        )

    def _with_files(self, fate: Fate, books: Books, search: FileSearch) -> Fate:
        spec = self.stack.vms.get(fate.name)
        if spec is not None and spec.migration.avoid_removing_vhds:
            return fate  # its files stay at the source on purpose
        if (start := books.starts.get(fate.vm_id)) is not None:
            return search.left_by(fate, start)
        if (residue := books.left.get(fate.vm_id)) is not None:
            return search.still_there(fate, residue)
        return fate

    def _begun(
        self, wanted: Collection[VmId], books: Books, pending: Sequence[Pending], declared: Mapping[str, VmId]
    ) -> Iterator[Begun]:
        """Yield the machines by their own books, in the order of the stack file, then those that it does not declare."""
        operations = {each.label: each.operation for each in pending}
        labels = {vm: label for label, vm in declared.items()}
        order = {vm: number for number, vm in enumerate(labels)}
        for vm in sorted(wanted, key=lambda vm: (order.get(vm, len(order)), vm)):
            label = labels.get(vm, "")
            spec = self.stack.vms.get(label)
            yield Begun(
                name=label or books.names.get(vm, vm), vm_id=vm, start=books.starts.get(vm),
                staged_on=books.staged.get(vm), ended=books.ended.get(vm, ""), pending=operations.get(label, ""),
                declared=frozenset(spec.hosts if spec is not None else ()),
                stages=spec is not None and spec.migration.check == "staged",
            )  # fmt: skip

    def _declared(self, inventory: Inventory) -> Mapping[str, VmId]:
        """Return the GUID of each declared machine that is known: of the stack file, of the last run, or by its name."""
        found: dict[str, VmId] = {}
        for label, spec in self.stack.vms.items():
            known = spec.id or self.kept.machines.get(label)
            if known is None:
                seen = identify(spec, inventory)
                known = seen.id if isinstance(seen, VirtualMachine) else None
            if known is not None:
                found[label] = known
        return found


def _of_run(
    books: Books,
    pending: Sequence[Pending],
    inventory: Inventory,
    declared: Mapping[str, VmId],
    *,
    interrupted: bool,
) -> set[VmId]:
    """Return the machines of the interrupted run: by its log, by the state, and by the jobs that run now."""
    wanted = set(books.open)
    wanted |= {declared[each.label] for each in pending if each.label in declared}
    wanted |= {vm for vm in declared.values() if inventory.job_of(vm) is not None}
    return wanted | books.ended.keys() if interrupted or pending or books.open else wanted

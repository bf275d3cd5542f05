"""The standing of one machine: in place, to be moved, moved by others, or refused, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from hyperv_placement.model.adoption import has_brought, leads_to, names_host
from hyperv_placement.model.estate import Host, HostFacts, Inventory, MigrationJob, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Placement, Standing, Step
from hyperv_placement.model.stack import HostSpec, Stack, VmSpec

from .checks.file_names import onto_own_disks
from .checks.guard import protect
from .checks.move import refusals
from .checks.options import overwritten
from .checks.servers import maybe_one_file
from .checks.waiting import waited_for
from .machine.disk_keys import strange_places
from .machine.reasons import why
from .machine.takeover import renamed, takeover
from .machine.wanted_move import order
from .machine.way_back import located
from .what_counts import until


def step_of(
    spec: VmSpec,
    vm: VirtualMachine,
    stack: Stack,
    inventory: Inventory,
    target: HostName,
    managed: VmId | None = None,
) -> Step:
    """Return the standing of one machine that belongs on `target`; `managed`: the machine of that key in the last run."""
    host_spec = stack.hosts.get(target)
    if host_spec is None:
        return Step(label=spec.label, standing=Standing.IN_PLACE, placement=Placement(), vm=vm, vm_id=vm.id)
    found = located(stack, spec, vm, host_spec)
    findings = (
        *found.findings,
        *takeover(spec.label, managed, vm.id, stack, inventory),
        *renamed(spec, vm, inventory),
    )
    source = stack.hosts.get(vm.host)
    step = judge(
        spec, vm, _on(found.placement, stack, vm, target), inventory, host_spec, findings=findings,
        caller=source.connection.auth if source else None, patience=stack.wait_for_activity,
        reason=why(stack, spec, vm, target),
    )  # fmt: skip
    return protect(step, stack.guard)


def _on(placement: Placement, stack: Stack, vm: VirtualMachine, target: HostName) -> Placement:
    """Return `placement` on the chosen host. For a machine that need not leave its host, any allowed host stays acceptable."""
    if target != vm.host:
        there = placement.host == target and not placement.allowed
        return placement if there else dataclasses.replace(placement, host=target, allowed=())
    if not placement.allowed:
        return placement
    free = tuple(name for name in placement.allowed if name not in stack.maintenance)
    free = free if len(free) > 1 else ()
    return placement if free == placement.allowed else dataclasses.replace(placement, allowed=free)


def judge(  # noqa: PLR0913 - what a step is judged by, each named at the call
    spec: VmSpec,
    vm: VirtualMachine,
    wanted: Placement,
    inventory: Inventory,
    target: HostSpec,
    *,
    findings: tuple[Finding, ...] = (),
    caller: str | None = None,
    patience: int = 0,
    reason: str = "",
) -> Step:
    """Return the standing of `vm` compared with `wanted`; `target`: the host it belongs on (its own if it stays).

    `caller`: how we log on at its source. `patience`: seconds for which its move waits for what the machine is busy with.
    `reason`: why it belongs there.
    """
    label = spec.label
    findings = (*findings, *strange_places(wanted, vm, label))
    source, destination = inventory.hosts[vm.host], inventory.hosts.get(target.name)

    def step(standing: Standing, move: Move | None = None, *more: Finding) -> Step:
        return Step(
            label=label, standing=standing, placement=wanted, vm=vm, vm_id=vm.id, move=move,
            findings=(*findings, *more), reason=reason,
        )  # fmt: skip

    if destination is None:
        text = f"{label} is declared on {target.name}, which does not respond"
        silent = Finding.refusal("destination-silent", text, "Bring the host back, then run again")
        return step(Standing.REFUSED, None, next(_to_away(label, target), silent))
    # Without `host:` a machine stays where it is, and only its files may go.
    move = order(vm, wanted, source, destination if wanted.host else None)
    if move is not None:
        move = dataclasses.replace(
            move, options=spec.migration, overwrite=overwritten(spec.storage, vm), caller=caller
        )
    # A machine without a declared place may be moved by anybody: that is no conflict.
    managed = move is not None or wanted.host is not None
    facts = destination.facts
    ends = (target.name,) if move is not None and move.changes_host else ()
    jobs = (
        each
        for each in inventory.jobs_of(vm.id, *ends)
        if move is not None or _leads_away(each[1], vm, facts)
    )
    if managed and (running := next(jobs, None)) is not None:
        # A migration that leads where we want it is followed, whoever started it: no second one is ordered.
        if move is None or facts is None or not leads_to(running[1], move, facts):
            return step(Standing.MOVED_BY_OTHERS, None, _moved_by_others(label, *running))
        followed = step(Standing.MOVE, move, _already_under_way(label, running[1]))
        return dataclasses.replace(followed, under_way=True)
    if move is None:
        refused = any(finding.refuses for finding in findings)
        return step(Standing.REFUSED if refused else Standing.IN_PLACE)
    reasons = (
        *(_to_away(label, target) if move.changes_host else ()),
        *waited_for(refusals(move, source.facts, destination.facts, target), patience),
        *onto_own_disks(move, inventory),
        *maybe_one_file(move, inventory),
    )
    refused = any(finding.refuses for finding in (*findings, *reasons))
    return step(Standing.REFUSED if refused else Standing.MOVE, move, *reasons)


def _leads_away(job: MigrationJob, vm: VirtualMachine, here: HostFacts | None) -> bool:
    """Say whether a job takes a machine away from its place: one that prepares or checks does not, nor one that brought it there."""
    arrived = here is not None and job.destination is not None and names_host(job.destination, here)
    return not (job.only_prepares or arrived or has_brought(job, vm))


def _to_away(label: str, target: HostSpec) -> Iterator[Finding]:
    """Refuse to move a machine to a host that is away, whether it answers or not."""
    if target.away is not None:
        yield Finding.refusal(
            "destination-away",
            f"{label} is declared on {target.name}, which is away until {until(target.away)}",
            f"Remove hosts.{target.name}.away when it is back, or declare another host",
        )


def _already_under_way(label: str, job: MigrationJob) -> Finding:
    who = f" by {job.owner}" if job.owner else ""
    text = f"{label} is on its way there already, started{who} ({job.percent} %)"
    return Finding.warning("already-under-way", text, "This run follows that migration")


def _moved_by_others(label: str, host: Host, job: MigrationJob) -> Finding:
    whereto = (
        f"from {host.name} to {job.destination}" if job.destination else f"to other folders on {host.name}"
    )
    who = f" by {job.owner}" if job.owner else ""
    doing = "prepared for a move" if job.only_prepares else "moved"
    return Finding.refusal(
        "moved-by-others",
        f"{label} is being {doing} {whereto}{who} ({job.percent} %); this run leaves it alone",
        "Run again when that migration has ended",
    )

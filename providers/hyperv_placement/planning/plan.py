"""Desired against actual state: the plan, machine by machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from hyperv_placement.model.adoption import leads_to, names_host
from hyperv_placement.model.estate import Host, HostFacts, Inventory, MigrationJob, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.guard import ON_PAPER, Occasion
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Placement, Plan, Standing, Step
from hyperv_placement.model.stack import HostSpec, Stack, VmSpec
from hyperv_placement.model.throughput import NOTHING_OBSERVED, Throughput
from hyperv_placement.model.unreachable import became, reported, several
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.planning.what_counts import doubted, excused, is_away, silent, until

from .checks.evacuation import without_place
from .checks.file_names import onto_own_disks, refuse, without_taken
from .checks.guard import guarded, protect
from .checks.holds import held_back, said
from .checks.move import refusals
from .checks.options import overwritten
from .checks.rules import broken_rules
from .checks.servers import maybe_one_file
from .checks.sizes import unsized
from .checks.turns import in_turn
from .checks.waiting import waited_for
from .choosing.build import Chosen, chosen
from .in_windows import in_windows
from .machine.computers import named_twice, replaced, telling_of_others, unnamed
from .machine.disk_keys import strange_places
from .machine.held import aim, holding
from .machine.home import returning, to_keep
from .machine.identify import NotFound, behind_silence, identify
from .machine.locate import locate
from .machine.reasons import why
from .machine.takeover import renamed, takeover
from .maps import Attempt, Cut, best_map
from .paced import paced
from .schedule.places import Verdicts
from .scheduled import lasting, scheduled

_OTHER_HOSTS = 16
"""Chosen hosts that are given up because the machine's move there is refused, before it is left where it is."""


def plan(
    stack: Stack,
    inventory: Inventory,
    known: Kept = NOTHING_KEPT,
    occasion: Occasion = ON_PAPER,
    throughput: Throughput = NOTHING_OBSERVED,
) -> Plan:
    """Return the standing of every declared machine and the move ordered for it, in the order of the stack file.

    `known`: which machine each key meant in the last run. Refused moves stay in the plan with their reasons; they are
    never ordered. What concerns the whole estate (silent hosts, rules, the guard) is in `Plan.findings`. `occasion`:
    when the plan is made, and which limits of the guard somebody has allowed. `throughput`: the rates of past moves.
    """
    found = _plan(stack, inventory, known, occasion, throughput)
    stopped = [step for step in found.steps if step.returns and step.standing == Standing.REFUSED]
    if found.refusals:
        stopped = [step for step in found.steps if step.returns]
    if not stopped:
        return found
    # To go back after maintenance is nobody's wish of today: what cannot be is put off, and stops nothing.
    ids = {step.vm.id for step in stopped if step.vm is not None}
    fewer = {machine: home for machine, home in known.homes.items() if machine not in ids}
    again = _plan(stack, inventory, dataclasses.replace(known, homes=fewer), occasion, throughput)
    if len(again.refusals) >= len(found.refusals) > 0:
        return found
    names = ", ".join(step.label for step in stopped)
    whys = dict.fromkeys(each.text for step in stopped for each in step.findings if each.refuses)
    why = f": {'; '.join(whys)}" if whys else ""
    late = Finding.warning(
        "return-put-off",
        f"{names} would go back to where they were before maintenance, and cannot now, so that they stay where they are{why}",
        "Make room there; they go back once they can, or once their entries name a host",
    )
    steps = tuple(
        dataclasses.replace(step, home=known.homes.get(step.vm.id)) if step.vm and step.vm.id in ids else step
        for step in again.steps
    )
    return dataclasses.replace(
        again, steps=steps, findings=(*again.findings, late), known=known, put_off=tuple(stopped)
    )


def _plan(
    stack: Stack, inventory: Inventory, known: Kept, occasion: Occasion, throughput: Throughput
) -> Plan:
    """Return the plan with every return after maintenance that nothing forbids by itself."""
    declared, stack = stack, stack.held(known.holds).on(occasion.day)
    verdicts: Verdicts = {}
    planned = best_map(
        lambda excluded: _attempted(
            stack, inventory, known, occasion, throughput, excluded, verdicts=verdicts
        )
    )
    guards = guarded(stack, planned.starts, occasion.now, occasion.allowed)
    return dataclasses.replace(
        planned, findings=(*planned.findings, *said(declared, known, occasion.day), *guards)
    )


def _attempted(  # noqa: PLR0913 - what a plan is made of
    stack: Stack,
    inventory: Inventory,
    known: Kept,
    occasion: Occasion,
    throughput: Throughput,
    excluded: Sequence[Cut],
    *,
    verdicts: Verdicts,
) -> Attempt:
    """Return the plan of one choice of hosts, other than those `excluded`. `verdicts`: on moves, of all choices together."""
    everybody, picked = _stood(stack, inventory, known, occasion.in_run, excluded)
    # Who is no part of the run stays where it is, and neither room nor a name nor a limit is counted as though it went.
    outside = tuple(step for step in everybody if not occasion.takes(step.label))
    inside = tuple(step for step in everybody if occasion.takes(step.label))
    inside = without_taken(inside, inventory, outside) if outside else inside
    steps = tuple(step for step in _distinguished((*inside, *outside)) if occasion.takes(step.label))
    steps = tuple(_sized(step, inventory) for step in steps)
    # Doubt first: what is unknown is excused by an absent host, what would move is not.
    steps = tuple(excused(doubted(step, stack, inventory, known), stack, inventory) for step in steps)
    steps = in_turn(steps, stack, inventory, outside)
    reached = (step.move.destination for step in steps if step.move is not None and step.move.changes_host)
    findings = (
        *_silent(stack, inventory, steps), *named_twice(inventory), *telling_of_others(inventory), *replaced(inventory),
        *unnamed(inventory, reached),
    )  # fmt: skip
    unplanned = Plan(
        steps=steps, choice=picked.choice, known=known, silent=silent(stack, inventory), outside=outside
    )
    planned = in_windows(
        unplanned, stack, occasion,
        paced(stack, occasion, lambda as_limited, each: scheduled(each, as_limited, inventory, throughput, verdicts)),
    )  # fmt: skip
    stay = {step.label: step.vm.host for step in planned.steps if step.left_out and step.vm}
    rules = broken_rules(stack, inventory, _reached(planned, picked.stands), stay)
    findings = (*findings, *rules, *picked.findings, *planned.findings)
    return Attempt(
        plan=dataclasses.replace(planned, findings=findings),
        chosen={label: picked.ends[label] for label in sorted(picked.open)},
        complete=picked.complete,
    )


def _reached(plan: Plan, ends: Mapping[str, HostName]) -> Mapping[str, HostName]:
    """Return where machines are after the run, label -> host: `ends`, but for those that do not go, for whatever reason."""
    kept = [step for step in plan.steps if step.left_out]
    return {**ends, **{step.label: step.vm.host for step in (*kept, *plan.outside) if step.vm is not None}}


def steps_of(stack: Stack, inventory: Inventory, known: Kept = NOTHING_KEPT) -> tuple[Step, ...]:
    """Return the standing of every declared machine as a plan has it, without searching for an order of moves."""
    return _stood(stack.held(known.holds), inventory, known, None)[0]


def _stood(
    stack: Stack, inventory: Inventory, kept: Kept, in_run: frozenset[str] | None, without: Sequence[Cut] = ()
) -> tuple[tuple[Step, ...], Chosen]:
    """Return the steps, names of files judged among those in the run, and where each machine that was found is to be after it.

    `without`: hosts that are not to be chosen again.
    """
    known, behind = kept.machines, behind_silence(kept, stack, inventory)
    found = {label: identify(spec, inventory, known.get(label), behind) for label, spec in stack.vms.items()}
    there = {label: vm for label, vm in found.items() if isinstance(vm, VirtualMachine)}
    stack = dataclasses.replace(stack, homes=returning(stack, there, kept))
    # Who is not in the run stays; its step says where it is declared, if that is one host.
    out = {
        label: _alone(stack.vms[label]) or vm.host
        for label, vm in there.items()
        if in_run is not None and label not in in_run
    }
    staying = dict(out)
    excluded: list[Cut] = [*without]
    while True:
        # Hosts are chosen for all at once: one by one, the first would take the room that the second needs.
        picked = chosen(stack, inventory, there, excluded=excluded, staying=staying)
        steps = _placed(stack, inventory, found, kept, picked)
        inside = without_taken([step for step in steps if step.label not in out], inventory)
        judged = {step.label: step for step in inside}
        # A move that was counted and is refused frees no room: then the others are chosen for anew.
        counted = [step for step in inside if step.label not in staying and _counts_wrongly(step, picked)]
        if picked.choice is None or not counted:
            return tuple(judged.get(step.label, step) for step in steps), picked
        for step in counted:
            # Another host may take it; where none was found in a few rounds, it stays.
            if step.label in picked.open and len(excluded) < len(without) + _OTHER_HOSTS:
                excluded.append({step.label: picked.ends[step.label]})
            else:
                staying[step.label] = picked.ends[step.label]


def _counts_wrongly(step: Step, picked: Chosen) -> bool:
    """Say whether a machine that is not moved was counted at another host."""
    if step.vm is None or not step.left_out or step.label in picked.homeless:
        return False
    return picked.stands.get(step.label, step.vm.host) != step.vm.host


def _placed(
    stack: Stack,
    inventory: Inventory,
    found: Mapping[str, VirtualMachine | NotFound],
    kept: Kept,
    picked: Chosen,
) -> tuple[Step, ...]:
    """Return the standing of every declared machine, by the host that was chosen for it."""
    steps, known = [], kept.machines
    for (label, vm), spec in zip(found.items(), stack.vms.values(), strict=True):
        if isinstance(vm, NotFound):
            step = Step(
                label=label, standing=vm.standing, placement=Placement(), vm_id=spec.id or known.get(label),
                findings=(vm.finding,),
            )  # fmt: skip
        else:
            step = _standing(spec, vm, stack, inventory, picked.ends[label], known.get(label))
            if (why_not := picked.homeless.get(label)) is not None:
                step = refuse(lasting(step), why_not)  # it waits for nothing
            else:
                step = without_place(step, picked.ends[label], stack, inventory)
            home = to_keep(stack, spec, vm, kept.homes.get(vm.id))
            step = step if step.home == home else dataclasses.replace(step, home=home)
        steps.append(step)
    return tuple(steps)


def _alone(spec: VmSpec) -> HostName | None:
    """Return the one host that a machine is declared on; None where there is a choice."""
    return spec.hosts[0] if len(spec.hosts) == 1 else None


def _sized(step: Step, inventory: Inventory) -> Step:
    """Return a step that moves with a warning for each of its files of unknown size."""
    if step.move is None or step.standing != Standing.MOVE:
        return step
    said = tuple(unsized(step.move, inventory))
    return dataclasses.replace(step, findings=(*step.findings, *said)) if said else step


def _standing(
    spec: VmSpec,
    vm: VirtualMachine,
    stack: Stack,
    inventory: Inventory,
    end: HostName,
    managed: VmId | None,
) -> Step:
    """Return the standing of one machine for which `end` was chosen; a hold may keep it where it is."""
    if (hold := holding(stack, spec, vm)) is None:
        return step_of(spec, vm, stack, inventory, end, managed)
    step = step_of(spec, vm, stack, inventory, aim(stack, spec, vm), managed)
    return held_back(step, hold, stack, leaves=vm.host in stack.maintenance)


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
    located = locate(spec, vm, host_spec)
    findings = (
        *located.findings,
        *takeover(spec.label, managed, vm.id, stack, inventory),
        *renamed(spec, vm, inventory),
    )
    source = stack.hosts.get(vm.host)
    step = judge(
        spec, vm, _on(located.placement, stack, vm, target), inventory, host_spec, findings=findings,
        caller=source.connection.auth if source else None, patience=stack.wait_for_activity,
    )  # fmt: skip
    reason = why(stack, spec, vm, target)
    return protect(step if step.reason == reason else dataclasses.replace(step, reason=reason), stack.guard)


def _on(placement: Placement, stack: Stack, vm: VirtualMachine, target: HostName) -> Placement:
    """Return `placement` on the chosen host. For a machine that need not leave its host, any allowed host stays acceptable."""
    if target != vm.host:
        there = placement.host == target and not placement.allowed
        return placement if there else dataclasses.replace(placement, host=target, allowed=())
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
) -> Step:
    """Return the standing of `vm` compared with `wanted`; `target`: the host it belongs on (its own if it stays).

    `caller`: how we log on at its source. `patience`: seconds for which its move waits for what the machine is busy with.
    """
    label = spec.label
    findings = (*findings, *strange_places(wanted, vm, label))
    source, destination = inventory.hosts[vm.host], inventory.hosts.get(target.name)

    def step(standing: Standing, move: Move | None = None, *more: Finding) -> Step:
        return Step(
            label=label, standing=standing, placement=wanted, vm=vm, vm_id=vm.id, move=move,
            findings=(*findings, *more),
        )  # fmt: skip

    if destination is None:
        text = f"{label} is declared on {target.name}, which does not respond"
        reason = Finding.refusal("destination-silent", text, "Bring the host back, then run again")
        return step(Standing.REFUSED, None, next(_to_away(label, target), reason))
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
        each for each in inventory.jobs_of(vm.id, *ends) if move is not None or _leads_away(each[1], facts)
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


def _leads_away(job: MigrationJob, here: HostFacts | None) -> bool:
    """Say whether a job takes a machine away from its place: one that prepares or checks does not, nor one that brought it there."""
    arrived = here is not None and job.destination is not None and names_host(job.destination, here)
    return not job.only_prepares and not arrived


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


def _silent(stack: Stack, inventory: Inventory, steps: tuple[Step, ...]) -> Iterator[Finding]:
    """Yield each cause once, so that the machines' own lines need not repeat it."""
    lost = inventory.unreachable
    counting = silent(stack, inventory)
    for line in reported(lost[name] for name in counting):
        yield Finding.warning("host-unread", line)
    for name, host in lost.items():
        if name not in counting and (away := stack.hosts[name].away) is not None:
            yield Finding.warning(
                "host-away", f"{is_away(name, away)}; it {became(host)}, and its machines do not count"
            )
    count = sum(step.standing == Standing.UNKNOWN and not step.excused for step in steps)
    if count and lost:
        names = several(sorted(lost))
        yield Finding.warning(
            "machines-unknown",
            f"{count} declared {'machine is' if count == 1 else 'machines are'} unknown while {names} cannot be read;"
            " nothing is planned for them",
            "Fix what is reported about the hosts, or declare them away (hosts.NAME.away), then run again",
        )


def _distinguished(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return `steps` with those refused that mean one machine: they would move it to and fro. Others go on."""
    labels: dict[VmId, list[str]] = {}
    for step in steps:
        if step.vm_id is not None and step.vm is not None:
            labels.setdefault(step.vm_id, []).append(step.label)
    return tuple(
        refuse(
            step,
            Finding.refusal(
                "entries-are-one-machine",
                f"{' and '.join(labels[step.vm_id])} are one machine, {step.vm.name} ({step.vm.id}) on {step.vm.host}",
                "Remove one of the entries, or say which machine each means: bin/placement adopt KEY --id GUID",
            ),
        )
        if step.vm_id is not None and step.vm is not None and len(labels[step.vm_id]) > 1
        else step
        for step in steps
    )

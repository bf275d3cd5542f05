"""The program's side: declare what a plan says, and say in the preview what will move and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pulumi

from hyperv_placement.model.directory import DelegationPlan, DelegationSpec
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Schedule, Standing, Step
from hyperv_placement.model.stack import HostSpec, Stack
from hyperv_placement.planning.checks.live_migration import declared_settings
from hyperv_placement.planning.delegation.entries import PRICE, holder_for
from hyperv_placement.planning.machine.keys import Keys
from hyperv_placement.report.plan_text import outline
from hyperv_placement.report.run_words import opening, stays
from hyperv_placement.report.text import describe, reported
from hyperv_placement.visible import visible

from . import program_log
from .held import FREE, Held
from .migration_delegation import OUTPUTS as DELEGATION_OUTPUTS
from .migration_delegation import TYPE as MIGRATION_DELEGATION
from .migration_host import NAMES as HOST_OUTPUTS
from .migration_host import TYPE as MIGRATION_HOST
from .properties import OUTPUTS, inputs_of, move_inputs
from .terminal import is_live
from .vm_placement import TYPE
from .within import ALONE, Within


class VmPlacement(pulumi.CustomResource):
    """One declared machine; its outputs are what the hosts show after the run."""

    host: pulumi.Output[str]
    moves: pulumi.Output[int]

    def __init__(
        self,
        step: Step,
        options: pulumi.ResourceOptions,
        within: Within = ALONE,
        *,
        inputs: Mapping[str, Any],
    ) -> None:
        """Register the machine under its key in the stack file."""
        # The Python SDK makes an output of each property that is named here, if only as None.
        properties: dict[str, Any] = {**dict.fromkeys(OUTPUTS), **inputs}
        super().__init__(TYPE, within.name(step.label), properties, options)


class MigrationHost(pulumi.CustomResource):
    """How one host takes part in migrations; its outputs are what it has."""

    def __init__(self, host: HostSpec, within: Within = ALONE) -> None:
        """Register the host under its key in the stack file."""
        properties = {**dict.fromkeys(HOST_OUTPUTS), **declared_settings(host.live_migration)}
        super().__init__(MIGRATION_HOST, within.name(host.name), properties, within.options(MIGRATION_HOST))


class MigrationDelegation(pulumi.CustomResource):
    """What one host's account may delegate; its outputs are what the directory shows of it."""

    def __init__(self, host: HostName, plan: DelegationPlan, within: Within = ALONE) -> None:
        """Register the host's account under the host's key in the stack file; of a silent host, without a name."""
        properties = {
            **dict.fromkeys(DELEGATION_OUTPUTS),
            "account": None if host in plan.refused else plan.full_names.get(host),
            "mode": plan.spec.mode,
            "entries": dict(plan.entries.get(host, {})),
            "silent": list(plan.unknown),
            "refused": dict(plan.refused),
            "onDelete": plan.spec.on_delete,
        }
        options = within.options(MIGRATION_DELEGATION)
        super().__init__(MIGRATION_DELEGATION, within.name(host), properties, options)


def declare(  # noqa: PLR0913 - what a run declares by, the last two named at the call
    stack: Stack,
    plan: Plan,
    inventory: Inventory,
    keys: Keys,
    delegation: DelegationPlan | None = None,
    *,
    within: Within = ALONE,
    held: Held = FREE,
) -> dict[str, VmPlacement]:
    """Register hosts whose settings are declared, accounts, and every machine of `plan`; return the machines by key.

    What the run is about is said before all that, and what happens to a machine at its own resource. `keys`: which
    machines the state does not have yet, or has under another key: that resource goes on under its new one. `held`: the
    plan that the run is held to.

    A move waits for the settings of both its hosts, for the account that lets the one act at the other, and for the
    moves that free the room it needs. The legs of a machine that steps aside are the plugin's: nothing depends on it.

    Raises pulumi.RunError, before anything is registered, where the plan as a whole must not run.
    """
    findings = (*plan.findings, *(delegation.findings if delegation else ()))
    # All of them at once, before anything is registered: the engine acts on a registration at once.
    if forbidden := [str(finding) for finding in findings if finding.refuses]:
        raise program_log.stopped("\n".join(forbidden))
    program_log.info(opening(plan, keys, inventory), within.component)
    for finding in findings:
        program_log.warn(finding, within.component)
    hosts = {name: MigrationHost(host, within) for name, host in stack.hosts.items() if host.live_migration}
    accounts = _declare_accounts(delegation, within) if delegation else {}
    others: dict[tuple[str, str], pulumi.Resource] = {
        (MIGRATION_HOST, name): each for name, each in hosts.items()
    }
    others |= {(MIGRATION_DELEGATION, name): each for name, each in accounts.items()}
    resources: dict[str, VmPlacement] = {}
    moving = len({each.label for each in plan.schedule.moves})
    waits, adopted = held.waits(before(plan.schedule)), {step.label for step in keys.adopted}
    for step in in_order(plan, waits, held.done):
        # By the schedule, with the legs that only make room; without one, the move that is ordered.
        ways = plan.schedule.moves_of(step.label) or ([step.move] if step.move else [])
        if (planned := held.done.get(step.label)) is not None:
            first = [others[each] for each in planned.needs if each in others]
        else:
            first = _after(ways, hosts, accounts, stack.delegation)
        resources[step.label] = VmPlacement(
            step,
            within.options(
                TYPE, [*first, *(resources[x] for x in waits[step.label])], keys.renamed.get(step.label)
            ),
            within,
            inputs=held.inputs(
                step.label, inputs_of(step), move_inputs(plan.schedule.moves_of(step.label), moving)
            ),
        )
        # At once: where the engine shows lines as they come (`--diff`), they stand below their own resource.
        _say(step, plan.schedule, resources[step.label], adopted=step.label in adopted)
    for step in plan.outside:  # the engine leaves them as they are, and would delete what nobody registers
        resources[step.label] = VmPlacement(
            step, within.options(TYPE), within, inputs=inputs_of(step, outside=True)
        )
    return {label: resources[label] for label in stack.vms if label in resources}


def before(schedule: Schedule) -> Mapping[str, list[str]]:
    """Return, for each machine that moves once, those that move once as well and must have moved before."""
    found: dict[str, list[str]] = defaultdict(list)
    for number, each in enumerate(schedule.moves):
        if schedule.whole(number):
            found[each.label] = [schedule.moves[n].label for n in each.needs if schedule.whole(n)]
    return found


def in_order(plan: Plan, waits: Mapping[str, list[str]], done: Iterable[str] = ()) -> Iterator[Step]:
    """Yield every machine after those it waits for: what is not scheduled, what is `done`, then the moves by their starts."""
    steps = {step.label: step for step in plan.steps}
    # A resource can only depend on one that is registered already, so that those that wait come last. The engine takes
    # them up in this order as far as it has workers: who is behind another one comes after it, too.
    for each in plan.schedule.moves:
        if waits.get(each.label) or each.follows:
            steps.pop(each.label)
    behind = [steps.pop(label) for label in done if waits.get(label)]
    yield from (*steps.values(), *behind)
    steps |= {step.label: step for step in behind}
    late = {step.label: step for step in plan.steps if step.label not in steps}
    yield from (late[each.label] for each in plan.schedule.moves if each.label in late)


def _declare_accounts(plan: DelegationPlan, within: Within) -> dict[HostName, MigrationDelegation]:
    """Register each account; say once whose accounts these are, and what entries cost, and at each what is missing."""
    if plan.accounts:
        lines = (visible(f"{about}: {dn}") for about, dn in plan.accounts.items())
        program_log.info(
            "\n".join(("Accounts that delegation: is about, as the directory has them:", *lines))
        )
    if plan.missing:
        program_log.warn(PRICE)
    accounts = {host: MigrationDelegation(host, plan, within) for host in plan.spec.hosts}
    for host, missing in plan.missing.items():
        program_log.info("\n".join(visible(str(entry)) for entry in missing), accounts[host])
    return accounts


def _after(
    ways: Sequence[Move],
    hosts: Mapping[HostName, MigrationHost],
    accounts: Mapping[HostName, MigrationDelegation],
    spec: DelegationSpec | None,
) -> list[pulumi.Resource]:
    """Return what must be set before a machine goes these ways: settings of their hosts, accounts that let one act at the other."""
    ends = dict.fromkeys(name for way in ways for name in (way.source, way.destination))
    holders = dict.fromkeys(holder_for(spec, way.source, way.destination) for way in ways if spec)
    first: list[pulumi.Resource] = [hosts[name] for name in ends if name in hosts]
    return first + [accounts[name] for name in holders if name is not None and name in accounts]


def outputs(resources: Mapping[str, VmPlacement], plan: Plan, held: Held = FREE) -> dict[str, Any]:
    """Return, out of the resources' own outputs, `placement` (machine -> host) and `moves` (made so far), and the `plan`.

    Of a run that is held to a plan, that plan's lines: sizes and times of today would be a change to the engine, at the end of the run.
    """
    # Numbers come back from the engine as floats: a Struct of protobuf has no others.
    total = pulumi.Output.all(*(r.moves for r in resources.values())).apply(
        lambda counts: int(sum(count or 0 for count in counts))
    )
    placement = {label: resource.host for label, resource in resources.items()}
    return {"placement": placement, "moves": total, "plan": list(held.lines) or outline(plan)}


def _say(step: Step, schedule: Schedule, resource: VmPlacement, *, adopted: bool) -> None:
    # A live tree has a line for it; elsewhere each would be a line more, and the first message names them all.
    if adopted and is_live() and (text := stays(step)) is not None:
        program_log.passing(text, resource)
    if step.standing == Standing.MOVE and step.move is not None:
        program_log.info("\n".join(map(visible, (describe(step), *reported(schedule, step.label)))), resource)
    elif legs := tuple(reported(schedule, step.label)):  # in its place, and steps aside for others
        program_log.info("\n".join(map(visible, legs)), resource)
    for finding in step.findings:
        program_log.warn(finding, resource)

"""The program's side: declare what a plan says, and say in the preview what will move and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from providers.model.names import HostName
from providers.model.plan import Finding, Plan, Severity, Standing, Step
from providers.model.stack import HostSpec, Stack
from providers.planning.live_migration import declared_settings
from providers.report.text import describe

from .migration_host import NAMES as HOST_OUTPUTS
from .migration_host import TYPE as MIGRATION_HOST
from .properties import OUTPUTS, inputs_of
from .vm_placement import TYPE


class VmPlacement(pulumi.CustomResource):
    """One declared machine; its outputs are what the hosts show after the run."""

    host: pulumi.Output[str]
    moves: pulumi.Output[int]

    def __init__(self, step: Step, options: pulumi.ResourceOptions | None = None) -> None:
        """Register the machine under its key in the stack file."""
        properties: dict[str, Any] = {**dict.fromkeys(OUTPUTS), **inputs_of(step)}
        super().__init__(TYPE, step.label, properties, options)


class MigrationHost(pulumi.CustomResource):
    """How one host takes part in migrations; its outputs are what it has."""

    def __init__(self, host: HostSpec) -> None:
        """Register the host under its key in the stack file."""
        properties = {**dict.fromkeys(HOST_OUTPUTS), **declared_settings(host.live_migration)}
        super().__init__(MIGRATION_HOST, host.name, properties)


def declare(stack: Stack, plan: Plan) -> dict[str, VmPlacement]:
    """Register every host whose settings are declared and every machine of `plan`; return the machines by key.

    A move waits for the settings of both its hosts.

    Raises pulumi.RunError, before anything is registered, where the plan as a whole must not run.
    """
    _stop_where_forbidden(plan.findings)
    for finding in plan.findings:
        pulumi.log.warn(str(finding))
    hosts = {name: MigrationHost(host) for name, host in stack.hosts.items() if host.live_migration}
    resources = {step.label: VmPlacement(step, _after(step, hosts)) for step in plan.steps}
    for step in plan.steps:
        _say(step, resources[step.label])
    return resources


def _after(step: Step, hosts: Mapping[HostName, MigrationHost]) -> pulumi.ResourceOptions:
    ends = () if step.move is None else (step.move.source, step.move.destination)
    return pulumi.ResourceOptions(depends_on=[hosts[name] for name in dict.fromkeys(ends) if name in hosts])


def export(resources: dict[str, VmPlacement]) -> None:
    """Export, out of the resources' own outputs: `placement` (machine -> host) and `moves` (made so far)."""
    pulumi.export("placement", {label: resource.host for label, resource in resources.items()})
    pulumi.export("moves", pulumi.Output.all(*(r.moves for r in resources.values())).apply(_total))


def _total(moves: Iterable[float | None]) -> int:
    return int(sum(count or 0 for count in moves))


def _stop_where_forbidden(findings: Iterable[Finding]) -> None:
    forbidden = [str(finding) for finding in findings if finding.severity == Severity.REFUSAL]
    if forbidden:
        raise pulumi.RunError("\n".join(forbidden))


def _say(step: Step, resource: VmPlacement) -> None:
    if step.standing == Standing.MOVE and step.move is not None:
        pulumi.log.info(describe(step), resource)
    for finding in step.findings:
        pulumi.log.warn(str(finding), resource)

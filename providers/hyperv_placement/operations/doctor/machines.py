"""What would refuse or hinder a machine's move to each host that it may be on, by the same checks as a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.standing import judge

from .symptoms import Reading


def machine_diagnoses(
    stack: Stack, reading: Reading, spec: VmSpec, vm: VirtualMachine, host: HostName
) -> Iterator[Finding]:
    """Yield what would keep, or may keep, `vm` from moving to `host`."""
    found = next((each for each in reading.inventory.hosts[vm.host].vms if each.id == vm.id), vm)
    target = reading.inventory.hosts.get(host)
    if target is None or target.facts is None or reading.inventory.hosts[vm.host].facts is None:
        return
    located = locate(spec, found, stack.hosts[host])
    step = judge(
        spec, found, replace(located.placement, host=host), reading.inventory, stack.hosts[host],
        findings=located.findings, patience=stack.wait_for_activity,
    )  # fmt: skip
    for finding in step.findings:
        if finding.is_of_hosts:
            continue  # hosts and pairs have diagnoses of their own
        breaks = "The move is refused" if finding.refuses else "The move may fail, or wait"
        yield finding.about(Subject.machine(spec.label, host), breaks)

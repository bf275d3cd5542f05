"""Machines that go back after maintenance to where they were: a return that cannot be is put off, and stops nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hyperv_placement.model.finding import Finding
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.plan import Plan, Standing


def with_late_returns(known: Kept, planned: Callable[[Kept], Plan]) -> Plan:
    """Return the plan by `known`, without the returns that it cannot make; `planned`: makes the plan by what is kept."""
    found = planned(known)
    stopped = [
        step for step in found.steps if step.returns and (found.refusals or step.standing == Standing.REFUSED)
    ]
    if not stopped:
        return found
    # To go back after maintenance is nobody's wish of today.
    ids = {step.vm.id for step in stopped if step.vm is not None}
    fewer = {machine: home for machine, home in known.homes.items() if machine not in ids}
    again = planned(replace(known, homes=fewer))
    if len(again.refusals) >= len(found.refusals) > 0:
        return found
    names = ", ".join(step.label for step in stopped)
    whys = dict.fromkeys(each.text for step in stopped for each in step.findings if each.refuses)
    why = f": {'; '.join(whys)}" if whys else ""
    late = Finding.warning(
        "return-put-off",
        f"{names} would go back to where they were before maintenance, and cannot now, so that they stay where they are{why}",
        "Mend what stands in the way; they go back once they can, or once their entries name a host",
    )
    steps = tuple(
        replace(step, home=known.homes.get(step.vm.id)) if step.vm and step.vm.id in ids else step
        for step in again.steps
    )
    return replace(again, steps=steps, findings=(*again.findings, late), known=known, put_off=tuple(stopped))

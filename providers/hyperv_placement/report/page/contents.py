"""What the page shows, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hyperv_placement.model.calendar import shown
from hyperv_placement.model.estate import Host, Inventory, VirtualMachine
from hyperv_placement.model.memory import shown_mib
from hyperv_placement.model.names import HostName, natural
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Maintenance, Stack
from hyperv_placement.model.units import MIB
from hyperv_placement.planning.proposal import Review
from hyperv_placement.report.moved_volumes import moved_volumes
from hyperv_placement.report.review_record import review_record


def page_data(review: Review, code: int) -> dict[str, Any]:
    """Return what the page shows: the review's record, the estate as it is before the run, and moves without an order.

    estate: hosts [{name, silent, memory, free, kept, marks}] (bytes; null where not reported; marks [{kind, text}] of maintenance,
    holds and absences), machines [[id, name, host, MiB that it takes, state, label or null where it is not declared, standing or
    null, marks]], hosts and machines in the order in which people count.
    volumes: of each move of the plan [from, to]: names of the volumes whose files get another path, both empty where none does.
    wanted: [{label, id, from, to, type, reason, disks, volumes}] as in the plan's moves, of machines that the schedule lacks.
    read: when the inventory was recorded, by the clocks of the stack; null where the hosts were asked.
    unread: why what was declared before is not known, where it is not.
    """
    plan = review.plan
    return {
        **review_record(review, code), "estate": _estate(review), "wanted": list(_wanted(plan, review.inventory)),
        "volumes": [moved_volumes(each.move, review.inventory) for each in plan.schedule.moves],
        "read": None if review.recorded is None else shown(review.recorded, review.stack.zone),
        "unread": None if review.base is None else review.base.unread,
    }  # fmt: skip


def _wanted(plan: Plan, inventory: Inventory) -> Iterator[dict[str, Any]]:
    """Yield what is wanted and has no order or no room: refused for that alone, or nobody reported what room there is."""
    scheduled = {each.label for each in plan.schedule.moves}
    for step in plan.steps:
        stuck = any(each.lacks_order for each in step.findings)
        if step.move is None or step.label in scheduled or (step.standing != Standing.MOVE and not stuck):
            continue
        move = step.move
        yield {
            "label": step.label, "id": move.vm.id, "from": move.source, "to": move.destination,
            "type": move.kind, "aside": False, "reason": step.reason, "volumes": moved_volumes(move, inventory),
            "disks": [{"slot": each.slot, "from": each.source, "to": each.target} for each in move.all_disks],
        }  # fmt: skip


def _estate(review: Review) -> dict[str, Any]:
    inventory, stack = review.inventory, review.counting
    declared = {step.vm_id: step for step in review.plan.steps if step.vm_id is not None}
    return {
        "hosts": [
            _host(name, inventory.hosts.get(name), stack)
            for name in sorted((*inventory.hosts, *inventory.unreachable), key=natural)
        ],
        "machines": [
            _machine(vm, declared.get(vm.id), stack)
            for _, host in sorted(inventory.hosts.items(), key=lambda each: natural(each[0]))
            for vm in sorted(host.vms, key=lambda vm: (natural(vm.name), vm.id))
        ],
    }


def _host(name: HostName, host: Host | None, stack: Stack) -> dict[str, Any]:
    facts, spec = host.facts if host else None, stack.hosts.get(name)
    memory, free = (facts.memory_mib, facts.memory_free_mib) if facts else (None, None)
    return {
        "name": name, "silent": host is None, "memory": _bytes(memory), "free": _bytes(free),
        "kept": 0 if spec is None else spec.reserve.memory_mib * MIB,
        "marks": [{"kind": kind, "text": text} for kind, text in _marks(name, stack)],
    }  # fmt: skip


def _marks(name: HostName, stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield what somebody has said of a host that counts now: how it is drawn, and in words."""
    if name in stack.maintenance:
        yield "maintenance", f"in maintenance{_until(stack.maintenance[name])}"
    yield from (
        ("hold", f"held until {each.until}: {each.reason}") for each in stack.holds if each.host == name
    )
    spec = stack.hosts.get(name)
    if spec is not None and spec.away is not None:
        yield "away", f"away until {spec.away.until}: {spec.away.reason}"


def _until(entry: Maintenance) -> str:
    until = "" if entry.until is None else f" until {entry.until}"
    return f"{until}: {entry.reason}" if entry.reason else until


def _machine(vm: VirtualMachine, step: Step | None, stack: Stack) -> list[Any]:
    stands = (None, None) if step is None else (step.label, step.standing.value)
    marks = [] if step is None else list(_kept(step.label, stack))
    return [vm.id, vm.name, vm.host, shown_mib(vm), vm.state.name.lower(), *stands, marks]


def _kept(label: str, stack: Stack) -> Iterator[str]:
    """Yield why a machine would not move, in a word each."""
    if stack.holds_machine(label):
        yield "held"
    if label in stack.guard.protected:
        yield "protected"


def _bytes(mib: int | None) -> int | None:
    return None if mib is None else mib * MIB

"""Whole plans of large estates, from the stack file's values and an inventory to the schedule: time, memory, finish."""

from __future__ import annotations

import multiprocessing
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from hyperv_placement.model.estate import Disk, Host, Inventory, VirtualMachine, Volume
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Connection, HostSpec, Maintenance, Stack, VmSpec
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.problem import MEMORY, Machine, Problem
from tests.estates import facts, guid, machine
from tools.bench.figure import Figure, amount
from tools.bench.site import Sites

from .estates import estate

LARGE, HUGE, PUBLISHED = (1000, 10_000), (2000, 50_000), (5000, 30_000)
"""Hosts and machines; the last as BtrPlace has published (Hermenier, Lawall, Muller, TDSC 2013)."""
LIMITS = {LARGE: 10.0, PUBLISHED: 180.0}
"""Seconds."""
DRAINED = 0.04
"""Part of the hosts that is in maintenance where hosts are chosen."""
_KIB_PER_MB = 1_000_000 / 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One plan, made in a process of its own."""

    seconds: float
    megabytes: float
    """Peak of the whole process, the estate included."""
    before: float
    """The same before the plan was made."""
    moves: int
    ratio: float
    """Finish over the lower bound."""
    refused: int
    """Findings and machines that are refused."""


def measure(_sites: Sites) -> list[Figure]:
    """Plan for 1,000 hosts."""
    return _figures(LARGE)


def measure_huge(_sites: Sites) -> list[Figure]:
    """Plan for 2,000 hosts with 50,000 machines."""
    return _figures(HUGE)


def measure_published(_sites: Sites) -> list[Figure]:
    """Plan for 5,000 hosts, with a declared host for every machine, and with hosts to choose for those of 4 % of them."""
    return [*_figures(PUBLISHED), *_figures(PUBLISHED, drained=True)]


def _figures(kind: tuple[int, int], *, drained: bool = False) -> list[Figure]:
    # Memory is that of the plan alone in a process of its own.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(measured, (*kind,), {"drained": drained})
    what = "draining 4 % of" if drained else "plan of"
    where = f"{what} {kind[0]:,} hosts, {kind[1]:,} machines, {result.moves:,} moves"
    return [
        Figure(
            name=where, unit="s", result=result.seconds, at_most=LIMITS.get(kind), below=True,
            notes=(f"finish {amount(result.ratio)} x lower bound",),
        ),
        Figure(name="refused in it", unit="", result=result.refused, at_most=0),
        Figure(
            name="its memory, stack and inventory included", unit="MB", result=result.megabytes,
            at_most=400 if kind == HUGE else None, below=True, notes=(f"{amount(result.before)} MB before it",),
        ),
    ]  # fmt: skip


def measured(hosts: int, machines: int, *, drained: bool = False) -> Result:
    """Make one plan."""
    stack, inventory = as_values(estate(hosts, machines, seed=0), drained=drained)
    before = _peak()
    begun = time.process_time()
    found = plan(stack, inventory)
    seconds = time.process_time() - begun
    schedule = found.schedule
    return Result(
        seconds=seconds, megabytes=_peak(), before=before, moves=len(schedule.moves), refused=_refused(found),
        ratio=schedule.seconds / schedule.bound if schedule.bound else 1.0,
    )  # fmt: skip


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MB


def _refused(found: Plan) -> int:
    return len(found.refusals) + sum(step.fails for step in found.steps)


def as_values(problem: Problem, *, drained: bool = False) -> tuple[Stack, Inventory]:
    """Return an estate as what is declared and what hosts show; `drained`: every machine may be anywhere, and some hosts are in maintenance."""
    names = [HostName(name) for name in problem.hosts]
    there: dict[HostName, list[int]] = {name: [] for name in names}
    for number, each in enumerate(problem.machines):
        there[names[each.start.host]].append(number)
    hosts = {
        name: Host(
            name=name, vms=tuple(_machine(number, problem.machines[number], name) for number in there[name]),
            facts=facts(
                name, memory_mib=1 << 20, memory_free_mib=problem.free[2 * at],
                volumes=(Volume(path="D:\\", capacity_bytes=1 << 50, free_bytes=problem.free[2 * at + 1]),),
            ),
        )
        for at, name in enumerate(names)
    }  # fmt: skip
    declared = {
        each.key: VmSpec(label=each.key, name=each.key, hosts=() if drained else (names[each.goal.host],))
        for each in problem.machines
    }
    specs = {
        name: HostSpec(name=name, endpoint=f"https://{name}.lab.example:5986/wsman", connection=Connection())
        for name in names
    }
    empty = names[: int(len(names) * DRAINED)] if drained else ()
    maintenance = dict.fromkeys(empty, Maintenance())
    stack = Stack(path=Path("stacks/large.yaml"), hosts=specs, vms=declared, maintenance=maintenance)
    return stack, Inventory(hosts=hosts, unreachable={})


def _machine(number: int, each: Machine, host: HostName) -> VirtualMachine:
    memory = sum(held.amount for held in each.start.holdings if held.thing == MEMORY)
    size = sum(held.amount for held in each.start.holdings if held.thing != MEMORY)
    path = f"D:\\Hyper-V\\{each.key}\\Virtual Hard Disks\\os.vhdx"
    disk = Disk(slot="scsi-0-0", instance_id=f"Microsoft:{guid(number)}\\0\\0\\L", path=path, size_bytes=size)
    return machine(number, host, f"D:\\Hyper-V\\{each.key}", name=each.key, memory_mib=memory, disks=(disk,))

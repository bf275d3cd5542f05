"""Whole plans of one large estate by today's code and by an earlier revision, in turn: CPU time as a ratio."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.bench.figure import Figure, listed, ratio
from tools.bench.site import Sites

EARLIER = "6224edb"
"""The revision whose planner is measured beside today's."""
RUNS = 2
ROOT = Path(__file__).parents[3]
_TODAY = """
import sys, time
from hyperv_placement.operations.plan import compare_recorded
from tools.bench.orders.estates import estate
from tools.bench.orders.whole import as_values
hosts, machines, drained = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "drained"
stack, inventory = as_values(estate(hosts, machines, seed=0), drained=drained)
begun = time.process_time()
_, plan = compare_recorded(stack, inventory)
print(time.process_time() - begun, len(plan.schedule.moves))
"""
_EARLIER = """
import sys, time
from pathlib import Path
from providers.actual import compare_recorded
from providers.model.estate import Disk, Host, Inventory, Volume
from providers.model.names import HostName
from providers.model.stack import Connection, HostSpec, Stack, VmSpec
from providers.planning.schedule.problem import MEMORY
from tests.estates import facts, guid, machine
from tools.bench.orders.estates import estate

def vm(number, each, host):
    memory = sum(held.amount for held in each.start.holdings if held.thing == MEMORY)
    size = sum(held.amount for held in each.start.holdings if held.thing != MEMORY)
    folder = f"D:\\\\Hyper-V\\\\{each.key}"
    disk = Disk(
        slot="scsi-0-0", instance_id=f"Microsoft:{guid(number)}\\\\0\\\\0\\\\L",
        path=f"{folder}\\\\Virtual Hard Disks\\\\os.vhdx", size_bytes=size,
    )
    return machine(number, host, folder, name=each.key, memory_mib=memory, disks=(disk,))

hosts, machines, drained = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "drained"
problem = estate(hosts, machines, seed=0)
names = [HostName(name) for name in problem.hosts]
there = {name: [] for name in names}
for number, each in enumerate(problem.machines):
    there[names[each.start.host]].append(number)
inventory = Inventory(unreachable={}, hosts={
    name: Host(
        name=name, vms=tuple(vm(number, problem.machines[number], name) for number in there[name]),
        facts=facts(
            name, memory_mib=1 << 20, memory_free_mib=problem.free[2 * at],
            volumes=(Volume(path="D:\\\\", capacity_bytes=1 << 50, free_bytes=problem.free[2 * at + 1]),),
        ),
    )
    for at, name in enumerate(names)
})
stack = Stack(
    path=Path("stacks/large.yaml"),
    hosts={
        name: HostSpec(name=name, endpoint=f"https://{name}.lab.example:5986/wsman", connection=Connection())
        for name in names
    },
    vms={
        each.key: VmSpec(label=each.key, name=each.key, hosts=tuple(names) if drained else (names[each.goal.host],))
        for each in problem.machines
    },
    maintenance=tuple(names[: int(len(names) * 0.04)]) if drained else (),
)
begun = time.process_time()
_, plan = compare_recorded(stack, inventory)
print(time.process_time() - begun, len(plan.schedule.moves))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An estate, and which part of the earlier CPU time today's plan may take."""

    hosts: int
    machines: int
    goal: float
    drained: bool = False

    @property
    def name(self) -> str:
        """What is planned, in words."""
        what = "draining 4 % of" if self.drained else "plan of"
        return f"{what} {self.hosts:,} hosts, {self.machines:,} machines, CPU"


CASES = (
    Case(hosts=1_000, machines=10_000, goal=0.6),
    Case(hosts=2_000, machines=50_000, goal=0.5),
    Case(hosts=300, machines=6_000, goal=0.25, drained=True),
)


def measure(_sites: Sites) -> list[Figure]:
    """Plan each estate by both, one after the other; the earlier tree is taken out of this repository's history."""
    packed = subprocess.run(["git", "archive", EARLIER], cwd=ROOT, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory(prefix="bench-earlier-") as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        return [_figure(case, Path(folder)) for case in CASES]


def _figure(case: Case, earlier: Path) -> Figure:
    today, before = [], []
    for _ in range(RUNS):
        before.append(_seconds(_EARLIER, case, earlier, earlier))
        today.append(_seconds(_TODAY, case, ROOT, ROOT / "providers"))
    return Figure(
        name=case.name, unit=f"x {EARLIER}", result=ratio(today, before), at_most=case.goal,
        notes=(f"{listed(today, 's')}; {EARLIER}: {listed(before, 's')}",),
    )  # fmt: skip


def _seconds(script: str, case: Case, root: Path, path: Path) -> float:
    words = (str(case.hosts), str(case.machines), "drained" if case.drained else "declared")
    ran = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=root, check=True, capture_output=True, text=True,
        env={"PYTHONPATH": f"{path}:{root}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return float(ran.stdout.split()[0])

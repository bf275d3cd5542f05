"""Files of a machine that stands aside, of which the stack file says nothing: the next plan takes them back where they were."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, ScheduledMove, Standing, Step
from hyperv_placement.model.stack import VmSpec
from hyperv_placement.model.way_back import WayBack
from hyperv_placement.planning.machine.declared import undeclared
from hyperv_placement.planning.machine.home import fingerprint
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.planning.machine.way_back import located, way_back, ways_back
from hyperv_placement.planning.plan import plan
from tests.estates import guid, host, inventory, machine, spec, stack

ASIDE, HOME = "E:\\Spare\\VM001", "D:\\Hyper-V\\VM001"
DISKS = "Virtual Hard Disks\\os.vhdx"


def noted(entry: VmSpec) -> WayBack:
    """Return what was noted before VM001 stepped aside."""
    return WayBack(
        aside=ASIDE, config=HOME, checkpoints=HOME, paging=HOME, disks={"scsi-0-0": f"{HOME}\\{DISKS}"},
        entry=fingerprint(entry),
    )  # fmt: skip


def step(declared: dict[str, VmSpec], vm: VirtualMachine, seen: Inventory | None = None) -> Step:
    """Return the step of VM001 after a run that broke off, by what was noted of the entry that pinned it to hv2."""
    way = noted(spec(1, "hv2")["VM001"])
    known = Kept(machines={"VM001": guid(1)}, ways_back={guid(1): way})
    hosts = seen or inventory(
        *(host(name, *([vm] if vm.host == name else [])) for name in ("hv1", "hv2", "hv3"))
    )
    [found] = plan(stack(declared), hosts, known).steps
    return found


def test_files_go_back_with_the_rest_of_the_way_and_after_it() -> None:
    """From where it stands aside to its host, or on its host where a run has brought it there with its files."""
    for place in ("hv3", "hv2"):
        found = step(spec(1, "hv2"), machine(1, place, folder=ASIDE))
        assert found.standing is Standing.MOVE
        assert found.move is not None
        assert (found.move.destination, found.move.roots.config) == ("hv2", HOME)
        assert [disk.target for disk in found.move.disks] == [f"{HOME}\\{DISKS}"]


def test_who_is_back_or_elsewhere_or_declared_otherwise_has_no_way_back() -> None:
    """A folder that somebody has chosen since is no leftover of ours."""
    assert step(spec(1, "hv2"), machine(1, "hv2")).standing is Standing.IN_PLACE
    assert step(spec(1, "hv2"), machine(1, "hv2", folder="F:\\Own")).standing is Standing.IN_PLACE
    assert step(spec(1, "hv2", storage=ASIDE), machine(1, "hv2", folder=ASIDE)).standing is Standing.IN_PLACE
    moved = step(spec(1, "hv1"), machine(1, "hv3", folder=ASIDE)).move
    assert moved is not None
    assert moved.roots.config == ASIDE


def test_the_plugin_takes_the_way_back_for_declared() -> None:
    """It is in no stack file, and noted by the run itself; any other folder is refused."""
    vm, entry = machine(1, "hv3", folder=ASIDE), spec(1, "hv2")
    whole = stack(entry)
    wanted = located(
        replace(whole, ways_back={"VM001": noted(entry["VM001"])}),
        entry["VM001"],
        vm,
        whole.hosts[HostName("hv2")],
    ).placement
    assert wanted.config == HOME
    assert list(undeclared(whole, "VM001", vm, wanted))
    known = Kept(ways_back={guid(1): noted(entry["VM001"])})
    allowed = replace(whole, ways_back=ways_back(whole, {"VM001": vm}, known))
    assert not list(undeclared(allowed, "VM001", vm, wanted))


def leg(vm: VirtualMachine, to: str, folder: str, *, aside: bool) -> ScheduledMove:
    """Return a leg that takes all files along."""
    placement = Placement(
        host=HostName(to),
        config=folder,
        checkpoints=folder,
        paging=folder,
        disks={"scsi-0-0": f"{folder}\\{DISKS}"},
    )
    move = order(vm, placement, host(vm.host, vm), host(to))
    assert move is not None
    return ScheduledMove(
        label="VM001", move=move, placement=placement, start=0.0, end=1.0, after=(), aside=aside
    )


def test_only_who_takes_files_aside_and_declares_none_needs_a_note() -> None:
    """One leg, or the same paths all the way, leave nothing to remember."""
    vm, [entry] = machine(1), spec(1, "hv2").values()
    aside, back = (
        leg(vm, "hv3", ASIDE, aside=True),
        leg(machine(1, "hv3", folder=ASIDE), "hv2", HOME, aside=False),
    )
    assert way_back(entry, [aside, back]) == noted(entry)
    assert way_back(entry, [back]) is None
    assert way_back(entry, []) is None
    assert way_back(entry, [leg(vm, "hv3", HOME, aside=True), back]) is None
    assert way_back(next(iter(spec(1, "hv2", storage=HOME).values())), [aside, back]) is None

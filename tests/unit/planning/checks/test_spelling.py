"""Windows does not care how a path is spelled, so no difference of spelling may move anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hyperv_placement.migration.verify import unmoved
from hyperv_placement.model.estate import Roots, VirtualMachine
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Standing
from hyperv_placement.model.stack import VmSpec
from hyperv_placement.operations.discovery.storage import storage_of
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, machine, spec, stack

LOCAL, SHARE = "D:\\Hyper-V\\VM001", "\\\\sofs.lab.example\\vms\\VM001"
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str.lower,
    str.upper,
    lambda path: path + "\\",
    lambda path: path.replace("\\", "/"),
)


def spelled(folder: str, guest_state: str) -> VirtualMachine:
    """Return a machine whose guest state lies with its configuration, in another spelling."""
    roots = Roots(config=folder, checkpoints=folder, paging=folder, guest_state=guest_state)
    return machine(1, folder=folder, roots=roots, disks=(disk(1, f"{folder}\\os.vhdx"),))


@pytest.mark.parametrize("respelled", SPELLINGS)
def test_guest_state_in_another_spelling_moves_nothing(respelled: Callable[[str], str]) -> None:
    """Seen with a folder in another case and with a trailing backslash: a storage move, for ever."""
    vm = spelled(LOCAL, respelled(LOCAL))
    (step,) = plan(stack(spec(1, "hv1")), inventory(host("hv1", vm), host("hv2"), host("hv3"))).steps
    assert (step.standing, step.move) == (Standing.IN_PLACE, None)


@pytest.mark.parametrize("respelled", SPELLINGS)
def test_a_machine_on_a_share_moves_as_it_is_however_its_guest_state_is_spelled(
    respelled: Callable[[str], str],
) -> None:
    """Every file is on storage that both see: only the machine goes, and no file is copied onto itself."""
    vm = spelled(SHARE, respelled(SHARE))
    (step,) = plan(stack(spec(1, "hv2")), inventory(host("hv1", vm), host("hv2"), host("hv3"))).steps
    assert step.standing == Standing.MOVE, step.findings
    assert step.move is not None
    assert step.move.moves == Moves.HOST
    assert step.move.roots.guest_state == vm.roots.guest_state  # what stays is not spelled anew


def test_guest_state_goes_along_where_the_configuration_goes() -> None:
    """It lies with it, whatever the spelling."""
    vm = spelled(LOCAL, LOCAL.lower())
    wanted = Placement(host=HostName("hv1"), config="E:\\New", checkpoints="E:\\New", paging="E:\\New")
    move = order(vm, wanted, host("hv1", vm), None)
    assert move is not None
    assert move.roots.guest_state == "E:\\New"


def test_a_machine_is_unmoved_however_its_host_spells_its_files_now() -> None:
    """Seen of Hyper-V by openstack/os-win: it flips the case of what it is asked for."""
    before = machine(1, frozen=(disk(1, "D:\\a\\os.vhdx"),))
    now = replace(
        before,
        roots=Roots(
            config="d:/hyper-v/vm001/", checkpoints="D:\\HYPER-V\\VM001", paging="d:\\Hyper-V\\vm001"
        ),
        disks=tuple(replace(each, path=each.path.upper()) for each in before.disks),
        frozen=(disk(1, "D:\\A\\os.vhdx"),),
    )
    move = Move(
        vm=before, moves=Moves.STORAGE, source=before.host, destination=before.host, roots=before.roots,
        disks=(),
    )  # fmt: skip
    assert unmoved(move, now, None)
    assert not unmoved(move, replace(now, disks=(disk(1, "E:\\os.vhdx"),)), None)
    assert not unmoved(move, replace(now, roots=replace(now.roots, paging="E:\\")), None)


def test_one_folder_in_three_spellings_is_declared_once() -> None:
    """As `discover` writes it."""
    vm = machine(
        1, roots=Roots(config="D:\\VMs\\a", checkpoints="d:\\vms\\A", paging="D:\\VMS\\a\\"),
        disks=(disk(1, "D:\\VMs\\a\\Virtual Hard Disks\\os.vhdx"),),
    )  # fmt: skip
    found = storage_of(vm, lambda folder: folder)
    assert (found.config, found.checkpoints, found.paging, found.all_disks) == ("D:\\VMs\\a",) * 4


def test_roots_are_equal_where_they_are_the_same_folders() -> None:
    """They count once then; other folders are others."""
    one, other = (
        Roots(config=path, checkpoints=path, paging=path, guest_state=None) for path in ("D:\\a", "d:/A/")
    )
    assert one == other
    assert len({one, other}) == 1
    assert one != replace(one, guest_state="D:\\a")


def test_a_missing_machine_has_the_names_beside_it_that_look_alike() -> None:
    """Seen: "A7 is missing" beside "not declared: A7", two lines that looked equal."""
    here = inventory(host("hv1", machine(7, name="A7 ")), host("hv2"))
    declared = {"A7": VmSpec(label="A7", name="A7", hosts=(HostName("hv2"),))}
    (step,) = plan(stack(declared, hosts=("hv1", "hv2")), here).steps
    assert (
        "A7 is missing: no machine named 'A7' on any of 2 hosts; 'A7 ' (blank at its end) is on hv1"
        in str(step.findings[0])
    )

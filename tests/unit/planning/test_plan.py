"""The plan: how each machine stands, and what is ordered for it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hyperv_placement.model.estate import Disk, DiskKind, Host, MigrationJob, Roots, VirtualMachine, VmState
from hyperv_placement.model.finding import Severity
from hyperv_placement.model.guard import Guard
from hyperv_placement.model.move import Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Rule, StorageSpec, VmSpec
from hyperv_placement.planning.plan import plan
from tests.estates import disk, guid, host, inventory, job, machine, spec, stack


def only(declared: dict[str, VmSpec], *hosts: Host, **more: Any) -> Step:
    """Return the plan's single step."""
    (step,) = plan(stack(declared, **more), inventory(*hosts)).steps
    return step


def reasons(step: Step) -> str:
    """Return what the findings say."""
    return "\n".join(map(str, step.findings))


def test_a_machine_on_its_host_is_in_place() -> None:
    """Nothing is ordered for a machine that is where it shall be."""
    step = only(spec(1, "hv1"), host("hv1", machine(1)))
    assert (step.standing, step.move) == (Standing.IN_PLACE, None)


def test_another_host_means_a_move_with_unchanged_paths() -> None:
    """Local files prove nothing about the other host: they go along, under their paths."""
    step = only(spec(1, "hv2"), host("hv1", machine(1)), host("hv2"))
    assert step.standing == Standing.MOVE
    assert step.move is not None
    assert step.move.moves == Moves.HOST_AND_STORAGE
    assert step.move.destination == "hv2"
    assert step.move.roots == machine(1).roots
    assert [d.target for d in step.move.disks] == [d.source for d in step.move.disks]


def test_host_alone_needs_every_file_on_shared_storage() -> None:
    """The host moves alone only where both hosts see the very same files."""
    vm = machine(1, folder="\\\\sofs\\vms\\VM001")
    step = only(spec(1, "hv2"), host("hv1", vm), host("hv2"))
    assert step.move is not None
    assert step.move.moves == Moves.HOST
    assert step.move.disks == ()


def test_a_cluster_volume_is_shared_only_within_one_cluster() -> None:
    """The same path on nodes of two clusters is two files."""
    vm = machine(1, folder="C:\\ClusterStorage\\Volume1\\VM001")
    one = only(spec(1, "hv2"), host("hv1", vm, cluster="c1"), host("hv2", cluster="c1"))
    two = only(spec(1, "hv2"), host("hv1", vm, cluster="c1"), host("hv2", cluster="c2"))
    assert one.move is not None
    assert two.move is not None
    assert one.move.moves == Moves.HOST
    assert two.move.moves == Moves.HOST_AND_STORAGE


def test_a_shared_file_is_never_copied_onto_itself() -> None:
    """A move with storage that leaves a file on the share under its path is refused."""
    vm = machine(1, disks=(disk(1, "D:\\a.vhdx"), disk(1, "\\\\sofs\\vms\\b.vhdx", slot="scsi-0-1")))
    step = only(spec(1, "hv2"), host("hv1", vm), host("hv2"))
    assert step.standing == Standing.REFUSED
    assert "\\\\sofs\\vms\\b.vhdx" in reasons(step)


def test_only_storage_is_a_storage_move_of_what_differs() -> None:
    """Disks already in the folder stay out of a storage migration's list."""
    vm = machine(1, disks=(disk(1, "E:\\New\\os.vhdx"), disk(1, "D:\\data.vhdx", slot="scsi-0-1")))
    step = only(spec(1, "hv1", storage="E:\\New"), host("hv1", vm))
    assert step.move is not None
    assert step.move.moves == Moves.STORAGE
    assert [(d.slot, d.target) for d in step.move.disks] == [
        ("scsi-0-1", "E:\\New\\Virtual Hard Disks\\data.vhdx")
    ]
    assert step.move.roots == Roots(config="E:\\New", checkpoints="E:\\New", paging="E:\\New")


def test_a_flat_layout_puts_files_right_into_the_folder() -> None:
    """`layout: flat` is the field report's own way."""
    flat = StorageSpec(all_disks="E:\\New", layout="flat")
    step = only(spec(1, "hv1", storage=flat), host("hv1", machine(1)))
    assert step.move is not None
    assert step.move.disks[0].target == "E:\\New\\os.vhdx"
    assert step.move.roots == machine(1).roots


def test_a_file_anywhere_inside_its_folder_is_in_place() -> None:
    """Windows paths compare without case, and a longer name is another folder."""
    inside = only(spec(1, "hv1", storage="d:/HYPER-V/vm001"), host("hv1", machine(1)))
    outside = only(spec(1, "hv1", storage="D:\\Hyper-V\\VM00"), host("hv1", machine(1)))
    assert inside.standing == Standing.IN_PLACE
    assert outside.standing == Standing.MOVE


def test_a_named_root_is_that_of_the_host_it_goes_to() -> None:
    r"""`storage: fast` means `<root>\<label>`."""
    step = only(spec(1, "hv2", storage="fast"), host("hv1", machine(1)), host("hv2"))
    assert step.placement.config == "E:\\Fast\\VM001"


@pytest.mark.parametrize("key", ["os.vhdx", "OS.VHDX", "SCSI 0:0", "scsi-0-0"])
def test_a_disk_is_named_by_file_or_slot(key: str) -> None:
    """One disk of several moves, the others keep their paths."""
    vm = machine(1, disks=(disk(1, "D:\\os.vhdx"), disk(1, "D:\\data.vhdx", slot="scsi-0-1")))
    step = only(spec(1, "hv1", storage=StorageSpec(disks={key: "E:\\x\\os.vhdx"})), host("hv1", vm))
    assert step.move is not None
    assert [(d.source, d.target) for d in step.move.disks] == [("D:\\os.vhdx", "E:\\x\\os.vhdx")]


def test_an_unknown_disk_is_refused_with_those_there_are() -> None:
    """A misspelt disk must not pass as in place."""
    step = only(spec(1, "hv1", storage=StorageSpec(disks={"dta.vhdx": "E:\\x"})), host("hv1", machine(1)))
    assert step.standing == Standing.REFUSED
    assert "os.vhdx (scsi-0-0)" in reasons(step)


def test_two_disks_never_become_one_file() -> None:
    """Equal names that would meet in one folder are an error."""
    vm = machine(1, disks=(disk(1, "D:\\a\\os.vhdx"), disk(1, "D:\\b\\os.vhdx", slot="scsi-0-1")))
    step = only(spec(1, "hv1", storage="E:\\New"), host("hv1", vm))
    assert step.standing == Standing.REFUSED
    assert "would both become" in reasons(step)


def test_two_machines_never_get_one_file() -> None:
    """Neither of the two may start, and a third one goes on."""
    one, two = machine(1, folder="D:\\x"), machine(2, "hv2", folder="D:\\x")
    declared = {**spec(1, "hv3"), **spec(2, "hv3"), **spec(3, "hv3")}
    result = plan(stack(declared), inventory(host("hv1", one, machine(3)), host("hv2", two), host("hv3")))
    assert [step.standing for step in result.steps] == [Standing.REFUSED, Standing.REFUSED, Standing.MOVE]
    assert "would both get the file D:\\x" in reasons(result.steps[0])
    assert result.refusals == ()


PROTECTED: list[tuple[str, VirtualMachine]] = [
    ("failover cluster", machine(1, clustered=True)),
    ("may be clustered", machine(1, clustered=None)),
    ("replicated", machine(1, replication_mode=1)),
    ("checkpoints of a backup", machine(1, checkpoints=1, special_checkpoints=1)),
    ("without a checkpoint", machine(1, checkpoints=1, disks=(disk(1, "D:\\os_1.avhdx"),))),
    (
        "is a disk of more than one checkpoint",
        machine(1, checkpoints=2, frozen=(disk(2, "D:\\a.vhdx"), disk(3, "d:/A.vhdx"))),
    ),
    ("differencing", machine(1, disks=(disk(1, "D:\\os.vhdx", parent_path="D:\\base.vhdx"),))),
    ("shared", machine(1, disks=(disk(1, "D:\\os.vhdx", shared=True),))),
    ("pass-through", machine(1, disks=(disk(1, "\\\\.\\PD1", kind=DiskKind.PASS_THROUGH),))),
    ("virtual TPM", machine(1, vtpm=True)),
    ("virtual TPM", machine(1, vtpm=None)),
    ("between two states", machine(1, state=VmState.OTHER, enabled_state=10)),
    ("backed up", machine(1, operational_status=(2, 32776))),
    ("does not reach the storage", machine(1, operational_status=(3,))),
    ("major failure", machine(1, health_state=20)),
    ("reports no folder", machine(1, roots=Roots(config="", checkpoints="", paging=""))),
    ("switch 'dmz'", machine(1, switches=("dmz",))),
]


@pytest.mark.parametrize(("reason", "vm"), PROTECTED, ids=[reason for reason, _ in PROTECTED])
def test_what_rules_protect_is_refused_with_the_reason(reason: str, vm: VirtualMachine) -> None:
    """Each protected machine stays, and one line says why."""
    step = only(spec(1, "hv2"), host("hv1", vm), host("hv2"))
    assert step.standing == Standing.REFUSED
    assert reason in reasons(step)


@pytest.mark.parametrize(
    "vm", [machine(1, checkpoints=2), machine(1, replication_mode=1), machine(1, vtpm=True)]
)
def test_a_protected_machine_in_place_is_no_error(vm: VirtualMachine) -> None:
    """Rules forbid moves, not machines."""
    assert only(spec(1, "hv1"), host("hv1", vm)).standing == Standing.IN_PLACE


def test_a_storage_move_does_not_ask_for_vtpm_consent() -> None:
    """The key protector stays on its host."""
    step = only(spec(1, "hv1", storage="E:\\New"), host("hv1", machine(1, vtpm=True)))
    assert step.standing == Standing.MOVE


def test_consent_lets_a_vtpm_machine_go() -> None:
    """`allow_vtpm` on the destination is the operator's word."""
    step = only(spec(1, "hv2"), host("hv1", machine(1, vtpm=True)), host("hv2"), allow_vtpm=True)
    assert step.standing == Standing.MOVE


@pytest.mark.parametrize(
    ("reason", "settings"), [("disabled", {"enabled": False}), ("no address", {"addresses": ()})]
)
def test_a_destination_that_cannot_receive_is_refused(reason: str, settings: dict[str, object]) -> None:
    """The remedy names the host and the command."""
    step = only(spec(1, "hv2"), host("hv1", machine(1)), host("hv2", migration=settings))
    assert step.standing == Standing.REFUSED
    assert reason in reasons(step)


def test_a_paused_machine_only_warns() -> None:
    """Nobody has seen one move; that is no reason to forbid it."""
    step = only(spec(1, "hv2"), host("hv1", machine(1, state=VmState.PAUSED)), host("hv2"))
    assert step.standing == Standing.MOVE
    assert step.findings[0].severity == Severity.WARNING


def test_an_iso_stays_out_of_the_order() -> None:
    """Only virtual hard disks are moved."""
    iso = Disk(slot="ide-1-0", instance_id="x", path="D:\\x.iso", kind=DiskKind.ISO)
    vm = machine(1, disks=(*machine(1).disks, iso))
    step = only(spec(1, "hv2"), host("hv1", vm), host("hv2"))
    assert step.move is not None
    assert [d.slot for d in step.move.disks] == ["scsi-0-0"]


def test_not_seen_while_a_host_is_silent_is_unknown() -> None:
    """Unknown is never gone, and nothing is ordered for it."""
    (step,) = plan(stack(spec(1, "hv1")), inventory(host("hv1"), silent=("hv2", "hv3"))).steps
    assert (step.standing, step.move) == (Standing.UNKNOWN, None)
    assert "hv2, hv3" in reasons(step)


def test_not_seen_anywhere_is_missing() -> None:
    """With every host answering, a name that nobody has is an error of the stack file."""
    assert only(spec(1, "hv1"), host("hv1"), host("hv2"), host("hv3")).standing == Standing.MISSING


def test_not_seen_while_its_migration_runs_is_unknown() -> None:
    """A sweep is not atomic: the machine may be between two readings."""
    step = only(spec(1, "hv1", id=guid(1)), host("hv1", jobs=(job(1, "hv2.lab.example"),)), host("hv2"))
    assert step.standing == Standing.UNKNOWN


def test_one_guid_on_two_hosts_is_shown_not_chosen() -> None:
    """Neither copy is touched."""
    shown: dict[str, Any] = {"realized": (guid(1),)}
    step = only(
        spec(1, "hv3", id=guid(1)), host("hv1", machine(1), **shown), host("hv2", machine(1, "hv2"), **shown)
    )
    assert (step.standing, step.move) == (Standing.AMBIGUOUS, None)


def test_a_second_machine_of_that_guid_is_noticed_under_any_name() -> None:
    """A copy that somebody renamed is still a copy."""
    shown: dict[str, Any] = {"realized": (guid(1),)}
    copy = machine(1, "hv2", name="COPY")
    step = only(spec(1, "hv3"), host("hv1", machine(1), **shown), host("hv2", copy, **shown))
    assert (step.standing, step.move) == (Standing.AMBIGUOUS, None)


def test_two_machines_of_one_name_need_an_id() -> None:
    """The remedy says what to write."""
    twin = machine(2, name="VM001")
    step = only(spec(1, "hv2"), host("hv1", machine(1), twin), host("hv2"))
    assert step.standing == Standing.AMBIGUOUS
    assert "id:" in reasons(step)
    assert only(spec(1, "hv2", id=guid(2)), host("hv1", machine(1), twin), host("hv2")).vm == twin


def test_a_replica_is_never_the_machine() -> None:
    """A replica carries its primary's GUID."""
    replica = machine(1, "hv2", replication_mode=2)
    step = only(spec(1, "hv1"), host("hv1", machine(1)), host("hv2", replica))
    assert (step.standing, step.vm) == (Standing.IN_PLACE, machine(1))


def test_any_of_several_hosts_is_in_place() -> None:
    """A machine already on one of its hosts stays."""
    step = only(spec(1, "hv2", "hv1"), host("hv1", machine(1)), host("hv2"))
    assert step.standing == Standing.IN_PLACE


def test_among_several_hosts_the_emptiest_is_chosen() -> None:
    """Memory that earlier moves of the plan bring is counted."""
    big = machine(1, memory_mib=8192)
    declared = {**spec(1, "hv2", "hv3"), **spec(2, "hv2", "hv3")}
    hosts = (
        host("hv1", big, machine(2)),
        host("hv2", memory_free_mib=20000),
        host("hv3", memory_free_mib=16000),
    )
    ends = [move.destination for move in plan(stack(declared), inventory(*hosts)).moves]
    assert ends == ["hv2", "hv3"]


def test_a_rule_keeps_machines_apart_in_the_choice() -> None:
    """The emptier host is passed over where its rule forbids it."""
    declared = {**spec(1, "hv2"), **spec(2, "hv2", "hv3")}
    hosts = (host("hv1", machine(2)), host("hv2", machine(1, "hv2")), host("hv3", memory_free_mib=4096))
    rules = (Rule(kind="apart", labels=("VM001", "VM002"), line=9),)
    (move,) = plan(stack(declared, rules=rules), inventory(*hosts)).moves
    assert move.destination == "hv3"


def test_no_host_means_only_storage_is_managed() -> None:
    """A machine without host: may be anywhere; its folder holds there."""
    step = only(spec(1, storage="E:\\New"), host("hv1"), host("hv2", machine(1, "hv2")))
    assert step.move is not None
    assert (step.move.moves, step.move.source) == (Moves.STORAGE, "hv2")


def test_a_running_job_with_our_target_is_adopted() -> None:
    """The plan keeps the move; who applies it follows that job."""
    moving = host("hv1", machine(1), jobs=(job(1, "HV2.lab.example"),))
    step = only(spec(1, "hv2"), moving, host("hv2", planned=(guid(1),)))
    assert step.standing == Standing.MOVE
    assert "on its way there already" in reasons(step)


def test_a_job_elsewhere_is_left_alone() -> None:
    """One line says who moves it and whereto."""
    moving = host("hv1", machine(1), jobs=(job(1, "hv3.lab.example"),))
    step = only(spec(1, "hv2"), moving, host("hv2"), host("hv3"))
    assert (step.standing, step.move) == (Standing.MOVED_BY_OTHERS, None)
    assert "LAB\\operator" in reasons(step)
    assert "hv3.lab.example" in reasons(step)


def test_a_silent_destination_refuses_only_that_machine() -> None:
    """The others go on."""
    declared = {**spec(1, "hv3"), **spec(2, "hv2", id=guid(2))}
    hosts = (host("hv1", machine(1), machine(2)), host("hv2"))
    first, second = plan(stack(declared), inventory(*hosts, silent=("hv3",))).steps
    assert (first.standing, second.standing) == (Standing.REFUSED, Standing.MOVE)


def test_a_protected_label_is_never_moved() -> None:
    """The guard's list beats the placement."""
    guard = Guard(protected=("VM001",))
    step = only(spec(1, "hv2"), host("hv1", machine(1)), host("hv2"), guard=guard)
    assert step.standing == Standing.REFUSED


def test_a_renamed_machine_is_a_warning() -> None:
    """The GUID is the key; a name is a label."""
    declared = spec(1, "hv1", id=guid(1), name="OLD-NAME")
    step = only(declared, host("hv1", machine(1)))
    assert step.standing == Standing.IN_PLACE
    assert "OLD-NAME" in reasons(step)


def test_a_machine_whose_job_is_about_to_end_is_in_place() -> None:
    """It shows at its destination before its job has ended: nobody else moves it."""
    arrived = host("hv2", machine(1, "hv2"))
    step = only(spec(1, "hv2"), host("hv1", jobs=(job(1, "hv2.lab.example"),)), arrived)
    assert step.standing == Standing.IN_PLACE


def test_a_job_with_other_folders_is_not_ours() -> None:
    """The same host is not the same order."""
    theirs = dataclasses.replace(job(1, "hv2.lab.example"), new_roots=("E:\\Elsewhere",))
    step = only(spec(1, "hv2"), host("hv1", machine(1), jobs=(theirs,)), host("hv2"))
    assert step.standing == Standing.MOVED_BY_OTHERS


@pytest.mark.parametrize("mode", [2, 3, 4])
def test_no_kind_of_replica_is_the_machine(mode: int) -> None:
    """Replica, test replica, extended replica."""
    copies = host("hv2", machine(1, "hv2", replication_mode=mode))
    assert only(spec(1, "hv1"), host("hv1", machine(1)), copies).vm == machine(1)


def test_two_entries_for_one_machine_are_refused_and_others_go_on() -> None:
    """They would move it to and fro; a host that gives its machine another's name stops nobody else by that."""
    declared = {
        **spec(1, "hv2"), **spec(2, "hv3"),
        "db": VmSpec(label="db", name="db", id=guid(1), hosts=(HostName("hv3"),)),
    }  # fmt: skip
    seen = inventory(host("hv1", machine(1)), host("hv2", machine(2, "hv2")), host("hv3"))
    result = plan(stack(declared), seen)
    assert result.refusals == ()
    assert [step.standing for step in result.steps] == [Standing.REFUSED, Standing.MOVE, Standing.REFUSED]
    for step in (result.steps[0], result.steps[2]):
        assert "VM001 and db are one machine" in str(step.findings[-1])


def test_a_copy_of_files_that_has_switched_is_not_taken_for_somebody_elses() -> None:
    """Before its job ends the machine shows the new places already, of all files or of some; a job that reports others leads away."""
    wanted = spec(1, "hv1", storage="E:\\New")
    there = "E:\\New\\Virtual Hard Disks\\os.vhdx"
    arrived = machine(1, folder="E:\\New")
    finishing = dataclasses.replace(
        job(1, None, there), new_roots=("E:\\New", "E:\\New", "E:\\New"), percent=98
    )

    def standing(vm: VirtualMachine, running: MigrationJob) -> Standing:
        [step] = plan(stack(wanted), inventory(host("hv1", vm, jobs=(running,)))).steps
        return step.standing

    assert standing(arrived, finishing) is Standing.IN_PLACE
    assert (
        standing(arrived, dataclasses.replace(finishing, new_paths=("F:\\os.vhdx",)))
        is Standing.MOVED_BY_OTHERS
    )
    assert (
        standing(arrived, dataclasses.replace(finishing, new_paths=(), new_roots=()))
        is Standing.MOVED_BY_OTHERS
    )
    half = dataclasses.replace(arrived, roots=machine(1).roots)
    assert standing(half, finishing) is Standing.MOVE
    assert (
        standing(half, dataclasses.replace(finishing, new_paths=("F:\\os.vhdx",))) is Standing.MOVED_BY_OTHERS
    )

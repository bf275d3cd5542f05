"""Accepting drift: the stack file says where machines are, and nothing else of it changes."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperv_placement.model.estate import Inventory, Roots, VirtualMachine
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.operations.accept import Accepted, AcceptError, accept
from hyperv_placement.operations.drift import Found
from hyperv_placement.planning.drift import Readings, drift_of
from hyperv_placement.planning.plan import plan
from hyperv_placement.stackfile import load
from tests.estates import disk, guid, host, inventory, job, machine

HOSTS = """\
# the file's own words
hosts:
  hv1: {address: hv1, storage: {fast: 'D:\\Hyper-V', bulk: 'E:\\Bulk'}}
  hv2: {address: hv2, storage: {fast: 'D:\\Hyper-V'}}
  hv3: {address: hv3}
vms:
"""
NOW = datetime(2026, 12, 1, tzinfo=UTC)


class File:
    """A stack file, and what its hosts were seen to have."""

    def __init__(self, path: Path, vms: str, more: str = "", known: Kept = NOTHING_KEPT) -> None:
        """Write it; `known`: by what machines are told."""
        self.known = known
        self.path = path / "lab.yaml"
        self.text = f"{HOSTS}{vms}{more}"
        self.path.write_text(self.text, encoding="utf-8")

    def accept(self, seen: Inventory, *labels: str) -> Accepted:
        """Accept, and hold what was written against the same hosts."""
        stack = load(self.path)
        found = self._found(seen)
        done = accept(stack, found, labels)
        left = {drift.subject for drift in self._found(seen).report.drifts}
        assert not left & set(done.labels)
        return done

    def _found(self, seen: Inventory) -> Found:
        stack = load(self.path)
        made = plan(stack, seen, self.known)
        return Found(report=drift_of(stack, seen, made, Readings(now=NOW)), inventory=seen, plan=made)

    def changed(self) -> list[str]:
        """Return the lines that went and came."""
        new = self.path.read_text(encoding="utf-8")
        return [line for line in difflib.ndiff(self.text.splitlines(), new.splitlines()) if line[0] in "+-"]


def seen(*vms: VirtualMachine, silent: tuple[str, ...] = ()) -> Inventory:
    """Return a sweep of three hosts."""
    there = (
        host(name, *(vm for vm in vms if vm.host == name))
        for name in ("hv1", "hv2", "hv3")
        if name not in silent
    )
    return inventory(*there, silent=silent)


def test_another_host_is_one_line_that_keeps_its_comment(tmp_path: Path) -> None:
    """The machine's own line, and no other."""
    file = File(tmp_path, "  VM001:   { host: hv1 }   # pinned for its licence\n  VM002: {host: hv1}\n")
    done = file.accept(seen(machine(1, "hv2"), machine(2)), "VM001")
    assert file.changed() == [
        "-   VM001:   { host: hv1 }   # pinned for its licence",
        "+   VM001:   { host: hv2 }   # pinned for its licence",
    ]
    assert done.labels == ("VM001",)
    assert [line for line in done.diff.splitlines() if line.startswith(("+ ", "- "))] == [
        "-  VM001:   { host: hv1 }   # pinned for its licence",
        "+  VM001:   { host: hv2 }   # pinned for its licence",
    ]


def test_without_names_all_that_are_elsewhere_are_accepted(tmp_path: Path) -> None:
    """A missing machine is left alone, and why is said."""
    file = File(tmp_path, "  VM001: {host: hv1}\n  VM002: {host: [hv1, hv2]}\n  VM003: {host: hv1}\n")
    done = file.accept(seen(machine(1, "hv2"), machine(2, "hv3")))
    assert [line for line in file.changed() if line[0] == "+"] == [
        "+   VM001: {host: hv2}",
        "+   VM002: {host: [hv1, hv2, hv3]}",
    ]
    assert done.labels == ("VM001", "VM002")
    assert len(done.left) == 1
    assert "VM003" in done.left[0]


def test_one_folder_for_everything_stays_one(tmp_path: Path) -> None:
    """By the named root that means it where one was named, else by its path."""
    file = File(tmp_path, "  VM001: {host: hv1, storage: fast}\n  VM002: {host: hv1, storage: 'D:\\Old'}\n")
    file.accept(seen(machine(1, folder="E:\\Bulk\\VM001"), machine(2, folder="E:\\New")))
    assert [line for line in file.changed() if line[0] == "+"] == [
        "+   VM001: {host: hv1, storage: bulk}",
        "+   VM002: {host: hv1, storage: 'E:\\New'}",
    ]


def test_a_disk_elsewhere_is_named_and_the_rest_stays(tmp_path: Path) -> None:
    """The folder counts for all others yet."""
    vm = machine(
        1, disks=(disk(1, "D:\\Hyper-V\\VM001\\os.vhdx"), disk(1, "E:\\big\\data.vhdx", slot="scsi-0-1"))
    )
    file = File(tmp_path, "  VM001:\n    host: hv1\n    storage: fast # the usual\n")
    file.accept(seen(vm))
    assert file.changed() == [
        "-     storage: fast # the usual",
        "+     storage: {folder: fast, disks: {data.vhdx: 'E:\\big\\data.vhdx'}} # the usual",
    ]


def test_parts_are_written_part_by_part(tmp_path: Path) -> None:
    """A disk by the key it has, a part that had no word of its own on a line of its own."""
    vm = machine(
        1,
        roots=Roots(config="D:\\c", checkpoints="E:\\s", paging="D:\\p"),
        disks=(
            disk(1, "E:\\a\\os.vhdx"), disk(1, "E:\\b\\data.vhdx", slot="scsi-0-1"),
            disk(1, "E:\\c\\log.vhdx", slot="scsi-0-2"),
        ),
    )  # fmt: skip
    file = File(
        tmp_path,
        "  VM001:\n    storage:\n      folder: 'D:\\c'   # most\n      paging: 'D:\\p'\n      disks:\n"
        "        os.vhdx: 'D:\\a'   # first\n        'SCSI 0:1': {path: 'D:\\b', overwrite: true}\n    host: hv1\n",
    )
    file.accept(seen(vm))
    assert sorted(file.changed()) == [
        "+         'SCSI 0:1': {path: 'E:\\b\\data.vhdx', overwrite: true}",
        "+         log.vhdx: 'E:\\c\\log.vhdx'",
        "+         os.vhdx: 'E:\\a\\os.vhdx'   # first",
        "+       checkpoints: 'E:\\s'",
        "-         'SCSI 0:1': {path: 'D:\\b', overwrite: true}",
        "-         os.vhdx: 'D:\\a'   # first",
    ]


def test_disks_that_had_one_place_get_one_each_where_they_need_it(tmp_path: Path) -> None:
    """And one place again where they share it."""
    two = (disk(1, "D:\\d\\os.vhdx"), disk(1, "E:\\b\\data.vhdx", slot="scsi-0-1"))
    file = File(tmp_path, "  VM001: {host: hv1, storage: {disks: 'D:\\d'}}\n")
    file.accept(seen(machine(1, disks=two)))
    assert file.changed()[1:] == [
        "+   VM001: {host: hv1, storage: {disks: {os.vhdx: 'D:\\d', data.vhdx: 'E:\\b\\data.vhdx'}}}"
    ]
    together = (
        disk(1, "E:\\n\\Virtual Hard Disks\\os.vhdx"),
        disk(1, "E:\\n\\Virtual Hard Disks\\b.vhdx", slot="scsi-0-1"),
    )
    file = File(tmp_path, "  VM001: {host: hv1, storage: {disks: 'D:\\d'}}\n")
    file.accept(seen(machine(1, disks=together)))
    assert file.changed()[1:] == ["+   VM001: {host: hv1, storage: {disks: 'E:\\n'}}"]


def test_a_root_that_the_new_host_does_not_have_becomes_a_path(tmp_path: Path) -> None:
    """Else the file would not load."""
    file = File(
        tmp_path, "  VM001: {host: hv1, storage: fast}\n  VM002: {host: hv1, storage: {folder: fast}}\n"
    )
    file.accept(seen(machine(1, "hv3"), machine(2, "hv3")))
    assert [line for line in file.changed() if line[0] == "+"] == [
        "+   VM001: {host: hv3, storage: 'D:\\Hyper-V\\VM001'}",
        "+   VM002: {host: hv3, storage: {folder: 'D:\\Hyper-V\\VM002'}}",
    ]


def test_disks_of_checkpoints_are_declared_by_their_folder(tmp_path: Path) -> None:
    """The file of the day has a name of the day."""
    vm = machine(
        1, disks=(disk(1, "E:\\n\\os_1A.avhdx"),), frozen=(disk(1, "E:\\n\\os.vhdx"),), checkpoints=1,
        roots=machine(1).roots,
    )  # fmt: skip
    file = File(tmp_path, "  VM001: {host: hv1, storage: fast}\n")
    file.accept(seen(vm))
    assert file.changed()[1:] == [
        "+   VM001: {host: hv1, storage: {folder: fast, disks: {os.vhdx: 'E:\\n'}}}"
    ]


@pytest.mark.parametrize(
    ("vms", "there", "label", "why"),
    [
        ("  VM001: {host: hv1}\n", seen(silent=("hv2",)), "VM001", "VM001 is unknown, not gone"),
        ("  VM001: {host: hv1}\n", seen(machine(1, "hv2"), silent=("hv1",)), "VM001", "VM001 is unknown"),
        ("  VM001: {host: hv1}\n", seen(), "VM001", "VM001 cannot be accepted"),
        ("  VM001: {host: hv1}\n", seen(machine(1)), "VM001", "nothing to accept"),
        ("  VM001: {host: hv1}\n", seen(machine(1)), "VM009", "VM009 is not declared"),
        (
            "  VM001: {host: hv1}\nmaintenance: [hv2]\n",
            seen(machine(1, "hv2")),
            "VM001",
            "does not load|not be as declared|is where",
        ),
    ],
)
def test_what_cannot_be_accepted_leaves_the_file(
    tmp_path: Path, vms: str, there: Inventory, label: str, why: str
) -> None:
    """The error says why, and not a byte has changed."""
    file = File(tmp_path, vms)
    with pytest.raises(AcceptError, match=why):
        file.accept(there, label)
    assert file.path.read_text(encoding="utf-8") == file.text
    assert [each.name for each in tmp_path.iterdir()] == ["lab.yaml"]


def test_a_machine_under_way_is_not_accepted(tmp_path: Path) -> None:
    """Where it will be is not where it is."""
    file = File(tmp_path, "  VM001: {host: hv2}\n")
    moving = inventory(host("hv1", machine(1), jobs=(job(1, "hv3"),)), host("hv2"), host("hv3"))
    with pytest.raises(AcceptError, match="on its way"):
        file.accept(moving, "VM001")


def test_a_machine_that_a_rule_makes_go_is_where_its_entry_allows(tmp_path: Path) -> None:
    """To write where it is would change nothing."""
    file = File(
        tmp_path,
        "  VM001: {host: hv1}\n  VM002: {host: [hv1, hv2]}\n",
        "rules:\n  - {apart: [VM001, VM002]}\n",
    )
    with pytest.raises(AcceptError, match="where its entry allows"):
        file.accept(seen(machine(1), machine(2)), "VM002")


def test_a_file_that_was_changed_meanwhile_stays(tmp_path: Path) -> None:
    """What was compared is not what would be edited."""
    file = File(tmp_path, "  VM001: {host: hv1}\n")
    stack, there = load(file.path), seen(machine(1, "hv2"))
    found = file._found(there)
    file.path.write_text(file.text.replace("hv1}", "hv3}"), encoding="utf-8")
    with pytest.raises(AcceptError, match="changed while hosts were read"):
        accept(stack, found, ())


def test_the_file_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    """The file that the link names is replaced."""
    file = File(tmp_path, "  VM001: {host: hv1}\n")
    file.path.chmod(0o640)
    real = file.path.rename(tmp_path / "real.yaml")
    file.path.symlink_to(real)
    file.accept(seen(machine(1, "hv2")))
    assert file.path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "VM001: {host: hv2}" in real.read_text(encoding="utf-8")


def test_a_snoozed_machine_is_accepted_by_name_alone(tmp_path: Path) -> None:
    """Somebody has said that it may be elsewhere for a while."""
    file = File(tmp_path, "  VM001: {host: hv1, snooze: {until: 2026-12-24, reason: new disks}}\n")
    there = seen(machine(1, "hv2"))
    assert file.accept(there).labels == ()
    assert file.accept(there, "VM001").labels == ("VM001",)
    assert file.changed()[1:] == ["+   VM001: {host: hv2, snooze: {until: 2026-12-24, reason: new disks}}"]


def test_a_snooze_does_not_tell_which_of_two_namesakes_is_meant(tmp_path: Path) -> None:
    """While a host is silent that may have the other one, nothing is accepted by a name alone."""
    file = File(tmp_path, "  VM001: {host: hv1, snooze: {until: 2026-12-24, reason: new disks}}\n")
    there = inventory(host("hv1"), host("hv2", machine(1, "hv2")), silent=("hv3",))
    with pytest.raises(AcceptError, match="another machine of that name may be the one that is meant"):
        file.accept(there, "VM001")


def test_replace_is_not_asked_of_a_machine_without_files_elsewhere(tmp_path: Path) -> None:
    """Storage that is in place keeps its words when the host changes."""
    file = File(tmp_path, "  VM001: {host: hv1, storage: {folder: fast, layout: flat}}\n")
    file.accept(seen(replace(machine(1, "hv2"))))
    assert file.changed()[1:] == ["+   VM001: {host: hv2, storage: {folder: fast, layout: flat}}"]


def test_what_would_move_another_machine_is_not_written(tmp_path: Path) -> None:
    """A machine that was in place would be next: who, whereto and why are said, and the file stays."""
    file = File(
        tmp_path,
        "  VM001: {host: hv1}\n  VM002: {host: [hv1, hv2]}\n",
        "rules:\n  - {apart: [VM001, VM002]}\n",
    )
    with pytest.raises(AcceptError, match=r"VM002 would then go from hv2 to hv1 \(.*apart.*\)"):
        file.accept(seen(machine(1, "hv2"), machine(2, "hv2")), "VM001")
    assert file.path.read_text(encoding="utf-8") == file.text


def test_what_would_send_a_drifted_machine_elsewhere_is_not_written(tmp_path: Path) -> None:
    """It was due to go to one host, and would go to another one that nobody has seen in a preview."""
    file = File(
        tmp_path,
        "  VM001: {host: hv1}\n  VM002: {host: [hv2, hv1]}\n",
        "rules:\n  - {apart: [VM001, VM002]}\n",
    )
    there = seen(machine(1, "hv2"), machine(2, "hv3"))
    with pytest.raises(AcceptError, match="VM002 would then go from hv3 to hv1"):
        file.accept(there, "VM001")
    assert file.accept(there, "VM001", "VM002").labels == ("VM001", "VM002")


def test_others_that_were_due_anyhow_do_not_stand_in_the_way(tmp_path: Path) -> None:
    """Their moves are as they were, and one that is not needed any more is none to be told of."""
    file = File(
        tmp_path,
        "  VM001: {host: hv1}\n  VM002: {host: [hv1, hv2]}\n  VM003: {host: hv1}\n",
        "rules:\n  - {apart: [VM001, VM002]}\n",
    )
    there = seen(machine(1, "hv2"), machine(2, "hv1"), machine(3, "hv3"))
    assert file.accept(there, "VM001").labels == ("VM001",)


def test_what_would_leave_no_room_for_others_is_not_written(tmp_path: Path) -> None:
    """A machine that was about to come could not be ordered any more."""
    file = File(tmp_path, "  VM001: {host: hv1}\n  VM002: {host: hv2}\n")
    big = machine(1, "hv2", memory_mib=30000)
    coming = machine(2, "hv3", memory_mib=30000)
    there = inventory(
        host("hv1"), host("hv2", big, memory_free_mib=20000), host("hv3", coming, memory_free_mib=20000)
    )
    with pytest.raises(AcceptError, match=r"VM002 would then be refused: .*memory of hv2"):
        file.accept(there, "VM001")
    assert file.path.read_text(encoding="utf-8") == file.text


def test_one_that_cannot_be_written_does_not_keep_the_others(tmp_path: Path) -> None:
    """Without names it is left, and why is said; by its name it is an error."""
    file = File(
        tmp_path,
        "  VM001: {host: hv1}\n  VM002: {host: hv1, storage: {folder: fast, disks: {gone.vhdx: 'E:\\x'}}}\n"
        "  VM003: {host: hv1}\n",
    )
    there = seen(machine(1, "hv2"), machine(2, "hv2"), machine(3, "hv3"))
    done = file.accept(there)
    assert done.labels == ("VM001", "VM003")
    assert [why.partition(" ")[0] for why in done.left] == ["VM002"]
    assert "gone.vhdx" in done.left[0]
    with pytest.raises(AcceptError, match=r"gone\.vhdx"):
        file.accept(there, "VM002")


def test_those_that_would_move_others_are_left_and_said(tmp_path: Path) -> None:
    """Of many, just the one whose acceptance would make another machine go."""
    file = File(
        tmp_path,
        "".join(f"  VM00{number}: {{host: hv1}}\n" for number in range(1, 6))
        + "  VM006: {host: [hv1, hv2]}\n",
        "rules:\n  - {apart: [VM003, VM006]}\n",
    )
    done = file.accept(seen(*(machine(number, "hv2", memory_mib=1) for number in range(1, 7))))
    assert done.labels == ("VM001", "VM002", "VM004", "VM005")
    assert len(done.left) == 1
    assert "VM003 is left: VM006 would then go from hv2 to hv1" in done.left[0]


def test_who_can_only_be_accepted_in_company_is(tmp_path: Path) -> None:
    """Two that belong together are elsewhere together; a third that cannot be written does not part them."""
    file = File(
        tmp_path,
        "  VM001: {host: hv1}\n  VM002: {host: hv1, storage: {folder: fast, disks: {gone.vhdx: 'E:\\x'}}}\n"
        "  VM003: {host: hv1}\n",
        "rules:\n  - {together: [VM001, VM003]}\n",
    )
    done = file.accept(seen(machine(1, "hv2"), machine(2, "hv2"), machine(3, "hv2")))
    assert done.labels == ("VM001", "VM003")


def test_what_could_not_be_told_is_said_to_be_left(tmp_path: Path) -> None:
    """A silent host and its machine; `nothing to accept` alone would say that all is as declared."""
    file = File(tmp_path, "  VM001: {host: hv1}\n  VM002: {host: hv2}\n")
    done = file.accept(seen(machine(2, "hv2"), silent=("hv1",)))
    assert (done.labels, len(done.left)) == ((), 2)
    assert done.left[0].startswith("hv1 did not answer")
    assert done.left[1].startswith("VM001 is unknown")


def test_a_renamed_machine_is_accepted_by_its_guid(tmp_path: Path) -> None:
    """By its name it would be missing, and nothing could be written."""
    known = Kept(machines={"VM001": guid(1)})
    file = File(tmp_path, "  VM001: {host: hv1}\n", known=known)
    assert file.accept(seen(machine(1, "hv2", name="VM001-old")), "VM001").labels == ("VM001",)
    assert file.changed() == ["-   VM001: {host: hv1}", "+   VM001: {host: hv2}"]

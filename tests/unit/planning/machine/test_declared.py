"""What a call wants of a machine is held against the stack file: who speaks to the engine may say anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.directory import DelegationSpec
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.stack import StorageSpec, VmSpec
from hyperv_placement.planning.delegation.entries import ACTING, MIGRATION_SERVICE, entries_of
from hyperv_placement.planning.machine.declared import undeclared, undeclared_delegation
from hyperv_placement.planning.machine.difference import observed
from tests.estates import machine, spec, stack

HV1, HV2, HV3 = (HostName(name) for name in ("hv1", "hv2", "hv3"))
FOLDER = "E:\\VMs\\VM001"
STORED = StorageSpec(config=FOLDER, checkpoints=FOLDER, paging=FOLDER, all_disks=FOLDER)


def said(declared: dict[str, VmSpec], wanted: Placement, **more: Any) -> tuple[str, ...]:
    """Return what of a placement of VM001, which is on hv1, is not said."""
    return undeclared(stack({**declared, **spec(2, HV3)}), "VM001", machine(1, "hv1", **more), wanted)


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        (spec(1, HV2), Placement(host=HV2)),
        (spec(1, HV2, HV3), Placement(host=HV3, allowed=(HV2, HV3))),
        (spec(1), Placement()),
        (spec(1, HV2, storage=STORED), Placement(host=HV2, config=FOLDER, disks={"scsi-0-0": f"{FOLDER}\\Virtual Hard Disks\\os.vhdx"})),
        # The plan found it inside of the folder, where it has not been any more since.
        (spec(1, HV2, storage=STORED), Placement(host=HV2, config=f"{FOLDER}\\old", disks={"scsi-0-0": f"{FOLDER}\\old\\os.vhdx"})),
        (spec(1, HV2, storage=STORED), observed(machine(1, "hv1"))),
    ],
)  # fmt: skip
def test_what_the_file_says_is_done(declared: dict[str, VmSpec], wanted: Placement) -> None:
    """Also where somebody has moved the machine since."""
    assert said(declared, wanted) == ()


@pytest.mark.parametrize(
    ("declared", "wanted", "reported"),
    [
        (spec(1, HV2), Placement(host=HV3), "VM001 on hv3 is not in"),
        (spec(1, HV2, HV1), Placement(host=HV3, allowed=(HV2, HV3)), "VM001 on hv3 is not in"),
        (spec(1), Placement(host=HV2), "VM001 on hv2 is not in"),
        (spec(1, HV2), Placement(host=HV2, config="\\\\evil\\share"), "config of VM001 in \\\\evil\\share is not in"),
        (spec(1, HV2, storage=STORED), Placement(host=HV2, paging="C:\\Windows"), "paging of VM001 in C:\\Windows is not in"),
        (spec(1, HV2, storage=STORED), Placement(host=HV2, disks={"scsi-0-0": f"{FOLDER}\\..\\..\\os.vhdx"}), "a disk of VM001 in"),
        (spec(1, HV2), Placement(disks={"scsi-0-0": "\\\\evil\\share\\os.vhdx"}), "a disk of VM001 in \\\\evil\\share\\os.vhdx is not in"),
    ],
)  # fmt: skip
def test_what_the_file_does_not_say_is_not(
    declared: dict[str, VmSpec], wanted: Placement, reported: str
) -> None:
    """With the words of what is wanted."""
    (line,) = said(declared, wanted)
    assert line.startswith(reported)


def test_a_machine_that_the_file_does_not_have_is_not_moved() -> None:
    """Whatever is wanted of it."""
    assert undeclared(stack(spec(2, HV3)), "VM001", machine(1, "hv1"), Placement(host=HV3)) == (
        "VM001 is not in test.yaml",
    )


def delegated(entries: dict[str, str], **more: str) -> tuple[str, ...]:
    """Return what of the delegation of hv1 is not said by a file that has it for hv1 and hv2, and for the file server fs."""
    given = {"host": "hv1", "mode": "protocol-transition", "on_delete": "keep", **more}
    declared = DelegationSpec(hosts=(HV1, HV2), shares=("fs",))
    return undeclared_delegation(
        replace(stack(spec(1, HV2)), delegation=declared),
        HostName(given["host"]), mode=given["mode"], on_delete=given["on_delete"], entries=entries,
    )  # fmt: skip


PAIR = entries_of(HV1, {HV1: "hv1.corp.example", HV2: "hv2.corp.example"}, "protocol-transition", ["fs"])


def test_the_entries_that_the_program_plans_are_said() -> None:
    """Both services of the other host, by both names, the file server's, and the flag."""
    assert len(PAIR) > 5
    assert delegated(PAIR) == ()


def test_the_entries_of_a_host_with_a_long_name_are_said() -> None:
    """Its short name is the NetBIOS name, of 15 characters; the start of no other name is."""
    names = {HV1: "hv1.corp.example", HV2: "hyperv-frankfurt-01.corp.example"}
    planned = entries_of(HV1, names, "protocol-transition", ["fs"])
    assert f"{MIGRATION_SERVICE}/hyperv-frankfur" in planned
    assert delegated(planned) == ()
    assert len(delegated({**planned, f"{MIGRATION_SERVICE}/hyperv-frank": "hv2"})) == 1


@pytest.mark.parametrize(
    ("entries", "more", "reported"),
    [
        ({**PAIR, "cifs/dc1": "hv2"}, {}, "cifs/dc1 for hv1 is not in"),
        ({**PAIR, "cifs/dc1.corp.example": "fs"}, {}, "cifs/dc1.corp.example for hv1 is not in"),
        ({**PAIR, "ldap/dc1.corp.example": "hv2"}, {}, "ldap/dc1.corp.example for hv1 is not in"),
        ({**PAIR, f"{MIGRATION_SERVICE}/dc1": "hv2"}, {}, f"{MIGRATION_SERVICE}/dc1 for hv1 is not in"),
        (
            {f"{MIGRATION_SERVICE}/hv3.corp.example": "hv3"},
            {},
            f"{MIGRATION_SERVICE}/hv3.corp.example for hv1",
        ),
        (PAIR, {"host": "hv3"}, "the delegation of hv3 is not in"),
        ({}, {"on_delete": "remove"}, "on_delete: remove is not in"),
        ({}, {"mode": "kerberos"}, "mode: kerberos is not in"),
        ({f"{ACTING}: dc1.corp.example": "hv2"}, {}, f"{ACTING}: dc1.corp.example for hv1 is not in"),
    ],
)
def test_no_account_gets_what_the_file_does_not_say(
    entries: dict[str, str], more: dict[str, str], reported: str
) -> None:
    """Whoever asks the engine for it."""
    (line,) = delegated(entries, **more)
    assert line.startswith(reported)

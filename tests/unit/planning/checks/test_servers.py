"""Two spellings of a server may be one server: nothing is overwritten on that guess, and it is said."""

from __future__ import annotations

import pytest

from hyperv_placement.model import winpath
from hyperv_placement.model.finding import Severity
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import StorageSpec, VmSpec
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, machine, spec, stack


def stands(has: str, wanted: str, *, overwrite: bool = False, owner: int = 1) -> Step:
    """Return the step of VM001, whose disk belongs on the server `wanted`; `has`: where VM00N has such a file."""
    folder = "vms\\VM001\\Virtual Hard Disks"
    return stands_in(f"\\\\{has}\\{folder}", f"\\\\{wanted}\\{folder}", overwrite=overwrite, owner=owner)


def stands_in(has: str, wanted: str, *, overwrite: bool = False, owner: int = 1) -> Step:
    """Return the step of VM001, whose disk belongs into the folder `wanted`; `has`: where VM00N has such a file."""
    path = f"{has}\\os.vhdx"
    mover = machine(1, disks=(disk(1, path if owner == 1 else "D:\\os.vhdx", size_bytes=1 << 30),))
    other = machine(2, "hv2", disks=(disk(2, path if owner == 2 else "D:\\x.vhdx"),))
    declared = f"{wanted}\\os.vhdx"
    storage = StorageSpec(
        disks={"os.vhdx": declared}, overwrite=frozenset({"os.vhdx"}) if overwrite else frozenset()
    )
    vms: dict[str, VmSpec] = {**spec(1, "hv1", storage=storage), **spec(2, "hv2")}
    return plan(stack(vms), inventory(host("hv1", mover), host("hv2", other))).steps[0]


@pytest.mark.parametrize(
    ("has", "wanted"),
    [
        ("fs1.corp.example", "FS1"),
        ("fs1", "fs1.corp.example"),
        ("10.9.9.9", "fs1"),
        ("fs1", "fe80--1.ipv6-literal.net"),
    ],
)
@pytest.mark.parametrize("owner", [1, 2])
def test_a_server_in_two_spellings(has: str, wanted: str, owner: int) -> None:
    """Of the machine itself and of others: a warning, and where files may be overwritten a refusal."""
    warned = stands(has, wanted, owner=owner)
    assert warned.standing == Standing.MOVE
    assert [f.severity for f in warned.findings if "whether the two servers are one" in f.text] == [
        Severity.WARNING
    ]
    refused = stands(has, wanted, owner=owner, overwrite=True)
    assert refused.standing == Standing.REFUSED
    assert "and files may be overwritten" in str(refused.findings)


@pytest.mark.parametrize(
    ("has", "wanted"), [("fs1", "fs2"), ("fs1.a.example", "fs1.b.example"), ("fs1", "fs10.x")]
)
def test_other_servers_are_others(has: str, wanted: str) -> None:
    """No noise for names that are not spellings of each other."""
    step = stands(has, wanted, overwrite=True)
    assert (step.standing, step.findings) == (Standing.MOVE, ())


@pytest.mark.parametrize(
    ("has", "wanted"),
    [
        ("\\\\corp.example\\dfs\\vms\\VM001", "\\\\fs1.corp.example\\vms\\VM001"),
        (
            "\\\\corp.example\\dfs\\VM001\\Virtual Hard Disks",
            "\\\\fs1.corp.example\\vms\\x\\VM001\\virtual hard disks",
        ),
        ("\\\\fs1.corp.example\\vms\\VM001", "\\\\CORP.example\\files\\hyper-v\\VM001"),
    ],
)
@pytest.mark.parametrize("owner", [1, 2])
def test_a_folder_of_a_dfs_namespace_may_lead_to_a_share_of_its_domain(
    has: str, wanted: str, owner: int
) -> None:
    """A domain's own name before a share is that of a namespace; where its folders lead no host reports."""
    warned = stands_in(has, wanted, owner=owner)
    assert [(f.id, f.severity) for f in warned.findings] == [("server-spelling", Severity.WARNING)]
    refused = stands_in(has, wanted, owner=owner, overwrite=True)
    assert [f.id for f in refused.findings] == ["server-spelling-overwrite"]


def test_a_namespace_leads_to_no_other_file() -> None:
    """Another folder, or a server of another domain, is another place."""
    for has in ("\\\\corp.example\\dfs\\vms\\VM009", "\\\\other.example\\dfs\\vms\\VM001"):
        for below in ("", "\\Virtual Hard Disks"):
            wanted = f"\\\\fs1.corp.example\\vms\\VM001{below}"
            step = stands_in(f"{has}{below}", wanted, overwrite=True, owner=2)
            assert (step.standing, step.findings) == (Standing.MOVE, ())


def test_folders_of_its_own_by_another_spelling_are_warned_of_once() -> None:
    """The configuration would move onto itself, and nobody could tell."""
    folder = "\\\\fs1.corp.example\\vms\\VM001"
    vm = machine(1, folder=folder, disks=())
    storage = StorageSpec(config=(new := "\\\\fs1\\vms\\VM001"), checkpoints=new, paging=new)
    (step,) = plan(stack(spec(1, "hv1", storage=storage)), inventory(host("hv1", vm))).steps
    assert [each.text for each in step.findings] == [
        f"VM001 would get the folder {new}, and has {folder}: whether the two servers are one is not known"
    ]


def test_one_spelling_is_one_file() -> None:
    """Case and a dot at the end of a full name are no other server; then nothing moves, or the name is taken."""
    assert stands("fs1", "FS1").standing == Standing.IN_PLACE
    assert winpath.may_be_one_server("fs1.corp.example.", "fs1.corp.example")
    assert winpath.may_be_one_server("FILES-FRANKFURT", "files-frankfurt-01.corp.example")
    assert winpath.may_be_one_server("files-frankfurt-01", "files-frankfurt")
    assert not winpath.may_be_one_server("files-frankfur", "files-frankfurt-01")
    assert winpath.server_and_rest("\\\\FS1\\Vms\\a\\") == ("fs1", "vms\\a")
    assert winpath.server_and_rest("D:\\a") is None

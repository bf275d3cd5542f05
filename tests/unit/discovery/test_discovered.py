"""The file that declares hosts as they are: it loads, orders nothing, and reads as a person would have written it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.discovery.discover import write
from providers.errors import PlacementError
from providers.model.estate import DiskKind, Inventory, Roots, VirtualMachine
from providers.model.names import HostName
from providers.model.plan import Standing
from providers.planning import plan
from providers.stackfile import load
from tests.estates import disk, host, inventory, machine

HOSTILE = "<img src=x onerror=alert(1)>]]>&\"'"
NAMES = {HostName(name): f"{name}.lab.example" for name in ("hv1", "hv2")}


def written(found: Inventory, folder: Path, *, name: str = "new.yaml") -> tuple[str, list[Standing]]:
    """Return the text of the file, and how each machine stands by it."""
    path = folder / name
    write(path, found, NAMES, {"auth": "ntlm"})
    return path.read_text(encoding="utf-8"), [step.standing for step in plan(load(path), found).steps]


def test_machines_under_one_folder_have_a_root_by_name(tmp_path: Path) -> None:
    """One alone has its path, flat folders say so, and what is scattered is declared part by part."""
    flat = "D:\\VMs\\VM004"
    scattered = machine(
        5, "hv2",
        roots=Roots(config="C:\\ProgramData\\Hyper-V", checkpoints="D:\\Snap", paging="C:\\ProgramData\\Hyper-V"),
        disks=(disk(5, "E:\\a\\data.vhdx"), disk(5, "F:\\b\\data.vhdx", "scsi-0-1"), disk(5, "F:\\os.vhdx", "scsi-0-2")),
    )  # fmt: skip
    found = inventory(
        host("hv1", machine(1), machine(2), machine(3, folder="E:\\Odd\\place")),
        host("hv2", machine(4, "hv2", flat, disks=(disk(4, f"{flat}\\os.vhdx"),)), scattered),
    )
    text, standings = written(found, tmp_path)
    assert standings == [Standing.IN_PLACE] * 5
    assert text.splitlines()[2:] == [
        "connection: {auth: ntlm}",
        "hosts:",
        "  hv1:",
        "    address: hv1.lab.example",
        "    storage: {d: 'D:\\Hyper-V'}",
        "  hv2: {address: hv2.lab.example}",
        "vms:",
        "  # on hv1",
        "  VM001: {host: hv1, storage: d}",
        "  VM002: {host: hv1, storage: d}",
        "  VM003: {host: hv1, storage: 'E:\\Odd\\place'}",
        "  # on hv2",
        "  VM004:",
        "    host: hv2",
        "    storage: {folder: 'D:\\VMs\\VM004', layout: flat}",
        "  VM005:",
        "    host: hv2",
        "    storage:",
        "      config: C:\\ProgramData\\Hyper-V",
        "      checkpoints: D:\\Snap",
        "      paging: C:\\ProgramData\\Hyper-V",
        "      disks: {'SCSI 0:0': 'E:\\a\\data.vhdx', 'SCSI 0:1': 'F:\\b\\data.vhdx', os.vhdx: 'F:\\os.vhdx'}",
    ]


@pytest.mark.parametrize(
    "name", [HOSTILE, "a: b # c", " ends ", "two\nlines", "日本", "yes", "1.0", "~", "x\x1b[31m"]
)
def test_any_name_of_a_machine_is_a_plain_text(name: str, tmp_path: Path) -> None:
    """One that cannot be a key gets a key like it, and its GUID."""
    text, standings = written(inventory(host("hv1", machine(1, name=name)), host("hv2")), tmp_path)
    assert standings == [Standing.IN_PLACE]
    assert all(line.isprintable() for line in text.splitlines())


def test_machines_of_one_name_have_their_guids(tmp_path: Path) -> None:
    """Compared without case, as they are looked for; a GUID that is there twice is declared by nobody."""
    twins = host("hv1", machine(1, name="WEB"), machine(2, name="web"), machine(3))
    text, standings = written(inventory(twins, host("hv2", machine(3, "hv2"))), tmp_path)
    assert standings == [Standing.IN_PLACE] * 2
    assert text.count("id: 00000000-0000-4000-8000-00000000000") == 2
    assert "# Not declared: VM003 on hv1 and VM003 on hv2 have one GUID" in text


def test_what_cannot_be_declared_is_declared_by_its_host(tmp_path: Path) -> None:
    """Such as a disk whose path is none, with a comment that says so."""
    odd = machine(1, disks=(disk(1, "D:\\Hyper-V\\VM001\\..\\up.vhdx"),))
    text, standings = written(inventory(host("hv1", odd, machine(2)), host("hv2")), tmp_path)
    assert standings == [Standing.IN_PLACE] * 2
    assert "  # VM001: its files are as they are" in text
    assert "  VM001: {host: hv1}" in text


def test_a_silent_host_is_named(tmp_path: Path) -> None:
    """Its machines are not in the file, which says so."""
    text, _ = written(inventory(host("hv1", machine(1)), silent=("hv2",)), tmp_path)
    assert "# Not declared: what runs on hv2, which did not answer" in text
    assert "hv2:" not in text


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    """And nothing half-written is left."""
    found = inventory(host("hv1", machine(1)), host("hv2"))
    written(found, tmp_path)
    before = (tmp_path / "new.yaml").read_text(encoding="utf-8")
    with pytest.raises(PlacementError, match="exists and is not overwritten"):
        write(tmp_path / "new.yaml", inventory(host("hv1"), host("hv2")), NAMES, {})
    assert (tmp_path / "new.yaml").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["new.yaml"]


@st.composite
def machines(draw: st.DrawFn) -> list[VirtualMachine]:
    """Draw machines with any names, in folders of their own or scattered ones."""
    folders = st.sampled_from(
        ["D:\\Hyper-V", "D:\\VMs", "E:\\x", "C:\\ProgramData\\Hyper-V", "\\\\sofs\\vms"]
    )
    found = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        name = draw(st.text(min_size=1, max_size=8) | st.sampled_from(["WEB", "web", HOSTILE]))
        home = f"{draw(folders)}\\{draw(st.sampled_from([f'M{number}', 'shared']))}{number}"
        elsewhere = draw(folders)
        paths = [
            f"{draw(st.sampled_from([home, elsewhere]))}\\d{number}-{n}.vhdx"
            for n in range(draw(st.integers(0, 3)))
        ]
        vm = machine(
            number, draw(st.sampled_from(["hv1", "hv2"])), home, name=name,
            disks=tuple(disk(number, path, f"scsi-0-{n}") for n, path in enumerate(paths)),
        )  # fmt: skip
        if draw(st.booleans()):
            vm = replace(vm, disks=(*vm.disks, disk(number, "D:\\cd.iso", "ide-1-0", kind=DiskKind.ISO)))
        found.append(vm)
    return found


@given(found=machines())
def test_whatever_is_found_is_declared_and_stays(
    tmp_path_factory: pytest.TempPathFactory, found: list[VirtualMachine]
) -> None:
    """The first preview has nothing to move."""
    estate = inventory(*(host(name, *(vm for vm in found if vm.host == name)) for name in ("hv1", "hv2")))
    _, standings = written(estate, tmp_path_factory.mktemp("found"))
    assert standings == [Standing.IN_PLACE] * len(found)

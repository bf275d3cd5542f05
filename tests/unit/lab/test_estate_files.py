"""Estates from YAML, the stack file that declares one, and the disks' own format."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.model.units import GIB
from lab.estate.generated import generate
from lab.estate.reading import read_estate
from lab.estate.spec import EstateError, EstateSpec
from lab.estate.stack_file import write_stack
from lab.storage.vhdx import FILE_SIZE, write_vhdx

from .conftest import Stage, estate, machine

Make = Callable[[EstateSpec], Stage]
EXAMPLE = Path(__file__).resolve().parents[3] / "lab" / "estate" / "example.yaml"


def test_the_example_names_every_key_and_is_built(stage: Make) -> None:
    """The documentation is true: what the example says is what the world has."""
    here = stage(read_estate(EXAMPLE))
    assert here.vm("DB01").id == "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"
    assert [disk.slot for disk in here.vm("DB01").disks] == ["scsi-0-0", "scsi-0-4", "scsi-0-1", "scsi-0-2"]
    assert [point.name for point in here.vm("OLD01").checkpoints] == ["before the update", "after it"]
    assert here.vm("OLD01").disks[0].path.endswith(".avhdx")
    assert here.vm("REP01").replication_mode == 1
    dynamic = here.vm("DYN01")
    assert (dynamic.memory_mib, dynamic.memory_maximum_mib, dynamic.memory_in_use_mib) == (1024, 16384, 3072)
    assert (here.vm("CPU01").version, here.vm("CPU01").processor_limited) == ("8.0", True)
    assert here.vm("DB01").version == "9.0"
    assert (here.vm("DDA01").assigned_devices, here.vm("GPU01").gpu_partitions) == (1, 1)
    assert here.vm("SAN01").fibre_channel == here.world.hosts["hv1"].fibre_channel == ["Fabric A"]
    busy = here.vm("BAK01")
    assert (busy.busy, busy.busy_until) == (32776, here.clock.now() + timedelta(seconds=600))
    assert (here.vm("LOW01").status, here.vm("BAD01").health, here.vm("BAD01").folders_lost) == (5, 25, True)
    assert here.world.hosts["hv5"].heartbeat_status == 3
    assert here.world.hosts["hv3"].volumes["C:\\ClusterStorage\\Volume1\\"].cluster == "c1"
    assert here.world.files.real("hv3", "C:\\ClusterStorage\\Volume1\\x") == here.world.files.real(
        "hv4", "c:\\clusterstorage\\Volume1\\x"
    )


def keys_of(content: Any) -> set[str]:
    """Return every key of a YAML document."""
    if isinstance(content, dict):
        return set(map(str, content)).union(*map(keys_of, content.values()))
    return set().union(*map(keys_of, content)) if isinstance(content, list) else set()


def test_the_example_has_every_key_that_is_read() -> None:
    """It is the list of the keys: one that is added without a line there is found here."""
    readers = EXAMPLE.parent.glob("*.py")
    read = {
        key
        for path in readers
        for key in re.findall(r'(?:take|need|children)\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert {"vms", "com_ports", "subnet", "aliases"} <= read
    assert read - keys_of(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))) == set()


def test_a_chain_of_checkpoints_hangs_together(stage: Make) -> None:
    """Each checkpoint froze the disk before, and every file of the chain is there."""
    vm = (here := stage(estate(machine("A", checkpoints=("one", "two"))))).vm("A")
    first, second = vm.checkpoints
    assert first.disks[0].path.endswith("A.vhdx")
    assert second.disks[0].parent_path == first.disks[0].path
    assert vm.disks[0].parent_path == second.disks[0].path
    assert second.parent == first.id
    assert all(here.real(vm, disk.path).is_file() for disk in (*first.disks, *second.disks, *vm.disks))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "estate: a mapping is wanted"),
        ("hosts: [hv1]", "estate.hosts: a mapping is wanted"),
        ("hosts: {hv1: {memroy: 4 GiB}}", "hosts.hv1: unknown 'memroy'"),
        ("hosts: {hv1: {memory: 4}}", "hosts.hv1.memory: 4 is no text"),
        ("hosts: {hv1: }\nvms: {A: {}}", "vms.A: host is missing"),
        (
            "hosts: {hv1: }\nvms: {A: {host: hv1, state: asleep}}",
            "vms.A.state: 'asleep' is not one of running, off",
        ),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, vtpm: 1}}", "vms.A.vtpm: 1 is neither true nor false"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, disks: [{size: 1 GiB}]}}", "vms.A.disks[0]: path is missing"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, heartbeat: weak}}", "vms.A.heartbeat: 'weak' is not one of"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, activity: sleep}}", "vms.A.activity.kind: 'sleep' is not one"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, activity: {seconds: 1}}}", "vms.A.activity: kind is missing"),
        ("hosts: {\n", "line 2"),
        ('hosts: {hv1: }\nvms: {"\\ud800x": {host: hv1}}', r"'\ud800' is half a character"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, text: str, words: str) -> None:
    """File, place, and what was wanted, in one line."""
    path = tmp_path / "estate.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EstateError) as caught:
        read_estate(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_word_off_is_a_state(tmp_path: Path) -> None:
    """YAML reads it as false; we do not."""
    path = tmp_path / "estate.yaml"
    path.write_text("hosts: {hv1: }\nvms: {A: {host: hv1, state: off}}", encoding="utf-8")
    assert read_estate(path).vms[0].enabled_state == 3


def test_impossible_worlds_are_refused_whole(stage: Make, tmp_path: Path) -> None:
    """Every finding at once, and what stood there before still stands."""
    stage(generate(vms=1))
    kept = (tmp_path / "lab" / "world.json").read_bytes()
    twin = "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"
    with pytest.raises(EstateError) as caught:
        stage(
            estate(
                machine("A", "hv9"),
                machine("B", switches=("Nowhere",)),
                machine("C", folder="F:\\C"),
                machine("D", clustered=True),
                machine("E", id=twin),
                machine("F", id=twin),
            )
        )
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "vms.A.host", "vms.B.switches", "vms.C", "vms.C", "vms.D.clustered", "vms.F.id",
    ]  # fmt: skip
    assert (tmp_path / "lab" / "world.json").read_bytes() == kept


@pytest.mark.parametrize(
    ("given", "words"),
    [({"memory_mib": 63 * 1024}, "hosts.hv1.memory"), ({"folder": "C:\\A"}, "C:\\ of hv1: its disks need")],
)
def test_an_overfull_host_is_refused(stage: Make, given: dict[str, Any], words: str) -> None:
    """No estate starts with more memory or disk given than there is."""
    full = (
        [machine(f"V{number}", folder=f"C:\\V{number}") for number in range(17)] if "folder" in given else []
    )
    with pytest.raises(EstateError, match=words.replace("\\", "\\\\")):
        stage(estate(machine("A", **given), *full))


def test_a_big_estate_is_small_on_disk(stage: Make) -> None:
    """Hundreds of machines cost little, and each host could take a third of them."""
    here = stage(generate(hosts=4, vms=60))
    disk = sum(path.stat().st_blocks * 512 for path in here.world.home.rglob("*") if path.is_file())
    assert disk < 60 * 4 * 1024 * 1024
    needed = sum(vm.memory_mib for vm in here.world.vms()) / 3
    assert all(host.memory_mib > needed for host in here.world.hosts.values())


def test_a_stack_file_declares_what_is(stage: Make, tmp_path: Path) -> None:
    """Hosts with their ports, machines with their one folder, files found from the stack file's own folder."""
    here = stage(generate())
    path = tmp_path / "stacks" / "big.yaml"
    path.parent.mkdir()
    write_stack(path, here.world.home, here.world.state)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["connection"] == {
        "auth": "ntlm", "credentials": "../lab/credentials.yaml", "ca": "../lab/ca.pem",
    }  # fmt: skip
    assert content["hosts"]["hv2"] == {
        "address": "https://127.0.0.1:25987/wsman", "account": "hv2.lab.example",
    }  # fmt: skip
    assert content["vms"]["VM001"] == {"host": "hv1", "storage": "D:\\Hyper-V\\VM001"}
    assert content["vms"]["VM012"] == {"host": "hv3"}
    assert {name: vm["host"] for name, vm in content["vms"].items()} == {
        vm.name: vm.host for vm in here.world.vms()
    }


def test_a_stack_file_declares_full_names_where_hosts_report_others(stage: Make, tmp_path: Path) -> None:
    """As an account such a name would contradict what the host says, and nothing would move there."""
    spec = generate(hosts=2, vms=0)
    suffixed = replace(spec.hosts[1], dns_suffix="dc.lab.example")
    here = stage(replace(spec, hosts=(replace(spec.hosts[0], dns_suffix="LAB.example"), suffixed)))
    write_stack(tmp_path / "s.yaml", here.world.home, here.world.state)
    hosts = yaml.safe_load((tmp_path / "s.yaml").read_text(encoding="utf-8"))["hosts"]
    assert hosts["hv1"]["account"] == "hv1.LAB.example"
    assert hosts["hv2"]["full_name"] == "hv2.dc.lab.example"
    assert "account" not in hosts["hv2"]


def test_machines_of_one_name_are_told_apart_by_guid(stage: Make, tmp_path: Path) -> None:
    """The label is free, the GUID decides."""
    here = stage(estate(machine("A", "hv1"), machine("A", "hv2", id="6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3")))
    write_stack(tmp_path / "s.yaml", here.world.home, here.world.state)
    content = yaml.safe_load((tmp_path / "s.yaml").read_text(encoding="utf-8"))
    assert {(vm["id"], vm["host"]) for vm in content["vms"].values()} == {
        (v.id, v.host) for v in here.world.vms()
    }


def test_a_vhdx_is_one(tmp_path: Path) -> None:
    """Signatures, checksums, size and id stand where MS-VHDX wants them."""
    path = tmp_path / "x.vhdx"
    guid = "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"
    write_vhdx(path, disk_id=guid, virtual_bytes=127 * GIB, rng=random.Random(1))  # noqa: S311 - contents, no secret
    data = path.read_bytes()
    assert len(data) == FILE_SIZE
    assert data[:8] == b"vhdxfile"
    for offset, signature, length in (
        (65536, b"head", 4096),
        (131072, b"head", 4096),
        (196608, b"regi", 65536),
    ):
        block = data[offset : offset + length]
        assert block[:4] == signature
        assert struct.unpack("<I", block[4:8])[0] == crc32c(block[:4] + bytes(4) + block[8:])
    metadata = 2 << 20
    assert data[metadata : metadata + 8] == b"metadata"
    assert struct.unpack("<Q", data[metadata + 65544 : metadata + 65552])[0] == 127 * GIB
    assert len(set(data[4 << 20 : (4 << 20) + 65536])) == 256
    with pytest.raises(FileExistsError):
        write_vhdx(path, disk_id=guid, virtual_bytes=GIB, rng=random.Random(1))  # noqa: S311 - the same


def crc32c(data: bytes) -> int:
    """CRC-32C bit by bit: slow, but not the code under test."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF

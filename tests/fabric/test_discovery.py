"""A stack file written of hosts of the lab declares each machine where it is."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.commands.cli import main
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.model.plan import Standing
from hyperv_placement.planning.plan import plan
from hyperv_placement.stackfile import load
from lab.estate.generated import generate
from lab.estate.spec import DiskSpec
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

NOBODY = "https://127.0.0.1:9/wsman"
HOSTILE = """<img src=x onerror=alert(1)>]]>&"'"""
pytestmark = pytest.mark.lab


def discover(fabric: Fabric, output: Path, *more: str, besides: tuple[str, ...] = ()) -> int:
    """Run `bin/placement discover` for every host of the lab, and for others."""
    return main(
        [
            "discover", *(host.url for host in fabric.world.hosts.values()), *besides, "--stack", "found",
            "--credentials", str(fabric.home / "credentials.yaml"), "--ca", str(fabric.home / "ca.pem"),
            "--output", str(output), *more,
        ]
    )  # fmt: skip


def test_two_hundred_machines_stay_where_they_are(make_fabric: Maker, tmp_path: Path) -> None:
    """Every machine is declared with host and storage, and the next sweep plans no move and tells nothing."""
    fabric, output = make_fabric(generate(hosts=8, vms=200)), tmp_path / "found.yaml"
    assert discover(fabric, output) == 0
    stack = load(output)
    planned = plan(stack, fabric.estate.read(Detail.PLACEMENT))
    assert len(planned.steps) == 200
    assert {(step.standing, step.findings) for step in planned.steps} == {(Standing.IN_PLACE, ())}
    assert not planned.findings
    assert all(vm.storage and len(vm.hosts) == 1 for vm in stack.vms.values())
    assert {root for host in stack.hosts.values() for root in host.storage.items()} == {
        ("d", "D:\\Hyper-V"),
        ("vms", "\\\\sofs.lab.example\\vms"),
    }
    assert stat.S_IMODE(output.stat().st_mode) == 0o600  # it tells where everything is
    assert fabric.account.password not in output.read_text(encoding="utf-8")
    assert not fabric.log("start")


def test_what_is_odd_is_declared_with_less_and_said(make_fabric: Maker, tmp_path: Path) -> None:
    """Namesakes get ids, replicas are left out, what cannot move keeps its storage undeclared; a name is only a text."""
    disk = DiskSpec(path="D:\\Hyper-V\\odd\\Virtual Hard Disks\\os.vhdx")
    odd = estate(
        machine("WEB01"),
        machine(HOSTILE, folder="D:\\Hyper-V\\odd", disks=(disk,)),
        machine("TWIN", folder="D:\\Hyper-V\\t1"),
        machine("twin", "hv2", folder="D:\\Hyper-V\\t2"),
        machine("COPY01", replication_mode=2),
        machine("REPL01", replication_mode=1),
        machine("SNAP01", checkpoints=("before",)),
        machine("FLAT01", disks=(DiskSpec(path="D:\\Hyper-V\\FLAT01\\os.vhdx"),)),
        machine("DVD01", disks=(
            DiskSpec(path="D:\\Hyper-V\\DVD01\\Virtual Hard Disks\\os.vhdx"),
            DiskSpec(path="D:\\ISO\\setup.iso", kind="iso"),
        )),
        machine("LUN01", "hv2", disks=(DiskSpec(path="PHYSICALDRIVE1", kind="pass-through"),)),
    )  # fmt: skip
    fabric, output = make_fabric(odd), tmp_path / "stacks" / "found.yaml"
    output.parent.mkdir()
    assert discover(fabric, output) == 0
    stack = load(output)
    assert output.read_text(encoding="utf-8").count("credentials:") == 1, "said once, not under every host"
    vms = {vm.name: vm for vm in stack.vms.values()}
    assert vms[HOSTILE].storage is not None
    assert {vm.id for name, vm in vms.items() if name.casefold() == "twin"} == {
        fabric.lab_vm("TWIN").id,
        fabric.lab_vm("twin").id,
    }
    assert "COPY01" not in vms
    assert "# COPY01 on hv1: a replica" in output.read_text(encoding="utf-8")
    assert (vms["REPL01"].storage, vms["LUN01"].storage) == (None, None)
    assert vms["FLAT01"].storage is not None
    assert vms["FLAT01"].storage.layout == "flat"
    assert all(each.storage and each.storage.config == "d" for each in (vms["SNAP01"], vms["DVD01"]))
    assert "iso" not in output.read_text(encoding="utf-8").casefold()
    planned = plan(stack, fabric.inventory())
    assert {(step.standing, step.findings) for step in planned.steps} == {(Standing.IN_PLACE, ())}


def test_a_silent_host_leaves_nothing_behind(
    make_fabric: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written while a host is silent; with --partial the file names it, and no machine counts as gone.

    Each entry says which machine it means: the silent host may hold a namesake.
    """
    fabric, output = make_fabric(estate(machine("WEB01"))), tmp_path / "found.yaml"
    assert discover(fabric, output, besides=(NOBODY,)) == 1
    reported = capsys.readouterr().err
    assert f"{NOBODY}: " in reported
    assert "Nothing was written" in reported
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []
    assert discover(fabric, output, "--partial", besides=(NOBODY,)) == 0
    text = output.read_text(encoding="utf-8")
    assert "NOT COMPLETE: 127.0.0.1-4 could not be read" in text
    assert [(vm.label, vm.name, vm.id) for vm in load(output).vms.values()] == [
        ("WEB01", "WEB01", fabric.lab_vm("WEB01").id)
    ]


def test_what_is_there_already_is_kept(
    make_fabric: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that somebody may have worked on is not overwritten, and a host named twice is not declared twice."""
    fabric, output = make_fabric(estate(machine("WEB01"))), tmp_path / "found.yaml"
    output.write_text("mine", encoding="utf-8")
    assert discover(fabric, output) == 1
    assert "exists already" in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "mine"
    again = fabric.world.hosts["hv1"].url.replace("127.0.0.1", "localhost")
    assert discover(fabric, tmp_path / "other.yaml", besides=(again,)) == 1
    assert "are one host, hv1.lab.example" in capsys.readouterr().err
    assert not (tmp_path / "other.yaml").exists()


def test_an_account_is_declared_where_nothing_proves_it(make_fabric: Maker, tmp_path: Path) -> None:
    """Over plain HTTP, with a word to compare it; over TLS the certificate proves it, and a lie about it is not written."""
    fabric = make_fabric(generate(hosts=3, vms=0))
    fabric.world.hosts["hv3"].claims = "dc1"
    plain = fabric.world.hosts["hv2"].http_url
    output = tmp_path / "found.yaml"
    urls = [fabric.world.hosts["hv1"].url, plain, fabric.world.hosts["hv3"].url]
    words = [
        "--stack", "found", "--credentials", str(fabric.home / "credentials.yaml"), "--ca", str(fabric.home / "ca.pem"),
        "--output", str(output),
    ]  # fmt: skip
    assert main(["discover", *urls, *words]) == 0
    accounts = {host.endpoint: host.account for host in load(output).hosts.values()}
    assert accounts == {urls[0]: None, plain: "hv2.lab.example", urls[2]: None}
    text = output.read_text(encoding="utf-8")
    assert text.count("compare it with the directory") == 1
    assert "reports that it is dc1.lab.example, and what was proven is hv3.lab.example" in text


def test_a_full_name_of_the_stack_that_hosts_are_taken_from_is_kept(
    make_fabric: Maker, tmp_path: Path
) -> None:
    """No host reports its DNS suffix: what somebody has declared of it goes on."""
    spec = generate(hosts=1, vms=0)
    fabric = make_fabric(replace(spec, hosts=(replace(spec.hosts[0], dns_suffix="dc.lab.example"),)))
    source, output = tmp_path / "before.yaml", tmp_path / "found.yaml"
    source.write_text(
        f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
        f"hosts: {{hv1: {{address: '{fabric.world.hosts['hv1'].url}', full_name: hv1.dc.lab.example}}}}\nvms: {{}}\n",
        encoding="utf-8",
    )
    assert main(["discover", "--from", str(source), "--stack", "found", "--output", str(output)]) == 0
    assert [host.full_name for host in load(output).hosts.values()] == ["hv1.dc.lab.example"]
    assert "what was proven" not in output.read_text(encoding="utf-8")

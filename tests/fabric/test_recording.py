"""Recording a host: everything that is read, nothing changed, and no name of anybody in what is written."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.commands import cli
from hyperv_placement.errors import AuthenticationError, PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.recording import archive
from hyperv_placement.operations.recording.questions import READING
from hyperv_placement.operations.recording.record import Recording, record
from hyperv_placement.wsman import Fault, decode_response
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
NAMES = ("Payroll & Co", "System", "4711", "会計 サーバー", "WEB01")


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Machines with names that are words, numbers, Japanese, or need escaping."""
    odd = [machine(name, folder=f"D:\\Kunden\\Folder {number}") for number, name in enumerate(NAMES)]
    return make_fabric(estate(*odd, machine("SNAP01", checkpoints=("before",)), machine("FAR01", "hv2")))


@pytest.fixture
def recorded(fabric: Fabric) -> Recording:
    """A recording of hv1, made while the job of a failed move is still kept."""
    move = fabric.order("WEB01", "hv2")
    fabric.fault("migration-fails", vm="WEB01")
    with pytest.raises(PlacementError):
        fabric.run(move)
    return record(fabric.specs[HostName("hv1")], fabric.clock, lambda _what: None)


def members(path: Path) -> dict[str, str]:
    """Return the files of a recording, the manifest too."""
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def test_a_recording_reads_back_and_tells_no_name(
    fabric: Fabric, recorded: Recording, tmp_path: Path
) -> None:
    """Each answer decodes as it did; hosts, machines, folders, accounts, GUIDs and addresses are not in it."""
    path = tmp_path / "hv1.zip"
    manifest = archive.write(path, recorded, ["hv1"])
    files = members(path)
    assert json.loads(files.pop(archive.MANIFEST)) == manifest
    assert manifest["build"].startswith("10.0.")
    assert manifest["locale"] == "en-US"
    assert manifest["left_out"] == 0
    assert [entry["file"] for entry in manifest["answers"]] == sorted(files)
    for entry in manifest["answers"]:
        _, _, envelope = files[entry["file"]].partition("-->\n")
        assert isinstance(decode_response(envelope.encode()), Fault) is entry["fault"]
    whole = "".join([*files.values(), path.name.replace("hv1", ""), json.dumps(manifest, ensure_ascii=False)])
    for secret in secrets(fabric):
        assert secret.casefold() not in whole.casefold(), secret


def secrets(fabric: Fabric) -> list[str]:
    """Return what must not be told: all names but the one that is a word of Hyper-V's own."""
    world = fabric.world
    hosts = [text for host in world.hosts.values() for text in (host.computer_name, host.full_name)]
    paths = [vm.roots.config.rpartition("\\")[2] for vm in world.vms()]
    names = [vm.name for vm in world.vms() if vm.name not in {"System", "Payroll & Co", "4711"}]
    words = ["Payroll", ">4711<", ">System<", "Kunden", "lab.example"]
    return [
        *hosts, *names, *paths, *words, *(vm.id for vm in world.vms()), fabric.account.username,
        fabric.account.password,
    ]  # fmt: skip


def test_one_name_has_one_pseudonym_everywhere(recorded: Recording) -> None:
    """So rows can still be joined: a machine's GUID in systems, settings, disks and jobs."""
    files, _ = archive.disguised(recorded, ["hv1"])
    texts = {name: content.decode() for name, content in files.items()}
    system = next(text for name, text in texts.items() if name.endswith("Msvm_ComputerSystem_Get.xml"))
    guid = system.split("<p:Name>")[1].split("<")[0]
    assert sum(guid in text for text in texts.values()) > 5
    assert any(guid in text for name, text in texts.items() if "Msvm_VirtualSystemSettingData" in name)


def test_recording_asks_only_what_changes_nothing(fabric: Fabric, recorded: Recording) -> None:
    """The lab logs every request that can change something: since the failed move there was none."""
    assert [entry["operation"] for entry in fabric.log("request")] == ["MigrateVirtualSystemToHost"]
    asked = {answer.operation for answer in recorded.answers.all}
    assert asked <= {"Get", "Enumerate", "Pull", *READING}
    assert {"Get", "Enumerate", "Pull", "GetSummaryInformation"} <= asked


def test_every_class_that_the_client_reads_is_recorded(recorded: Recording) -> None:
    """And those that nobody has seen."""
    classes = {answer.class_name for answer in recorded.answers.all if not answer.fault}
    assert {
        "Win32_ComputerSystem", "Win32_Volume", "Msvm_ComputerSystem", "Msvm_VirtualSystemSettingData",
        "Msvm_StorageAllocationSettingData", "Msvm_MigrationJob", "Msvm_VirtualSystemMigrationService",
        "Msvm_VirtualSystemMigrationSettingData", "Msvm_ImageManagementService",
    } <= classes  # fmt: skip


def test_a_file_that_exists_is_never_overwritten(
    recorded: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither before a host is asked nor, where somebody made it meanwhile, when it is written."""
    path = tmp_path / "mine.zip"
    path.write_bytes(b"mine")
    with pytest.raises(archive.OutputExistsError):
        archive.write(path, recorded, [])
    assert cli.main(["record", "hv1", "--output", str(path)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert path.read_bytes() == b"mine"


def test_a_host_that_is_not_declared_is_an_error_with_a_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hosts that are declared are listed."""
    assert cli.main(["record", "nohost", "--stack", "lab", "--output", str(tmp_path / "a.zip")]) == 1
    assert "Known hosts: hv1, hv2, hv3" in capsys.readouterr().err


def test_a_wrong_password_ends_it_at_once(fabric: Fabric, tmp_path: Path) -> None:
    """A recording asks a hundred questions; a refused credential is tried once."""
    wrong: dict[str, Any] = {"username": fabric.account.username, "password": "wrong"}
    (fabric.home / "wrong.yaml").write_text(json.dumps(wrong), encoding="utf-8")
    (fabric.home / "wrong.yaml").chmod(0o600)
    with pytest.raises(AuthenticationError):
        record(fabric.spec("hv1", file="wrong.yaml"), fabric.clock, lambda _what: None)
    assert not list(tmp_path.glob("*.zip"))


BANK = {
    "SWIFTGW": "D:\\Kunden\\Sparkasse Musterstadt\\SWIFTGW",
    "Payroll": "D:\\Kunden\\Payroll",
    "public": "D:\\Public\\public",
    "4711": "D:\\Hyper-V\\4711",
    "Trading Floor 10.20.30.40": "D:\\Hyper-V\\Trading",
    "Ä-Kasse": "D:\\Hyper-V\\Kasse",
    "P1D": "D:\\Prod\\P1D",
}
TOLD = (
    "SWIFTGW", "Sparkasse", "Musterstadt", "Payroll", "\\public", ">public<", ">4711<", "\\4711", "10.20.30.40", "Trading", "Kasse",
    "P1D", "BaFin", "Müller", "lab.example",
)  # fmt: skip


def test_a_site_with_names_like_words_times_and_numbers_tells_none(
    make_fabric: Maker, tmp_path: Path
) -> None:
    """Machines, folders, disks and checkpoints, in every file of the recording, and what a job has said of them."""
    checkpoints = {"SWIFTGW": ("before audit BaFin", "Müller requested")}
    site = [machine(name, folder=path, checkpoints=checkpoints.get(name, ())) for name, path in BANK.items()]
    fabric = make_fabric(estate(*site, machine("FAR01", "hv2")))
    move = fabric.order("Payroll", "hv2")
    fabric.fault("migration-fails", vm="Payroll")
    with pytest.raises(PlacementError):
        fabric.run(move)
    path = tmp_path / "bank.zip"
    archive.write(path, record(fabric.specs[HostName("hv1")], fabric.clock, lambda _what: None), ["hv1"])
    whole = "\n".join(each for pair in members(path).items() for each in pair)
    assert [name for name in TOLD if name.casefold() in whole.casefold()] == []
    assert ">Microsoft:Hyper-V:System:Realized<" in whole
    assert "migration operation for &apos;" in whole or "migration operation for '" in whole

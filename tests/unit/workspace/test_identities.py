"""What is kept of a stack between its runs: whole, or nothing."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.identity import NOTHING_KEPT, Home
from hyperv_placement.model.names import HostName
from hyperv_placement.model.way_back import WayBack
from hyperv_placement.workspace.identities import Identities, known_to_state, read_kept
from tests.estates import guid
from tests.strangers import AS_ROOT, link_of_another, of_another

UUID = "4C4C4544-0042-3510-8053-B4C04F595931"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a stack, which is not there yet."""
    return tmp_path / ".pulumi" / "identities" / "lab.json"


def test_what_is_kept_is_read_again(path: Path) -> None:
    """By another process, too; what is forgotten is gone, and a report says when the last run was."""
    first = Identities(path, SystemClock())
    assert first.kept() == NOTHING_KEPT
    assert first.keep({"WEB": guid(1), "DB": guid(2)}, of_a_run=True) is None
    assert first.keep_hosts({HostName("hv1"): UUID}) is None
    assert first.forget("DB") is None
    again = read_kept(path)
    assert (dict(again.machines), dict(again.hosts)) == ({"WEB": guid(1)}, {"hv1": UUID})
    assert again == first.kept()
    assert again.reported(UTC).startswith("Machines are identified by the GUIDs of the last run, ")
    assert "by name" in NOTHING_KEPT.reported(UTC)


def test_where_machines_are_is_kept_until_they_are_forgotten(path: Path) -> None:
    """A later place takes the earlier one's; a file of a version that knew no places has none."""
    first = Identities(path, SystemClock())
    first.keep({"WEB": guid(1)}, places={guid(1): HostName("hv1"), guid(2): HostName("hv2")})
    Identities(path, SystemClock()).keep({"WEB": guid(1)}, places={guid(1): HostName("hv3")})
    assert dict(read_kept(path).places) == {guid(1): "hv3", guid(2): "hv2"}
    assert Identities(path, SystemClock()).forget("WEB") is None
    assert dict(read_kept(path).places) == {guid(2): "hv2"}
    path.write_text('{"version": 1, "machines": {}, "hosts": {}, "at": null}', encoding="utf-8")
    assert dict(read_kept(path).places) == {}


def test_a_key_that_is_forgotten_takes_nothing_from_another_key_of_its_machine(path: Path) -> None:
    """An entry got another key, and the engine takes the new one in before it forgets the old one."""
    home = Home(host=HostName("hv1"), entry="0a")
    first = Identities(path, SystemClock())
    first.keep({"OLD": guid(1)}, places={guid(1): HostName("hv1")})
    first.keep_homes({guid(1): home})
    first.keep({"NEW": guid(1)})
    assert first.forget("OLD") is None
    kept = read_kept(path)
    assert (dict(kept.machines), dict(kept.places)) == ({"NEW": guid(1)}, {guid(1): "hv1"})
    assert dict(kept.homes) == {guid(1): home}


def test_where_machines_go_back_to_is_kept_until_they_are_there_or_forgotten(path: Path) -> None:
    """State that was read in this run counts more than the file, which another computer may have outrun."""
    home = Home(host=HostName("hv1"), entry="0a")
    first = Identities(path, SystemClock())
    first.keep({"WEB": guid(1), "DB": guid(2), "APP": guid(3)})
    assert first.keep_homes({guid(1): home, guid(2): home, guid(3): home}) is None
    assert first.keep_homes({guid(2): None}) is None
    assert Identities(path, SystemClock()).forget("APP") is None
    kept = read_kept(path)
    assert dict(kept.homes) == {guid(1): home}
    other = Home(host=HostName("hv2"), entry="0b")
    assert dict(known_to_state(kept, {}, {guid(1): None, guid(4): other}).homes) == {guid(4): other}
    assert dict(known_to_state(kept, {"DB": guid(2)}).homes) == {guid(1): home}


def test_a_key_with_another_name_has_the_machine_of_the_old_one(path: Path) -> None:
    """Only the key changes: where the machine is, and where it goes back to, is kept by its GUID."""
    first = Identities(path, SystemClock())
    first.keep({"WEB": guid(1), "DB": guid(2)}, places={guid(1): HostName("hv1")})
    assert first.rename("WEB", "SHOP") is None
    kept = read_kept(path)
    assert (dict(kept.machines), dict(kept.places)) == (
        {"SHOP": guid(1), "DB": guid(2)},
        {guid(1): HostName("hv1")},
    )


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"version": 2, "machines": {}, "hosts": {}, "at": null}',
     '{"version": 1, "machines": {"WEB": "no guid"}, "hosts": {}, "at": null}', "\udcff"],
)  # fmt: skip
def test_a_torn_or_foreign_file_keeps_nothing(path: Path, content: str) -> None:
    """It is written anew by the next run."""
    path.parent.mkdir(parents=True)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert read_kept(path) == NOTHING_KEPT
    assert Identities(path, SystemClock()).keep({"WEB": guid(1)}) is None
    assert read_kept(path).machines == {"WEB": guid(1)}


def test_many_at_once_are_all_kept(path: Path) -> None:
    """Each thread returns only when its machine stands in the file."""
    identities, missed = Identities(path, SystemClock()), list[int]()

    def keep(number: int) -> None:
        identities.keep({f"VM{number}": guid(number)})
        if f"VM{number}" not in json.loads(path.read_text(encoding="utf-8"))["machines"]:
            missed.append(number)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []
    assert len(read_kept(path).machines) == 40


def test_what_another_process_has_kept_meanwhile_stays(path: Path) -> None:
    """The plugin has read the file before the program writes it, in every run of an adopted stack."""
    plugin, program = Identities(path, SystemClock()), Identities(path, SystemClock())
    assert plugin.kept() == NOTHING_KEPT
    program.keep({"WEB": guid(1), "DB": guid(2)}, of_a_run=True)
    program.keep_hosts({HostName("hv1"): UUID})
    at = program.kept().at
    assert plugin.keep({"NEW": guid(3)}) is None
    assert plugin.forget("DB") is None
    again = read_kept(path)
    assert dict(again.machines) == {"WEB": guid(1), "NEW": guid(3)}
    assert (dict(again.hosts), again.at) == ({"hv1": UUID}, at)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """And the machine is known in this process all the same."""
    (tmp_path / "identities").write_text("a file where the folder should be", encoding="utf-8")
    identities = Identities(tmp_path / "identities" / "lab.json", SystemClock())
    assert "cannot be written" in (identities.keep({"WEB": guid(1)}) or "")
    assert identities.kept().machines == {"WEB": guid(1)}


def test_the_time_of_the_last_run_is_told() -> None:
    """By the clocks of the stack, to the minute."""
    kept = NOTHING_KEPT.__class__(at=datetime(2026, 11, 29, 12, 4, 59, tzinfo=UTC))
    said = "Machines are identified by the GUIDs of the last run, 2026-11-29"
    assert kept.reported(UTC) == f"{said} 12:04 UTC"
    assert kept.reported(ZoneInfo("Europe/Berlin")) == f"{said} 13:04 Europe/Berlin"


@AS_ROOT
def test_what_another_user_has_written_is_not_kept_of_us(path: Path) -> None:
    """He would say which machines we manage."""
    identities = Identities(path, SystemClock())
    assert identities.keep({"WEB": guid(1)}) is None
    with pytest.raises(PlacementError, match="belongs to another user"):
        read_kept(of_another(path))
    path.unlink()
    secret = path.with_name("secret")
    secret.write_text("ours", encoding="utf-8")
    link_of_another(path, secret)
    with pytest.raises(PlacementError, match="link of another user"):
        identities.keep({"DB": guid(2)})
    assert secret.read_text(encoding="utf-8") == "ours"


def test_the_way_back_of_files_is_kept_until_it_is_forgotten(path: Path) -> None:
    """Beside everything else; a file of an earlier version has none, and a torn one keeps nothing."""
    way = WayBack(
        aside="E:\\a", config="D:\\a", checkpoints="D:\\a", paging="D:\\a", disks={"scsi-0-0": "D:\\a\\os.vhdx"}, entry="1f",
    )  # fmt: skip
    identities = Identities(path, SystemClock())
    assert identities.keep({"VM001": guid(1)}) is None
    assert identities.keep_way_back(guid(1), None) is None
    assert identities.keep_way_back(guid(1), way) is None
    assert read_kept(path).ways_back == {guid(1): way}
    assert identities.keep_way_back(guid(1), None) is None
    assert (read_kept(path).ways_back, read_kept(path).machines) == ({}, {"VM001": guid(1)})
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["ways_back"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_kept(path).machines == {"VM001": guid(1)}

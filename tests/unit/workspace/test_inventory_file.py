"""A recorded inventory: the same text for the same estate, all of it read back, and one line for what is none."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.workspace.inventory_file import Recorded, document, of_hosts, parsed, read, write
from tests.estates import host, inventory, job, machine
from tests.scenarios.estate import shuffled

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ESTATE = inventory(
    host("hv1", machine(1), machine(2, name="<img src=x onerror=alert(1)>]]>&\"'\x1b\n\u202e")),
    host("hv2", machine(3, "hv2"), jobs=(job(3, None),)),
    silent=("hv3",),
)
RECORDED = Recorded(read=NOW, inventory=ESTATE)


def test_what_was_written_is_read_back() -> None:
    """Every value, and when it was read."""
    assert parsed(document(RECORDED), "x") == RECORDED
    assert json.loads(document(RECORDED))["read"] == "2026-01-01T12:00:00+00:00"


def test_the_order_of_answers_is_not_in_the_text() -> None:
    """Nor the reader's time zone, nor its own clock: two recordings of one estate can be compared."""
    clock = replace(ESTATE.hosts[HostName("hv1")])
    assert clock.facts is not None
    later = replace(clock, facts=replace(clock.facts, read_at=99.0))
    other = shuffled(replace(ESTATE, hosts={**ESTATE.hosts, clock.name: later}))
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    assert document(Recorded(read=east, inventory=other)) == document(RECORDED)


@pytest.mark.skipif(os.name != "posix", reason="other permissions")
def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    """It tells where everything is; one that lies there already is replaced."""
    path = tmp_path / "inventory.json"
    path.write_text("old", encoding="utf-8")
    write(path, RECORDED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read(path) == RECORDED
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="links and devices of POSIX")
def test_what_is_no_file_of_ours_is_not_replaced(tmp_path: Path) -> None:
    """A link stays a link, a device a device; somebody's PATH.new stays."""
    link, theirs = tmp_path / "latest.json", tmp_path / "latest.json.new"
    link.symlink_to("real.json")
    theirs.write_text("theirs", encoding="utf-8")
    write(link, RECORDED)
    assert link.is_symlink()
    assert read(tmp_path / "real.json") == RECORDED
    assert theirs.read_text(encoding="utf-8") == "theirs"
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(PlacementError, match="No space left"):
        write(tmp_path / "full", RECORDED)
    assert stat.S_ISCHR(Path("/dev/full").lstat().st_mode)


def _changed(**more: Any) -> str:
    return json.dumps({**json.loads(document(RECORDED)), **more})


def _damaged(*way: str, value: Any) -> str:
    content = json.loads(document(RECORDED))
    at = content["inventory"]
    for key in way[:-1]:
        at = at[key]
    at[way[-1]] = value
    return json.dumps(content)


GARBAGE = {
    "empty": "",
    "no JSON": "hosts: {}",
    "no object": "[]",
    "nested": "[" * 100_000,
    "bytes": b"\xff\xfe\x00",
    "another format": _changed(format="something"),
    "another version": _changed(version=2),
    "no time": _changed(read=None),
    "a time of no zone": _changed(read="2026-01-01T12:00:00"),
    "no inventory": _changed(inventory=None),
    "a list of hosts": _damaged("hosts", value=[]),
    "a key that no host has": _damaged("hosts", "hv1", "colour", value="red"),
    "a text for a number": _damaged("hosts", "hv1", "facts", "memory_free_mib", value="much"),
    "a number for a text": _damaged("hosts", "hv1", "facts", "full_name", value=1),
    "a name that is none": _damaged("hosts", "hv1", "facts", "full_name", value="x$(calc)'; #"),
    "a computer's name that is none": _damaged("hosts", "hv1", "facts", "computer_name", value="hv\u202e1"),
    "a host under another name": _damaged("hosts", "hv1", "name", value="hv9"),
    "machines of another host": _damaged("hosts", "hv1", "vms", value=[json.loads(document(RECORDED))["inventory"]["hosts"]["hv2"]["vms"][0]]),
    "a host that is silent, too": _damaged("unreachable", "hv1", value={"name": "hv1", "reason": "x"}),
}  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_none_is_one_line_with_the_way_out(text: str | bytes) -> None:
    """No traceback, whatever stands in the file."""
    with pytest.raises(PlacementError) as caught:
        parsed(text, "inventory.json")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("inventory.json is no recorded inventory that can be read: ")
    assert "bin/placement inventory STACK --save FILE" in str(caught.value)


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    """And one that cannot be written, too."""
    with pytest.raises(PlacementError, match="inventory STACK --save FILE"):
        read(tmp_path / "nothing.json")
    with pytest.raises(PlacementError, match="cannot be written"):
        write(tmp_path / "no" / "folder.json", RECORDED)


def test_hosts_that_were_not_recorded_are_unknown() -> None:
    """And those that the stack has no more do not count: as if the hosts had been asked."""
    wanted = dict.fromkeys(map(HostName, ("hv2", "hv4", "hv3")))
    found = of_hosts(ESTATE, wanted)
    assert list(found.hosts) == ["hv2"]
    assert list(found.unreachable) == ["hv4", "hv3"]
    assert "record it anew" in found.unreachable[HostName("hv4")].reason


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ('"build": 20348', '"build": NaN'),
        ('"build": 20348', '"build": 1e400'),
        ('"build": 20348', '"build": 20348, "build": 1'),
        ('"build": 20348', '"build": [20348]'),
        ('"vms": [', '"vms": "abc", "x": ['),
        ('"format"', '"\\ud800": 1, "format"'),
        ('"2026-01-01T12:00:00+00:00"', '"0001-01-01T00:00:00+23:59"'),
        ('"2026-01-01T12:00:00+00:00"', '"2026-01-01T12:00:00"'),
    ],
)
def test_what_readers_would_take_in_different_ways_is_refused(what: str, instead: str) -> None:
    """In one line; nothing is planned from it."""
    text = document(RECORDED)
    assert what in text
    with pytest.raises(PlacementError, match="is no recorded inventory that can be read") as caught:
        parsed(text.replace(what, instead, 1), "x.json")
    assert "\n" not in str(caught.value)

"""Torn files of a local backend: mended where that loses nothing, otherwise said."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from hyperv_placement.workspace.torn_state import Mended, mend

PROJECT, STACK = "hyperv-placement", "prod"
TORN = (b"", b"{", b"\x00" * 64, b'{"version": 3}', b"[]", b"null", b"\xff\xfe", b"[" * 100_000)


def state(serial: int) -> bytes:
    """Return a state as the engine writes it, as far as it is looked at."""
    return json.dumps({"version": 3, "checkpoint": {"stack": STACK, "latest": {"serial": serial}}}).encode()


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """The folder of the project's stacks in a backend, with a whole state and the one before."""
    folder = tmp_path / "stacks" / PROJECT
    folder.mkdir(parents=True)
    (folder / f"{STACK}.json").write_bytes(state(2))
    (folder / f"{STACK}.json.bak").write_bytes(state(1))
    (folder / f"{STACK}.json.attrs").write_bytes(b"{}")
    (tmp_path / "meta.yaml").write_text("version: 1\n", encoding="ascii")
    return folder


def mended(folder: Path) -> list[Mended]:
    """Mend the backend."""
    return list(mend(folder.parents[1], PROJECT, STACK))


def test_what_is_whole_is_left_alone(stacks: Path, tmp_path: Path) -> None:
    """Nor is anything made where there is no backend."""
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert mended(stacks) == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert list(mend(tmp_path / "nowhere", PROJECT, STACK)) == []


@pytest.mark.parametrize("torn", TORN, ids=range(len(TORN)))
def test_a_torn_state_is_kept_and_the_one_before_takes_its_place(stacks: Path, torn: bytes) -> None:
    """Whatever tore it; its attributes go with it."""
    path = stacks / f"{STACK}.json"
    path.write_bytes(torn)
    [done] = mended(stacks)
    assert (done.done, done.text.split(":")[0]) == (True, "the state was torn")
    assert path.read_bytes() == state(1)
    assert (stacks / f"{STACK}.json.torn").read_bytes() == torn
    assert not (stacks / f"{STACK}.json.attrs").exists()
    assert mended(stacks) == []


def test_of_several_the_newest_whole_one_is_taken(stacks: Path, tmp_path: Path) -> None:
    """The backup beside it may be torn as well; what was kept before is not written over."""
    backups = tmp_path / "backups" / PROJECT / STACK
    backups.mkdir(parents=True)
    for serial, content in ((7, state(7)), (8, state(8)), (9, b"{")):
        (backups / f"{STACK}.{serial}.json").write_bytes(content)
        # Their order is that of their times.
        os_time = 1_700_000_000 + serial
        os.utime(backups / f"{STACK}.{serial}.json", (os_time, os_time))
    (stacks / f"{STACK}.json").write_bytes(b"{")
    (stacks / f"{STACK}.json.bak").write_bytes(b"")
    (stacks / f"{STACK}.json.torn").write_bytes(b"an earlier one")
    [done] = mended(stacks)
    assert f"{STACK}.8.json has taken its place" in done.text
    assert (stacks / f"{STACK}.json").read_bytes() == state(8)
    assert (stacks / f"{STACK}.json.torn").read_bytes() == b"an earlier one"
    assert (stacks / f"{STACK}.json.torn1").read_bytes() == b"{"


def test_without_a_whole_one_nothing_is_touched(stacks: Path) -> None:
    """A person brings one back, or starts anew."""
    for name in (f"{STACK}.json", f"{STACK}.json.bak"):
        (stacks / name).write_bytes(b"{")
    [found] = mended(stacks)
    assert (found.done, (stacks / f"{STACK}.json").read_bytes()) == (False, b"{")
    assert "no older state of it is whole" in found.text


def test_a_compressed_state_is_judged_by_what_is_in_it(stacks: Path) -> None:
    """As PULUMI_DIY_BACKEND_GZIP has the engine write it."""
    (stacks / f"{STACK}.json").unlink()
    path = stacks / f"{STACK}.json.gz"
    path.write_bytes(gzip.compress(state(4)))
    assert mended(stacks) == []
    path.with_name(f"{path.name}.bak").write_bytes(path.read_bytes())
    path.write_bytes(gzip.compress(state(5))[:20])
    [done] = mended(stacks)
    assert done.done
    assert gzip.decompress(path.read_bytes()) == state(4)


def test_what_lies_beside_it_is_mended_and_holds_are_not(stacks: Path, tmp_path: Path) -> None:
    """A torn file of tags would hold nothing any more if it were taken away."""
    (tmp_path / "meta.yaml").write_bytes(b"")
    (stacks / f"{STACK}.json.attrs").write_bytes(b"")
    (stacks / f"{STACK}.json.18c2f.tmp").write_bytes(b"")
    tags = stacks / f"{STACK}.pulumi-tags"
    tags.write_bytes(b'{"tags": {"placement:hold')
    texts = {found.text.split(" ")[0]: found.done for found in mended(stacks)}
    assert texts == {
        "meta.yaml": True, f"{STACK}.json.attrs": True, f"{STACK}.json.18c2f.tmp": True, str(tags): False,
    }  # fmt: skip
    assert (tmp_path / "meta.yaml").read_text(encoding="ascii") == "version: 1\n"
    assert tags.exists()


def test_a_store_of_another_layout_is_not_given_a_version(tmp_path: Path) -> None:
    """Stacks without their project's folder are of the layout before, which has no such file."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "meta.yaml").write_bytes(b"")
    [found] = mend(tmp_path, PROJECT, STACK)
    assert (found.done, (tmp_path / "meta.yaml").read_bytes()) == (False, b"")


def test_other_stacks_are_not_looked_at(stacks: Path) -> None:
    """Somebody may be at work on them."""
    (stacks / "lab.json").write_bytes(b"{")
    assert mended(stacks) == []

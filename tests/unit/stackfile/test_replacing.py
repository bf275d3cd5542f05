"""A stack file is replaced whole, and never over somebody's edit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.stackfile.replacing import StackFileChangedError, difference, replacement
from tests.strangers import AS_ROOT, STRANGER, link_of_another

OLD = "hosts:\n  hv1: {address: hv1}\nvms:\n  VM001: {host: hv1}\n"
NEW = f"{OLD}  VM002: {{host: hv1}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A stack file, alone in its folder."""
    path = tmp_path / "lab.yaml"
    path.write_bytes(OLD.encode())
    return path


def test_what_was_loaded_takes_the_place_of_the_old_one(file: Path) -> None:
    """With its mode, and nothing is left behind."""
    file.chmod(0o640)
    with replacement(file, OLD.encode()) as fresh:
        assert list(fresh.load(NEW).vms) == ["VM001", "VM002"]
        fresh.keep()
    assert file.read_bytes() == NEW.encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_an_edit_made_meanwhile_stays(file: Path) -> None:
    """Whoever saved the file while the new one was proved has the last word, even without a change of meaning."""
    edited = f"{OLD}# a colleague's remark\n"
    with replacement(file, OLD.encode()) as fresh:
        fresh.load(NEW)
        file.write_text(edited, encoding="utf-8")
        with pytest.raises(StackFileChangedError):
            fresh.keep()
    assert file.read_text(encoding="utf-8") == edited
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_is_gone_does_not_come_back(file: Path) -> None:
    """Somebody has removed or renamed it meanwhile."""
    with replacement(file, OLD.encode()) as fresh:
        fresh.load(NEW)
        file.unlink()
        with pytest.raises(PlacementError, match="cannot be written"):
            fresh.keep()
    assert list(file.parent.iterdir()) == []


def test_what_does_not_load_leaves_nothing(file: Path) -> None:
    """Neither the old file is touched, nor is there a new one; what the loader says is said of the old name."""
    with replacement(file, OLD.encode()) as fresh:
        with pytest.raises(StackFileError) as wrong:
            fresh.load("vms: {}\n")
        assert fresh.reported(wrong.value.message).startswith(str(file))
    assert file.read_bytes() == OLD.encode()
    assert list(file.parent.iterdir()) == [file]


def test_the_files_of_others_beside_it_are_left_alone(file: Path) -> None:
    """Our own has a name that nobody else has."""
    other = file.with_name(".lab.yaml.accepted")
    other.write_text("mine", encoding="utf-8")
    with replacement(file, OLD.encode()) as fresh:
        fresh.load(NEW)
        fresh.keep()
    assert other.read_text(encoding="utf-8") == "mine"


@AS_ROOT
@pytest.mark.parametrize(
    ("old", "group", "new"),
    [
        (0o644, STRANGER, 0o644),
        (0o640, STRANGER, 0o600),
        (0o666, STRANGER, 0o644),
        (0o660, 0, 0o660),
        (0o600, 0, 0o600),
    ],
)
def test_whose_file_it_was_can_read_it_still(file: Path, old: int, group: int, new: int) -> None:
    """As after `sudo bin/placement drift --accept`, or where a group shares a checkout: and nobody else can who could not."""
    file.chmod(old)
    os.chown(file, STRANGER, group)
    with replacement(file, OLD.encode()) as fresh:
        fresh.load(NEW)
        fresh.keep()
    assert file.read_bytes() == NEW.encode()
    assert file.stat().st_mode & 0o777 == new


@AS_ROOT
def test_a_stack_file_that_another_user_has_linked_is_not_replaced(file: Path) -> None:
    """He would choose which of our files gets the new text."""
    link = link_of_another(file.with_name("link.yaml"), file)
    with pytest.raises(PlacementError, match="link of another user"), replacement(link, OLD.encode()):
        pass
    assert file.read_bytes() == OLD.encode()
    assert sorted(each.name for each in file.parent.iterdir()) == ["lab.yaml", "link.yaml"]


def test_a_difference_is_a_patch_from_the_root_on(file: Path) -> None:
    """`patch -p1` in `/` takes it: one slash behind `a` and `b`."""
    first, second, *_ = difference(file, "vms:\n", "vms: {}\n").splitlines()
    assert (first, second) == (f"--- a{file.as_posix()}", f"+++ b{file.as_posix()}")

"""Windows paths compare the Windows way on every operating system."""

from __future__ import annotations

import pytest

from hyperv_placement.model import winpath


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("D:\\Hyper-V\\VM1", "d:/hyper-v/vm1/"),
        ("D:\\", "d:/"),
        ("D:\\a\\.\\b", "D:\\a\\b"),
        ("\\\\SOFS\\vms\\x", "//sofs/VMS/x"),
        ("\\\\sofs\\vms\\", "\\\\sofs\\vms"),
    ],
)
def test_spellings_of_one_path(one: str, other: str) -> None:
    """Case, separators and a trailing one do not matter."""
    assert winpath.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("D:\\a", "E:\\a"),
        ("D:\\a", "D:\\a1"),
        ("\\\\s\\v\\a", "\\\\s\\w\\a"),
        ("D:\\a b", "D:\\ab"),
        ("D:\\a", "\\\\D\\a"),
    ],
)
def test_different_paths(one: str, other: str) -> None:
    """Drives, shares and blanks do."""
    assert not winpath.same(one, other)


@pytest.mark.parametrize(
    ("folder", "path", "inside"),
    [
        ("D:\\VMs\\web1", "D:\\VMs\\web1", True),
        ("D:\\VMs\\web1\\", "d:/vms/WEB1/Virtual Hard Disks/os.vhdx", True),
        ("D:\\VMs\\web1", "D:\\VMs\\web10\\os.vhdx", False),
        ("D:\\VMs\\web1", "D:\\VMs", False),
        ("D:\\", "D:\\VMs", True),
        ("D:\\", "E:\\VMs", False),
        ("D:\\VMs", "D:\\VMs\\..\\other\\os.vhdx", False),
        ("\\\\sofs\\vms", "\\\\SOFS\\VMS\\web1", True),
        ("\\\\sofs\\vms", "\\\\sofs\\vms2\\web1", False),
    ],
)
def test_a_folder_holds_what_is_beneath_it(folder: str, path: str, *, inside: bool) -> None:
    """A name that merely starts alike is another folder."""
    assert winpath.is_inside(folder, path) == inside


@pytest.mark.parametrize(
    ("path", "share"),
    [
        ("\\\\SOFS\\Vms\\a", "\\\\sofs\\vms"),
        ("//sofs/vms", "\\\\sofs\\vms"),
        ("D:\\a", None),
        ("\\a", None),
        ("a", None),
        ("\\\\?\\D:\\a", None),
        ("\\\\.\\D:\\a", None),
        ("\\\\?\\UNC\\sofs\\vms\\a", None),
    ],
)
def test_only_a_unc_path_is_on_a_share(path: str, share: str | None) -> None:
    """Device paths start with two backslashes too, and are on no share."""
    assert winpath.share(path) == share
    assert winpath.is_unc(path) == (share is not None)


@pytest.mark.parametrize(
    ("path", "absolute"),
    [
        ("D:\\a", True), ("D:/a", True), ("d:\\", True), ("\\\\s\\v\\a", True),
        ("D:a", False), ("D:", False), ("\\a", False), ("/a", False), ("a\\b", False), ("fast", False), ("", False),
        ("\\\\?\\D:\\a", False), ("1:\\a", False),
    ],
)  # fmt: skip
def test_what_starts_at_a_root(path: str, *, absolute: bool) -> None:
    """A drive with a backslash, or a share; a drive alone is the current folder of that drive."""
    assert winpath.is_absolute(path) == absolute


def test_cutting_and_joining() -> None:
    """Parts come back as they were put together, with backslashes."""
    assert winpath.join("D:/VMs", "web1", "os.vhdx") == "D:\\VMs\\web1\\os.vhdx"
    assert winpath.join("\\\\sofs\\vms\\", "web1") == "\\\\sofs\\vms\\web1"
    assert winpath.base_name("D:/VMs/web1/OS.vhdx") == "OS.vhdx"
    assert winpath.base_name("D:\\VMs\\web1\\") == "web1"
    assert winpath.parent("D:\\VMs\\web1\\os.vhdx") == "D:\\VMs\\web1"
    assert winpath.parent("D:\\os.vhdx") == "D:\\"


def test_a_text_names_a_path() -> None:
    """In whatever case, and as a whole: a path that goes on is another one."""
    text = "Failed to create 'D:\\VHD\\Os.vhdx': The file exists. (0x80070050)"
    assert winpath.named_in("d:/vhd/OS.vhdx", text)
    assert not winpath.named_in("d:\\vhd\\os.vhd", text)
    assert not winpath.named_in("e:\\vhd\\os.vhdx", text)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("D:\\Hyper-V\\a.vhdx", "d"),
        ("d:/mounts/FAST/a.vhdx", "fast"),
        ("D:\\mounts\\faster\\a.vhdx", "d"),
        ("E:\\a.vhdx", None),
    ],
)
def test_the_deepest_volume_above_a_file_has_it(path: str, found: str | None) -> None:
    """A volume may be mounted in a folder of another one, in whatever order they are reported."""
    places = winpath.mounted([("D:\\", "d"), ("d:\\Mounts\\Fast", "fast")])
    assert winpath.deepest(winpath.comparable(path), places) == found

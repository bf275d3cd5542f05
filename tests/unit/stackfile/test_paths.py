"""Spellings of Windows paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.model import winpath
from hyperv_placement.stackfile.paths import is_disk_file, is_path, normalized, path_problem

from .conftest import Findings

GOOD = [
    "D:\\", "d:\\Hyper-V", "D:\\Hyper-V\\", "D:/Hyper-V/VM 1", "\\\\sofs\\vms", "\\\\sofs\\vms\\", "//sofs/vms/VM1",
    "D:\\.hidden", "D:\\a.b\\c..d", "C:\\ClusterStorage\\Volume1\\VM1", "D:\\仮想マシン", "D:\\CONSOLE", "D:\\COM10",
    "\\\\10.0.0.1\\D$\\VMs", "D:\\it's & (x) [y] {z} #1 %TEMP%",
]  # fmt: skip

BAD = [
    ("Hyper-V\\VM1", "names no drive; write the full path"),
    ("\\Hyper-V", "names no drive"),
    (".\\x", "names no drive"),
    ("D:Hyper-V", "is relative to the current folder of drive D:; write 'D:\\Hyper-V'"),
    ("D:", "write 'D:\\'"),
    ("1:\\x", "names no drive"),
    ("é:\\x", "names no drive"),
    ("DD:\\x", "names no drive"),
    ("/var/lib/vms", "is a POSIX path; files of a virtual machine lie on Windows"),
    ("\\\\?\\D:\\x", "is a device path; write it without \\\\?\\"),
    ("//?/D:/x", "is a device path"),
    ("\\\\.\\D:\\x", "is a device path; write it without \\\\.\\"),
    ("\\\\sofs", "names no share; write '\\\\server\\share\\folder'"),
    ("\\\\sofs\\", "names no share"),
    ("\\\\\\sofs\\vms", "names no share"),
    ("D:\\\\Hyper-V\\\\VM1", "has a doubled backslash; in single quotes"),
    ("\\\\\\\\sofs\\\\vms", "names no share"),
    ("\\\\sofs\\vms\\\\x", "has a doubled backslash"),
    ("D:\\a\\..\\b", "goes through '..'; write the path without it"),
    ("D:\\.\\b", "goes through '.'"),
    ("\\\\sofs\\vms\\..", "goes through '..'"),
    ("D:\\a \\b", "has a part that ends in a blank or a dot ('a ')"),
    ("D:\\a.", "ends in a blank or a dot ('a.')"),
    ("D:\\a\\ ", "ends in a blank"),
    ("D:\\a?b", "holds '?' in 'a?b', which Windows reserves"),
    ("D:\\a:b", "holds ':'"),
    ("D:\\a*", "holds '*'"),
    ("D:\\<a>", "holds '<'"),
    ('D:\\a"b', "holds '\"'"),
    ("D:\\a|b", "holds '|'"),
    ("D:\\a\tb", "holds '\\t'"),
    ("D:\\a\x7fb", "holds a control character"),
    ("D:\\con", "a device of Windows"),
    ("D:\\Com1.vhdx", "a device of Windows"),
    ("D:\\x\\NUL.tar.gz", "a device of Windows"),
    ("D:\\" + "a" * 256, "has a part of 256 characters; Windows allows 255"),
    ("https://x/y", "names no drive"),
]  # fmt: skip


@pytest.mark.parametrize("path", GOOD)
def test_full_paths_are_accepted(path: str) -> None:
    """Drive or share, either slash; what is accepted becomes a path that planning takes for absolute."""
    assert path_problem(path) is None
    assert winpath.is_absolute(normalized(path))
    assert "/" not in normalized(path)


@pytest.mark.parametrize(("path", "problem"), BAD)
def test_other_forms_are_refused_with_the_right_one(path: str, problem: str) -> None:
    """Each wrong form has words of its own."""
    found = path_problem(path)

    assert found is not None
    assert problem in found


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters='\\/:*?"<>|'), min_size=1), max_size=5)
)
def test_an_accepted_path_is_kept_by_normalizing(parts: list[str]) -> None:
    """Normalizing changes separators only: it never drops or joins parts of an accepted path."""
    path = "\\".join(["D:", *parts]) if parts else "D:\\"

    if path_problem(path) is None:
        assert normalized(path) == path


@pytest.mark.parametrize(
    ("location", "path"),
    [("fast", False), ("fast disks", False), ("D:x", True), ("a\\b", True), ("a/b", True)],
)
def test_a_location_without_separators_is_the_name_of_a_root(location: str, path: bool) -> None:
    """Names of roots can hold none of the characters that paths need."""
    assert is_path(location) == path


def test_files_of_disks_are_recognized_by_their_extension() -> None:
    """Case does not matter, and a folder may have a dot in its name."""
    assert is_disk_file("D:\\x\\OS.VHDX")
    assert is_disk_file("D:\\x\\os.vhds")
    assert not is_disk_file("D:\\x\\web.corp.example")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hosts: {hv1: {address: h, storage: {r: 'x'}}}\nvms: {}", "1: hosts.hv1.storage.r: 'x' names no drive"),
        ("hosts: {hv1: {address: h, storage: {r: 'D:\\a.vhdx'}}}\nvms: {}", "1: hosts.hv1.storage.r: 'D:\\a.vhdx' names the file of a disk; a root is a folder"),
        ("hosts: {hv1: {address: h}}\nvms: {A: {storage: /x}}", "2: vms.A.storage: '/x' is a POSIX path"),
        ("hosts: {hv1: {address: h}}\nvms: {A: {storage: {paging: 'D:x'}}}", "2: vms.A.storage.paging: 'D:x' is relative"),
        ("hosts: {hv1: {address: h}}\nvms: {A: {storage: {config: 'D:\\os.vhdx'}}}", "2: vms.A.storage.config: 'D:\\os.vhdx' is the file of a disk; a folder is wanted"),
        ("hosts: {hv1: {address: h}}\nvms: {A: {storage: {disks: {a.vhdx: 'D:\\x?'}}}}", "2: vms.A.storage.disks.a.vhdx: 'D:\\x?' holds '?'"),
        ("hosts: {hv1: {address: h}}\nvms: {A: {storage: {disks: {a.vhdx: 'D:\\a.vhd'}}}}", "2: vms.A.storage.disks.a.vhdx: 'D:\\a.vhd' would make a .vhdx a .vhd"),
        ("hosts: {hv1: {address: h}}\nvms: {A: {storage: {disks: {con.vhdx: 'D:\\x'}}}}", "2: vms.A.storage.disks: 'con.vhdx' has a part named 'con.vhdx', which is a device"),
        ("hosts: {hv1: {address: h}}\nvms: {A: {storage: {disks: {a.vhdx: 'D:\\x', A.VHDX: 'D:\\y'}}}}", "2: vms.A.storage.disks: 'A.VHDX' and 'a.vhdx' are one disk to Windows"),
    ],
)  # fmt: skip
def test_every_location_of_a_stack_file_is_checked(findings: Findings, line: str, expected: str) -> None:
    """Roots, parts and disks: the finding says which."""
    found = findings(line)

    assert len(found) == 1
    assert found[0].startswith(expected)

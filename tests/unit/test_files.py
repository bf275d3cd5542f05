"""Files of ours are whole or not there; what is somebody's, or no file, is not replaced."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from providers.files import append_line, draft, write_whole

POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and permissions of POSIX")
LIMITED = """
import pathlib, resource, sys
from providers.files import append_line, write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
write = {"whole": write_whole, "line": append_line}[sys.argv[1]]
try:
    write(pathlib.Path(sys.argv[2]), "x" * 100)
except OSError as error:
    print(type(error).__name__, error.errno)
"""


def limited(what: str, path: Path) -> str:
    """Write a hundred characters where a file may have 40, which is what a full disk does; return what came of it."""
    command = [sys.executable, "-c", LIMITED, what, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    """Nothing else lies beside it then."""
    path = tmp_path / "a.json"
    write_whole(path, "one\n")
    write_whole(path, "two: ü\n")
    assert path.read_bytes() == "two: ü\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_no_encoding_knows_stays_readable(tmp_path: Path) -> None:
    """A system may give names that are no text."""
    write_whole(tmp_path / "a", "x\udcffy")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "x\\udcffy"


@POSIX
def test_only_its_owner_reads_it_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    """A file that was open before is closed; with None, a file keeps its mode."""
    path = tmp_path / "a"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    write_whole(path, "new", mode=None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    write_whole(path, "newer")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_long_name_leaves_room_for_its_draft(tmp_path: Path) -> None:
    """255 bytes are what most systems allow."""
    path = tmp_path / ("ü" * 127)
    write_whole(path, "x")
    assert list(tmp_path.iterdir()) == [path]


@POSIX
def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    """Also where that file is not there yet."""
    link = tmp_path / "latest"
    (tmp_path / "folder").mkdir()
    link.symlink_to(Path("folder") / "real")
    write_whole(link, "one")
    write_whole(link, "two")
    assert link.is_symlink()
    assert (tmp_path / "folder" / "real").read_text(encoding="utf-8") == "two"
    assert [each.name for each in (tmp_path / "folder").iterdir()] == ["real"]


@POSIX
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """Its reader gets the whole text; it is a pipe afterwards."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_whole(pipe, "x" * 100_000)
    reader.join(10)
    assert read == ["x" * 100_000]
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_device_is_written_to(tmp_path: Path) -> None:
    """A device that is full says so, and stays a device; one that takes everything, too."""
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write_whole(link, "x")
    with pytest.raises(OSError, match="No space left"):
        append_line(link, "x")
    write_whole(Path("/dev/null"), "x")
    assert stat.S_ISCHR(Path("/dev/full").lstat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").lstat().st_mode)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout")
def test_the_output_of_this_process_is_not_replaced(tmp_path: Path) -> None:
    """Be it a file: what was printed before stands above, what is printed later below."""
    code = (
        "import pathlib; from providers.files import write_whole\n"
        "print('before'); write_whole(pathlib.Path('/dev/stdout'), 'it\\n'); print('after')"
    )
    path = tmp_path / "out"
    with path.open("wb") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)
    assert path.read_text(encoding="utf-8") == "before\nit\nafter\n"


def test_what_lies_beside_it_is_not_ours(tmp_path: Path) -> None:
    """Somebody may have a PATH.new, or a PATH.tmp."""
    for name in ("a.new", "a.tmp", ".a.tmp"):
        (tmp_path / name).write_text("theirs", encoding="utf-8")
    write_whole(tmp_path / "a", "ours")
    assert {each.name: each.read_text(encoding="utf-8") for each in tmp_path.iterdir()} == {
        "a": "ours", "a.new": "theirs", "a.tmp": "theirs", ".a.tmp": "theirs",
    }  # fmt: skip


@POSIX
def test_on_a_full_disk_the_old_file_stays(tmp_path: Path) -> None:
    """And no half of the new one."""
    path = tmp_path / "a"
    path.write_text("old", encoding="utf-8")
    assert limited("whole", path).startswith("OSError")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_below_a_file_there_is_no_folder(tmp_path: Path) -> None:
    """It is an OSError, as every failure is; nothing is left."""
    (tmp_path / "a").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="a"):
        write_whole(tmp_path / "a" / "b", "x")
    with pytest.raises(OSError, match="a"):
        append_line(tmp_path / "a" / "b", "x")
    with pytest.raises(OSError, match="no"):
        write_whole(tmp_path / "no" / "b", "x")
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_a_draft_that_is_not_kept_goes(tmp_path: Path) -> None:
    """Whatever ends it."""
    place = tmp_path / "a"

    def given_up() -> None:
        with draft(place) as fresh:
            fresh.write("x")
            assert fresh.path.parent == tmp_path
            raise KeyError

    with pytest.raises(KeyError):
        given_up()
    assert list(tmp_path.iterdir()) == []


def test_a_line_is_appended_in_a_folder_that_is_made(tmp_path: Path) -> None:
    """Each is a line of its own."""
    path = tmp_path / "new" / "folder" / "log"
    append_line(path, "one")
    append_line(path, "two")
    assert path.read_bytes() == b"one\ntwo\n"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@POSIX
def test_a_torn_line_costs_itself_only(tmp_path: Path) -> None:
    """The next one begins on a new line."""
    path = tmp_path / "log"
    append_line(path, "one")
    assert limited("line", path).startswith("OSError")
    append_line(path, "two")
    first, torn, last = path.read_text(encoding="utf-8").splitlines()
    assert (first, last) == ("one", "two")
    assert set(torn) == {"x"}

"""Files of ours are whole or not there; what is somebody's, or no file, is not replaced."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperv_placement.system import ForeignError
from hyperv_placement.system.files import append_line, draft, read_bounded, read_own, write_whole
from tests.strangers import AS_ROOT, link_of_another, of_another

POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and permissions of POSIX")
LIMITED = """
import pathlib, resource, sys
from hyperv_placement.system.files import append_line, write_whole
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
        "import pathlib; from hyperv_placement.system.files import write_whole\n"
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


@AS_ROOT
@pytest.mark.parametrize("write", [write_whole, append_line])
def test_nothing_is_written_through_a_link_of_another_user(
    write: Callable[[Path, str], None], tmp_path: Path
) -> None:
    """He would choose which of our files is replaced, or gets a line."""
    secret = tmp_path / "secret"
    secret.write_text("ours", encoding="utf-8")
    link = link_of_another(tmp_path / "log.jsonl", secret)
    with pytest.raises(OSError, match="link of another user"):
        write(link, "x")
    assert secret.read_text(encoding="utf-8") == "ours"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log.jsonl", "secret"]


@AS_ROOT
def test_our_own_link_is_not_followed_to_where_others_may_put_things(tmp_path: Path) -> None:
    """The file would be somebody's by tomorrow."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    link = tmp_path / "latest"
    link.symlink_to(tmp_path / "shared" / "file")
    with pytest.raises(OSError, match="others may write"):
        write_whole(link, "x")
    assert list((tmp_path / "shared").iterdir()) == []


@AS_ROOT
def test_no_line_goes_into_a_file_or_a_pipe_of_another_user(tmp_path: Path) -> None:
    """He reads it, or keeps it open."""
    path = tmp_path / "log"
    path.touch()
    with pytest.raises(OSError, match="belongs to another user"):
        append_line(of_another(path), "x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="belongs to another user"):  # though nobody reads it: it is not opened
        write_whole(of_another(tmp_path / "pipe"), "x")
    assert path.read_bytes() == b""


@POSIX
def test_a_log_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    """With the folder that it lies in."""
    path = tmp_path / "audit" / "lab.jsonl"
    path.parent.mkdir(mode=0o755)
    path.write_text("old\n", encoding="utf-8")
    path.chmod(0o644)
    append_line(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_bytes() == b"old\nnew\n"


@POSIX
def test_a_draft_that_was_exchanged_is_not_written(tmp_path: Path) -> None:
    """By a link, or by another name of a file of ours."""
    (tmp_path / "secret").write_text("ours", encoding="utf-8")
    with draft(tmp_path / "a") as fresh:
        fresh.path.unlink()
        fresh.path.hardlink_to(tmp_path / "secret")
        with pytest.raises(OSError, match="another file has taken its place"):
            fresh.write("x")
        fresh.path.unlink()
        fresh.path.symlink_to(tmp_path / "secret")
        with pytest.raises(OSError, match="a link has taken its place"):
            fresh.write("x")
    assert (tmp_path / "secret").read_text(encoding="utf-8") == "ours"


def pipe(path: Path) -> Path:
    """Return a pipe that nobody writes to."""
    os.mkfifo(path)
    return path


def endless(path: Path) -> Path:
    """Return a file that has 16 TiB and takes no room."""
    with path.open("wb") as file:
        file.truncate(1 << 40)
    return path


@POSIX
@pytest.mark.parametrize("read", [read_bounded, read_own])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pipe, "but a pipe"),
        (lambda at: (at.mkdir(), at)[1], "but a folder"),
        (lambda _: Path("/dev/zero"), "but a device"),
        (lambda at: (at.symlink_to("/dev/zero"), at)[1], "but a device"),
        (endless, "it is larger than 64 bytes"),
        (lambda at: at.with_name("a\0b"), "its name holds a NUL"),
        (lambda at: at, "No such file"),
    ],
    ids=["pipe", "folder", "device", "link to a device", "huge", "NUL", "missing"],
)
def test_what_is_no_file_of_a_size_is_refused_at_once(
    read: Callable[[Path, int], bytes], make: Callable[[Path], Path], said: str, tmp_path: Path
) -> None:
    """Nothing waits, and no memory fills."""
    with pytest.raises(OSError, match=said):
        read(make(tmp_path / "a"), 64)


@POSIX
def test_a_socket_is_refused(tmp_path: Path) -> None:
    """It cannot be opened at all."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="but a socket"):
            read_bounded(tmp_path / "s", 64)


def test_a_file_of_just_the_size_is_read(tmp_path: Path) -> None:
    """To its last byte."""
    (tmp_path / "a").write_bytes(b"x" * 64)
    assert read_bounded(tmp_path / "a", 64) == b"x" * 64
    assert read_own(tmp_path / "a", 64) == b"x" * 64
    with pytest.raises(OSError, match="larger"):
        read_bounded(tmp_path / "a", 63)


@AS_ROOT
def test_what_others_made_or_could_have_made_is_not_taken_for_ours(tmp_path: Path) -> None:
    """A file of theirs, one that they may write, and one in a folder that they may write."""
    path = tmp_path / "folder" / "a"
    path.parent.mkdir()
    path.write_text("x", encoding="utf-8")
    assert read_own(path, 64) == b"x"
    path.chmod(0o666)
    with pytest.raises(ForeignError, match="others may write"):
        read_own(path, 64)
    path.chmod(0o600)
    path.parent.chmod(0o777)
    with pytest.raises(ForeignError, match="others may write"):
        read_own(path, 64)
    path.parent.chmod(0o1777)
    assert read_own(path, 64) == b"x"
    with pytest.raises(ForeignError, match="belongs to another user"):
        read_own(of_another(path), 64)
    assert read_bounded(path, 64) == b"x"


@POSIX
def test_no_line_goes_into_a_file_that_has_a_second_name(tmp_path: Path) -> None:
    """Whoever may write the folder could have given our own file that name."""
    (tmp_path / "secret").write_text("ours", encoding="utf-8")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "lab.jsonl").hardlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="hard link"):
        append_line(tmp_path / "logs" / "lab.jsonl", "x")
    assert (tmp_path / "secret").read_text(encoding="utf-8") == "ours"

"""Whose a file is, and which links are followed on the way to it."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from hyperv_placement.system import ForeignError, account, belongings, place_of, private_folder
from hyperv_placement.system.values import is_device
from tests.strangers import AS_ROOT, STRANGER, link_of_another, of_another

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")


@POSIX
def test_the_account_is_that_of_the_process_whatever_the_environment_says() -> None:
    """LOGNAME and its brothers are anybody's to set."""
    names = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "ceo")
    code = "from hyperv_placement.system import account as who; print(who().id, who().name)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **names}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(os.geteuid()), pwd.getpwuid(os.geteuid()).pw_name]
    assert account().id == str(os.geteuid())


@POSIX
@pytest.mark.parametrize(
    ("mode", "write", "read"),
    [(0o600, False, False), (0o604, False, True), (0o602, True, False), (0o644, False, True)],
)
def test_what_others_may_do_is_seen(tmp_path: Path, mode: int, write: bool, read: bool) -> None:
    """By path and by descriptor alike."""
    path = tmp_path / "a"
    path.touch()
    path.chmod(mode)
    with path.open("rb") as file:
        assert belongings(path) == belongings(file.fileno())
    found = belongings(path)
    assert (found.trusted, found.others_write, found.others_read) == (True, write, read)


@AS_ROOT
def test_a_group_of_others_counts_as_others(tmp_path: Path) -> None:
    """The user's private group does not."""
    path = tmp_path / "a"
    path.touch()
    path.chmod(0o660)
    os.chown(path, -1, STRANGER)
    assert belongings(path).others_write
    os.chown(path, -1, pwd.getpwuid(0).pw_gid)
    assert not belongings(path).others_write


@AS_ROOT
def test_a_link_of_another_user_is_not_followed_wherever_it_stands(tmp_path: Path) -> None:
    """Nor where it names a folder on the way, or is reached through a link of ours."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").touch()
    last = link_of_another(tmp_path / "last", tmp_path / "real" / "file")
    folder = link_of_another(tmp_path / "folder", tmp_path / "real")
    (tmp_path / "ours").symlink_to(last)
    for path in (last, folder / "file", tmp_path / "ours"):
        with pytest.raises(ForeignError, match="is a link of another user"), place_of(path):
            pass


@POSIX
def test_a_way_over_our_own_links_is_gone(tmp_path: Path) -> None:
    """Relative ones, those that lead up again, and those to what is not there yet."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "up").symlink_to("a/b/..")
    (tmp_path / "a" / "new").symlink_to("b/file")
    with place_of(tmp_path / "up" / "new") as place:
        assert place.path == tmp_path / "a" / "b" / "file"
    with place_of(tmp_path) as place:
        assert place.path == tmp_path
    (tmp_path / "dot").symlink_to(".")
    with place_of(tmp_path / "dot") as place:
        assert place.path == tmp_path


@POSIX
def test_a_ring_of_links_ends(tmp_path: Path) -> None:
    """As the kernel's own way does."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"), place_of(tmp_path / "a"):
        pass


@POSIX
def test_what_becomes_a_link_meanwhile_is_not_followed(tmp_path: Path) -> None:
    """Between the look and the opening somebody has exchanged it."""
    (tmp_path / "secret").touch()
    (tmp_path / "a").touch()
    with place_of(tmp_path / "a") as place:
        (tmp_path / "a").unlink()
        (tmp_path / "a").symlink_to("secret")
        with pytest.raises(ForeignError, match="a link has taken its place"):
            place.open(place.name, os.O_RDONLY)


@POSIX
def test_a_private_folder_is_made_and_a_wide_one_closed(tmp_path: Path) -> None:
    """With those above it that are missing."""
    private_folder(tmp_path / "a" / "b")
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [0o700, 0o700]
    (tmp_path / "a").chmod(0o777)
    private_folder(tmp_path / "a")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


@AS_ROOT
def test_a_folder_of_another_user_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Nor is one made beyond a link of his."""
    (tmp_path / "theirs").mkdir()
    with pytest.raises(ForeignError, match="belongs to another user"):
        private_folder(of_another(tmp_path / "theirs"))
    (tmp_path / "ours").mkdir()
    with pytest.raises(ForeignError, match="link of another user"):
        private_folder(link_of_another(tmp_path / "link", tmp_path / "ours") / "made")
    assert list((tmp_path / "ours").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["CON", "nul", r"stacks\NUL.yaml", "com1.json", "LPT¹", "CON .txt", "aux:x", r"\\.\COM1", "CONIN$"],
)
def test_names_that_mean_devices_to_windows(name: str) -> None:
    """In every folder, whatever follows."""
    assert is_device(PureWindowsPath(name))


@pytest.mark.parametrize(
    "name", ["console.yaml", "com.yaml", "com10", r"nul\a.yaml", "lab.yaml", r"\\server\con\x"]
)
def test_names_that_only_look_like_devices(name: str) -> None:
    """A share, or a folder above, means nothing."""
    assert not is_device(PureWindowsPath(name))


@POSIX
def test_a_full_path_is_gone_from_a_folder_that_has_gone(tmp_path: Path) -> None:
    """Where one stands has no part in it: it may be removed, or another user's, as after `sudo -u`."""
    gone, there = tmp_path / "gone", tmp_path / "there"
    gone.mkdir()
    code = (
        "import os, sys; from pathlib import Path; from hyperv_placement.system.files import write_whole\n"
        "os.rmdir(os.getcwd()); write_whole(Path(sys.argv[1]), 'x')"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "providers")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(there)],
        cwd=gone,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, there.read_text(encoding="utf-8")) == (0, "", "x")


@AS_ROOT
def test_a_folder_for_everybody_is_nobodys_alone() -> None:
    """As /tmp, where one's own link leads there: what is old would be removed in it."""
    code = (
        "import os, sys; from pathlib import Path; from hyperv_placement.system import private_folder\n"
        "os.setuid(int(sys.argv[1])); private_folder(Path('/tmp'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(STRANGER)], capture_output=True, text=True, check=False
    )
    assert "others may write /tmp" in done.stderr, done.stderr

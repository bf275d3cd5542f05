"""Which engine set-up takes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.tools.fakes import posix_only, program, pulumi
from tools.install.engine import COMPLETE, PROGRAMS, SCRIPTS, copy_folder, from_cache, from_path
from tools.install.golang import Go, find_go, go_environment
from tools.workspace import PROJECT


def path(*folders: Path) -> str:
    """Return a PATH of these folders."""
    return os.pathsep.join(map(str, folders))


@posix_only
def test_the_first_pulumi_that_fits_is_taken_not_the_first(tmp_path: Path) -> None:
    """An old one, one without a language host and a broken one, all earlier on PATH, do not hide a good one."""
    old, lonely, broken, good = (tmp_path / name for name in ("old", "lonely", "broken", "good"))
    pulumi(old, "v3.100.0")
    pulumi(lonely, "v3.270.0", language_host=False)
    program(broken, "pulumi-language-python")
    program(broken, "pulumi", "v3.270.0", code=1)
    pulumi(good, "v3.265.1")
    # A language host may also lie elsewhere on PATH.
    found = from_path(path(lonely, good, tmp_path / "none"), not_ours=tmp_path / "bin")
    assert found is not None
    assert found.language_host == str(good)

    found = from_path(path(old, broken, good), not_ours=tmp_path / "bin")
    assert found is not None
    assert (found.pulumi, found.version, found.origin) == (str(good / "pulumi"), "3.265.1", "PATH")


@posix_only
def test_a_pulumi_without_its_python_language_host_is_of_no_use(tmp_path: Path) -> None:
    """The CLI alone cannot run a Python program."""
    pulumi(tmp_path / "lonely", "v3.270.0", language_host=False)
    assert from_path(path(tmp_path / "lonely"), not_ours=tmp_path / "bin") is None


@posix_only
def test_a_linked_pulumi_has_its_language_host_where_it_really_lies(tmp_path: Path) -> None:
    """Homebrew and others put a link on PATH."""
    real = pulumi(tmp_path / "cellar", "v3.270.0")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "pulumi").symlink_to(real)
    found = from_path(path(tmp_path / "links"), not_ours=tmp_path / "bin")
    assert found is not None
    assert found.language_host == str(tmp_path / "cellar")


@posix_only
def test_our_own_wrapper_on_path_is_not_an_engine(tmp_path: Path) -> None:
    """Somebody puts the project's bin on PATH: the wrapper would start itself for ever."""
    pulumi(tmp_path / "bin", "v3.270.0")
    assert from_path(path(tmp_path / "bin"), not_ours=tmp_path / "bin") is None


def whole_copy(folder: Path) -> Path:
    """Write a finished copy of the engine, with small files."""
    for name in (*PROGRAMS, *SCRIPTS):
        program(folder, name, name)
    sizes = {name: (folder / name).stat().st_size for name in (*PROGRAMS, *SCRIPTS)}
    (folder / COMPLETE).write_text(json.dumps(sizes), encoding="utf-8")
    return folder


DAMAGES: dict[str, Callable[[Path], object]] = {
    "program gone": lambda copy: (copy / PROGRAMS[0]).unlink(),
    "script gone": lambda copy: (copy / SCRIPTS[1]).unlink(),
    "program cut short": lambda copy: (copy / PROGRAMS[1]).write_text("", encoding="utf-8"),
    "never finished": lambda copy: (copy / COMPLETE).unlink(),
    "record cut short": lambda copy: (copy / COMPLETE).write_text('{"pulumi"', encoding="utf-8"),
    "not executable": lambda copy: (copy / PROGRAMS[0]).chmod(0o644),
}


@posix_only
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_only_a_whole_copy_in_the_cache_counts(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    """A copy that lacks anything is built again rather than used."""
    copy = whole_copy(tmp_path / "copy")
    found = from_cache(copy)
    assert found is not None
    assert found.pulumi == str(copy / PROGRAMS[0])
    damage(copy)
    assert from_cache(copy) is None


def test_a_copy_is_named_after_all_that_it_is_built_from(tmp_path: Path) -> None:
    """A changed go.sum asks for another copy; the old one stays for clones that use it."""
    for module in ("pulumi", "language-host"):
        shutil.copytree(PROJECT / "tools" / module, tmp_path / "tools" / module)
    before = copy_folder(Path("/cache"), tmp_path)
    assert before == copy_folder(Path("/cache"), PROJECT)
    with (tmp_path / "tools" / "language-host" / "go.sum").open("a", encoding="utf-8") as sums:
        sums.write("example.org/module v1.0.0 h1:0000\n")
    assert copy_folder(Path("/cache"), tmp_path) != before


@posix_only
def test_a_go_on_path_that_is_new_enough_builds(tmp_path: Path) -> None:
    """Nothing is fetched where the user has Go."""
    command = program(tmp_path / "go", "go", "go version go1.26.1 linux/amd64")
    assert find_go(PROJECT, tmp_path / "work", path(tmp_path / "go")) == Go(command=command, own=False)


@posix_only
def test_a_go_that_we_fetched_before_is_used_again(tmp_path: Path) -> None:
    """A build that was broken off goes on with the Go it had; an old one on PATH does not matter."""
    program(tmp_path / "old", "go", "go version go1.19.8 linux/amd64")
    command = program(tmp_path / "work" / "go" / "go" / "bin", "go", "go version go1.26.6 linux/amd64")
    assert find_go(PROJECT, tmp_path / "work", path(tmp_path / "old")) == Go(command=command, own=True)


def test_the_build_keeps_mirrors_and_drops_what_changes_its_result() -> None:
    """A user's proxy stays; another target, flags or a workspace would build something else."""
    user = {
        "GOPROXY": "https://go.corp.example",
        "GOFLAGS": "-mod=mod",
        "GOARCH": "arm",
        "GOWORK": "/w/go.work",
    }
    environ = go_environment(user, Go(command=Path("go"), own=False), Path("/work"))
    assert environ["GOPROXY"] == "https://go.corp.example"
    assert environ["GOWORK"] == "off"
    assert environ["GOTOOLCHAIN"] == "local"
    assert "GOARCH" not in environ
    assert "GOMODCACHE" not in environ
    assert "-mod=mod" not in environ["GOFLAGS"]


def test_a_go_of_our_own_leaves_nothing_in_the_users_folders() -> None:
    """Its module and build caches lie in the folder that is removed after the build."""
    environ = go_environment({}, Go(command=Path("go"), own=True), Path("/work"))
    assert Path(environ["GOMODCACHE"]).parent == Path("/work")
    assert Path(environ["GOCACHE"]).parent == Path("/work")


@posix_only
def test_the_stand_ins_answer_like_programs(tmp_path: Path) -> None:
    """The tests above stand on this."""
    command = program(tmp_path, "go", "go version go1.26.6 linux/amd64")
    assert subprocess.run([command], check=True, capture_output=True, text=True).stdout.startswith(
        "go version"
    )

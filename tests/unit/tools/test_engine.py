"""Which engine set-up takes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.strangers import AS_ROOT, of_another
from tests.unit.tools.fakes import posix_only, program, pulumi
from tools.install.engine import (
    COMPLETE,
    PROGRAMS,
    SCRIPTS,
    changed_file,
    copy_folder,
    from_cache,
    from_record,
    named,
    on_path,
)
from tools.install.errors import SetupError
from tools.install.golang import Go, find_go, go_environment
from tools.install.trusted import private_folder
from tools.workspace import PROJECT


def path(*folders: Path) -> str:
    """Return a PATH of these folders."""
    return os.pathsep.join(map(str, folders))


@posix_only
def test_a_pulumi_on_path_is_not_started_unasked(tmp_path: Path) -> None:
    """Whoever puts a file there would be asked for words, and then for everything; set-up says how to name it."""
    good = pulumi(tmp_path / "good", "v3.270.0")
    program(tmp_path / "bin", "pulumi")
    witness = tmp_path / "started"
    good.write_text(f"#!/bin/sh\ntouch {witness}\necho v3.270.0\n", encoding="utf-8")
    everywhere = path(tmp_path / "none", tmp_path / "bin", Path("relative"), tmp_path / "good")
    assert on_path(everywhere, not_ours=tmp_path / "bin") == good
    assert on_path(path(tmp_path / "bin", Path("good")), not_ours=tmp_path / "bin") is None
    assert not witness.exists()


@posix_only
def test_a_pulumi_that_is_named_is_taken_where_it_serves(tmp_path: Path) -> None:
    """With its language host beside it, or beside what it is a link to, as Homebrew has it."""
    real = pulumi(tmp_path / "cellar", "v3.270.0")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "pulumi").symlink_to(real)
    found = named(str(tmp_path / "links" / "pulumi"))
    assert (found.version, found.origin) == ("3.270.0", "named")
    assert found.language_host == str(tmp_path / "cellar")


@posix_only
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda at: pulumi(at, "v3.100.0"), "is 3.100.0"),
        (lambda at: pulumi(at, "v3.270.0", language_host=False), "does not lie beside"),
        (
            lambda at: (pulumi(at, "v3.270.0"), program(at, "pulumi", "v3.270.0", code=1))[1],
            "gives no version",
        ),
        (lambda at: at / "pulumi", "no absolute path of a program"),
        (lambda _: Path("pulumi"), "no absolute path of a program"),
    ],
    ids=["old", "lonely", "broken", "missing", "relative"],
)
def test_a_pulumi_that_is_named_and_does_not_serve_is_said(
    make: Callable[[Path], Path], said: str, tmp_path: Path
) -> None:
    """Nothing else is taken in its place."""
    with pytest.raises(SetupError, match=said):
        named(str(make(tmp_path / "engine")))


@posix_only
def test_a_pulumi_that_others_may_change_is_not_started(tmp_path: Path) -> None:
    """Not even for its version: by its own mode, its folder's, or that of a folder above."""
    witness = tmp_path / "started"
    command = pulumi(tmp_path / "opt" / "bin", "v3.270.0")
    command.write_text(f"#!/bin/sh\ntouch {witness}\n", encoding="utf-8")
    for open_to_all in (command, command.parent, command.parent.parent):
        mode = open_to_all.stat().st_mode
        open_to_all.chmod(0o777)
        with pytest.raises(SetupError, match="others may write"):
            named(str(command))
        open_to_all.chmod(mode)
    assert not witness.exists()


@AS_ROOT
def test_a_program_of_another_user_is_not_started(tmp_path: Path) -> None:
    """A `go` on PATH builds what is run later, so it counts as well."""
    command = pulumi(tmp_path / "engine", "v3.270.0")
    with pytest.raises(SetupError, match="belongs to another user"):
        named(str(of_another(command)))
    program(tmp_path / "go", "go", "go version go1.26.1 linux/amd64")
    of_another(tmp_path / "go")
    program(tmp_path / "work" / "go" / "go" / "bin", "go", "go version go1.26.6 linux/amd64")
    assert find_go(PROJECT, tmp_path / "work", path(tmp_path / "go")).own


@posix_only
def test_an_engine_that_has_changed_since_it_was_chosen_is_noticed(tmp_path: Path) -> None:
    """Also where size and time are as they were; one that was only read, or touched, has not changed."""
    command = pulumi(tmp_path / "engine", "v3.270.0")
    record = named(str(command)).record()
    assert from_record(record) is not None
    command.touch()
    assert changed_file(record) is None
    found, content = command.stat(), command.read_bytes()
    command.write_bytes(content.replace(b"270", b"271"))
    os.utime(command, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert changed_file(record) == str(command)
    with pytest.raises(SetupError, match="has changed since it was named"):
        from_record(record)
    (tmp_path / "engine" / "pulumi-language-python").unlink()
    command.write_bytes(content)
    assert changed_file(record) == str(tmp_path / "engine" / "pulumi-language-python")
    command.unlink()
    assert from_record(record) is None


@AS_ROOT
def test_a_cache_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    """What lies there is started later."""
    private_folder(tmp_path / "cache")
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    (tmp_path / "cache").chmod(0o777)
    with pytest.raises(SetupError, match="others may write"):
        private_folder(tmp_path / "cache")
    (tmp_path / "cache").chmod(0o700)
    with pytest.raises(SetupError, match="belongs to another user"):
        private_folder(of_another(tmp_path / "cache"))


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

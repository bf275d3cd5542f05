"""An operator's repository: written once, the same the second time, and brought up to date without touching an edit."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hyperv_placement import __version__
from hyperv_placement.commands.cli import main
from hyperv_placement.errors import PlacementError
from hyperv_placement.operations.own_repository.content import content, lock_of
from hyperv_placement.operations.own_repository.judging import judged, kept_digests
from hyperv_placement.operations.own_repository.manifest import FILE, Manifest, manifest_text
from hyperv_placement.operations.own_repository.values import Forge, Piece, Settings
from hyperv_placement.operations.own_repository.wheel import Wheel
from hyperv_placement.operations.own_repository.writing import Asked, Made, make
from hyperv_placement.stackfile import load
from tests.marks import PROJECT

POSIX = pytest.mark.skipif(os.name != "posix", reason="a stand-in for Python is a script")
OURS = Settings(name="site", forge=None)


def wheel(folder: Path, version: str = __version__) -> Path:
    """Write what stands for a wheel: its name says the version, and only its hash is looked at."""
    file = folder / f"hyperv_placement-{version}-py3-none-any.whl"
    file.write_bytes(b"PK\0" + version.encode())
    return file


def init(
    folder: Path,
    file: Path,
    *,
    forge: Forge | None = None,
    name: str | None = None,
    upgrade: bool = False,
    template: bool = False,
    stack: str | None = None,
    sites: bool = False,
) -> Made:
    """Make a repository."""
    return make(
        Asked(
            folder=folder, name=name, forge=forge, wheel=file, upgrade=upgrade, template=template, stack=stack, sites=sites
        )
    )  # fmt: skip


def held(folder: Path) -> dict[str, bytes]:
    """Return every file by its path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def became(made: Made) -> dict[str, str]:
    """Return what became of each file that is not as it was."""
    return {each.place: each.became for each in made.files if each.became != "same"}


def of_earlier(folder: Path, *paths: str) -> None:
    """Let these files of a repository be as an earlier version has written them."""
    place = folder / FILE
    record = json.loads(place.read_text(encoding="utf-8"))
    record["version"] = "0.0.1"
    for path in paths:
        (folder / path).write_bytes(b"as it was before\n")
        record["files"][path] = hashlib.sha256(b"as it was before\n").hexdigest()
    place.write_text(json.dumps(record), encoding="utf-8")


def test_the_second_time_nothing_changes(tmp_path: Path) -> None:
    """Not a byte, the manifest included; the forge is remembered."""
    file = wheel(tmp_path)
    first = init(tmp_path / "site", file, forge="github")
    before = held(tmp_path / "site")
    assert set(became(first).values()) == {"written"}
    assert became(init(tmp_path / "site", file)) == {}
    assert held(tmp_path / "site") == before


def test_what_it_writes_is_what_a_project_needs(tmp_path: Path) -> None:
    """A program of two lines, a launcher for each system, the wheel in the lock by its hash, and no word left to fill in."""
    file = wheel(tmp_path)
    init(tmp_path / "site", file, forge="gitlab")
    files = held(tmp_path / "site")
    assert files["__main__.py"].decode() == "from hyperv_placement.program import main\nmain()\n"
    assert yaml.safe_load(files["Pulumi.yaml"])["plugins"]["providers"] == [
        {"name": "pulumi-python", "path": "plugin"}
    ]
    assert yaml.safe_load(files["Pulumi.yaml"])["name"] == "site"
    assert (
        f"./wheels/{file.name} \\\n    --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"
        in files["requirements.txt"].decode()
    )
    assert files["schemas/stack.schema.json"] == (PROJECT / "schemas" / "stack.schema.json").read_bytes()
    assert b"make setup" not in files[".gitlab-ci.yml"]
    assert b"bin/setup" in files[".gitlab-ci.yml"]
    for path, text in files.items():
        assert not re.search(rb"\$\{[A-Z]+\}", text) or path.startswith((".git", "schemas/")), path
        assert path.endswith(".cmd") == (b"\r\n" in text), path
    for name in ("bin/placement", "bin/pulumi", "bin/setup", "plugin/pulumi-resource-pulumi-python"):
        assert os.access(tmp_path / "site" / name, os.X_OK)
        assert f"{name}.cmd" in files


def test_the_example_is_a_stack_that_moves_nothing(tmp_path: Path) -> None:
    """Whoever begins is read-only until he says otherwise."""
    init(tmp_path / "site", wheel(tmp_path))
    stack = load(tmp_path / "site" / "stacks" / "example.yaml")
    assert stack.guard.max_moves == 0
    assert len(stack.vms) == 2


def test_git_is_kept_from_passwords_and_recordings(tmp_path: Path) -> None:
    """As the pages name them; what has to be committed is not ignored."""
    folder = tmp_path / "site"
    init(folder, wheel(tmp_path), forge="github")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    private = [
        "secrets/hyperv.yaml", ".secrets/directory.yaml", "lab.json", "inventory.json", "review.html", "review.md", ".pulumi/audit/prod.jsonl",
        "secrets/ca.pem", "placement.keytab", ".venv/bin/python", "__pycache__/x.pyc",
    ]  # fmt: skip
    public = [*held(folder), "stacks/prod.yaml", "stacks/Pulumi.prod.yaml"]
    ignored = subprocess.run(
        ["git", "-C", str(folder), "check-ignore", "--no-index", *private, *public],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert ignored == private


def test_an_upgrade_renews_what_nobody_has_edited(tmp_path: Path) -> None:
    """What was edited or deleted stays that way, and what was there before is nobody's to touch, however often it is run."""
    folder, file = tmp_path / "site", wheel(tmp_path)
    folder.mkdir()
    (folder / "README.md").write_text("Ours\n", encoding="utf-8")
    assert became(init(folder, file))["README.md"] == "yours"
    old = f"wheels/{wheel(tmp_path, '0.0.1').name}"
    of_earlier(folder, "bin/setup", "Pulumi.yaml", "requirements.txt", old)
    (folder / "Pulumi.yaml").write_text("name: mine\n", encoding="utf-8")
    (folder / "stacks" / "example.yaml").unlink()
    before = held(folder)

    waiting = init(folder, file)
    assert waiting.waits
    assert held(folder) == before

    done = became(init(folder, file, upgrade=True))
    assert done == {
        "README.md": "yours", "Pulumi.yaml": "edited", "bin/setup": "renewed", "requirements.txt": "renewed",
        "stacks/example.yaml": "gone", old: "removed",
    }  # fmt: skip
    assert (folder / "Pulumi.yaml").read_text(encoding="utf-8") == "name: mine\n"
    assert (folder / "README.md").read_text(encoding="utf-8") == "Ours\n"
    assert not (folder / old).exists()
    after = held(folder)
    assert became(init(folder, file, upgrade=True)) == {
        "README.md": "yours",
        "Pulumi.yaml": "edited",
        "stacks/example.yaml": "gone",
    }
    assert held(folder) == after


def test_a_launcher_that_is_gone_is_named_and_not_called_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asks why `bin/pulumi` is not found runs init again, and must not read that all is in order."""
    words = ["init", str(tmp_path / "site"), "--wheel", str(wheel(tmp_path))]
    assert main(words) == main(words) == 0
    assert "makes it, in all its files: nothing was written." in capsys.readouterr().out
    (tmp_path / "site" / "bin" / "pulumi").unlink()
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "deleted by you, and not written again: bin/pulumi\n" in told
    assert "in all its files" not in told


def test_line_ends_of_git_are_no_edit() -> None:
    """A checkout on Windows may have others; a program is another one with any byte changed."""
    files = {"a.yaml": Piece(content=b"a: 1\nb: 2\n"), "a.whl": Piece(content=b"\0\r\n")}
    manifest = Manifest(settings=OURS, files={path: piece.digest for path, piece in files.items()})
    there = {"a.yaml": b"a: 1\r\nb: 2\r\n", "a.whl": b"\0\n"}
    found = judged(files, manifest, there.get, upgrade=True)
    assert [each.became for each in found] == ["same", "edited"]
    assert kept_digests(found, manifest) == {"a.whl": files["a.whl"].digest}
    assert json.loads(manifest_text(OURS, files, {}))["files"] == dict(manifest.files)


def test_a_wheel_of_another_version_writes_nothing(tmp_path: Path) -> None:
    """Templates and lock would not be those of the code that it holds."""
    for file in (
        wheel(tmp_path, "9.9.9"),
        tmp_path / "other.whl",
        tmp_path / f"hyperv_placement-{__version__}-py3-none-any.whl",
    ):
        with pytest.raises(PlacementError):
            init(tmp_path / "site", file)
    assert not (tmp_path / "site").exists()


def test_a_manifest_that_is_broken_or_newer_stops(tmp_path: Path) -> None:
    """Without it nobody knows what was edited."""
    folder, file = tmp_path / "site", wheel(tmp_path)
    init(folder, file)
    for text in ("{", "[]", '{"format": 2, "version": "9.0"}'):
        (folder / FILE).write_text(text, encoding="utf-8")
        before = held(folder)
        with pytest.raises(PlacementError, match=r"init\.json"):
            init(folder, file, upgrade=True)
        assert held(folder) == before


def test_a_name_that_pulumi_takes_not_is_refused(tmp_path: Path) -> None:
    """The folder's name is only a proposal."""
    with pytest.raises(PlacementError, match="can be no name of a project"):
        init(tmp_path / "my site", wheel(tmp_path))
    init(tmp_path / "my site", wheel(tmp_path), name="my-site")
    assert became(init(tmp_path / "my site", wheel(tmp_path))) == {}


def test_a_template_leaves_the_name_to_pulumi(tmp_path: Path) -> None:
    """`pulumi new` puts it in wherever it stands, and takes the section of the template out."""
    init(tmp_path / "template", wheel(tmp_path), template=True)
    project = yaml.safe_load((tmp_path / "template" / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["name"] == "${PROJECT}"
    assert set(project["template"]) == {"description", "quickstart"}


def test_the_lock_leaves_out_what_only_the_lab_needs() -> None:
    """Every other entry keeps its version and its hashes."""
    ours = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    lock = lock_of(ours, Wheel(name="hyperv_placement-1-py3-none-any.whl", content=b"x"))
    pinned = re.compile(r"^(\S+==\S+)", re.MULTILINE)
    left = set(pinned.findall(ours)) - set(pinned.findall(lock))
    assert [each.split("==")[0] for each in left] == ["trustme"]
    assert lock.count("--hash=") > 500


def test_every_template_is_used() -> None:
    """A file that is added beside the others is written, too, or it does not belong there."""
    folder = PROJECT / "providers" / "hyperv_placement" / "operations" / "own_repository" / "template"
    source = (folder.parent / "content.py").read_text(encoding="utf-8")
    assert [path.name for path in folder.iterdir() if f'"{path.name}"' not in source] == []


@POSIX
@pytest.mark.parametrize("name", ["placement", "pulumi"])
def test_a_command_before_set_up_says_what_to_type(tmp_path: Path, name: str) -> None:
    """One line, and no traceback."""
    init(tmp_path / "site", wheel(tmp_path))
    answer = subprocess.run(
        [sys.executable, str(tmp_path / "site" / "bin" / name)], check=False, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        f"The project is not set up. Run: {tmp_path / 'site' / 'bin' / 'setup'}"
    ]


@POSIX
def test_a_command_after_a_pulled_lock_says_what_to_type(tmp_path: Path) -> None:
    """Who has not set up anew would work with another version than his colleagues; an environment of his own making is his."""
    folder = tmp_path / "site"
    init(folder, wheel(tmp_path))
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    stamp = folder / ".venv" / "placement-setup.txt"
    for stamped, code in (
        (None, 0),
        ("of another lock 3.11", 1),
        (f"{_digest(folder / 'requirements.txt')} 3.11", 0),
    ):
        if stamped is not None:
            stamp.write_text(stamped, encoding="utf-8")
        answer = subprocess.run(
            [sys.executable, str(folder / "bin" / "placement"), "check"],
            check=False,
            capture_output=True,
            text=True,
        )
        assert answer.returncode == code
        assert answer.stdout == ("" if code else "-P -m hyperv_placement.commands check\n")
        assert ("requirements.txt is another one than was installed" in answer.stderr) == bool(code)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_pipelines_of_each_forge_lie_where_it_looks() -> None:
    """And the script that they call where they call it."""
    given = Wheel(name="hyperv_placement-1-py3-none-any.whl", content=b"x")
    github = content(Settings(name="s", forge="github"), given, template=False)
    assert {".github/workflows/apply.yaml", ".github/placement/last-agreed", ".github/CODEOWNERS"} <= set(
        github
    )
    assert github[".github/placement/last-agreed"].executable
    called = {
        name
        for path, piece in github.items()
        if path.startswith(".github/workflows/")
        for name in re.findall(rb"\.github/placement/[\w-]+", piece.content)
    }
    assert {name.decode() for name in called} <= set(github)
    gitlab = content(Settings(name="s", forge="gitlab"), given, template=False)
    assert {".gitlab-ci.yml", "CODEOWNERS"} <= set(gitlab)


def test_pipelines_have_the_stack_that_was_named(tmp_path: Path) -> None:
    """In each place where they have one, and after an upgrade as well."""
    folder, file = tmp_path / "site", wheel(tmp_path)
    init(folder, file, forge="github", stack="north")
    assert became(init(folder, file, upgrade=True)) == {}
    texts = [text for path, text in held(folder).items() if path.startswith(".github/workflows/")]
    assert {name for text in texts for name in re.findall(rb"STACK: (\w+)", text)} == {b"north"}
    with pytest.raises(PlacementError):
        init(tmp_path / "other", file, forge="github", stack="../north")


def test_pipelines_of_many_stacks_take_the_places_of_those_of_one(tmp_path: Path) -> None:
    """Both at once would run everything twice; what goes on with a cut run looks at the one that is there."""
    folder, file = tmp_path / "site", wheel(tmp_path)
    init(folder, file, forge="github", sites=True)
    init(folder, file)
    there = {path.name for path in (folder / ".github" / "workflows").iterdir()}
    assert {"apply-sites.yaml", "drift-sites.yaml"} <= there
    assert there.isdisjoint({"apply.yaml", "drift.yaml"})
    text = (folder / ".github" / "workflows" / "continue.yaml").read_text(encoding="utf-8")
    assert "--workflow apply-sites.yaml" in text
    assert 'startswith("up (")' in text
    init(tmp_path / "one", file, forge="github")
    assert not (tmp_path / "one" / ".github" / "workflows" / "apply-sites.yaml").exists()

"""A word that is none ends in one line that names the word which may have been meant; a stack is named in any way."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.commands.cli import main
from hyperv_placement.errors import StackNameError
from hyperv_placement.workspace.stacks import is_stack, resolve_stack

STACK = "hosts:\n  hv1: {address: hv1.lab.example}\n  hv2: {address: hv2.lab.example}\nvms:\n  WEB01: {host: hv1}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with one stack, which is the current folder."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "prod.yaml").write_text(STACK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "word", ["prod", "prod.yaml", "prod.yml", "stacks/prod", "stacks/prod.yaml", "./stacks/prod"]
)
def test_a_stack_may_be_named_in_any_way(project: Path, word: str) -> None:
    """By its name, by its file's name, by its path with the ending or without: each is the same file."""
    assert resolve_stack(word, project).resolve() == project / "stacks" / "prod.yaml"
    assert is_stack(word, project)


def test_a_file_that_is_here_is_meant_before_one_of_the_project(project: Path) -> None:
    """Whoever stands in a folder with `prod.yaml` sees that one; elsewhere than in a project a path is all there is."""
    (project / "prod.yaml").write_text(STACK, encoding="utf-8")
    assert resolve_stack("prod.yaml", project) == Path("prod.yaml")
    assert resolve_stack("prod", project) == project / "stacks" / "prod.yaml"
    (project / "other").mkdir()
    (project / "other" / "site.yml").write_text(STACK, encoding="utf-8")
    assert resolve_stack("other/site", project) == Path("other/site.yml")


@pytest.mark.parametrize("word", ["stacks/..", "other/nothing", "..", "", "stacks/x/y"])
def test_what_is_neither_a_path_nor_a_name_is_refused(project: Path, word: str) -> None:
    """No part of it becomes a path."""
    with pytest.raises(StackNameError):
        resolve_stack(word, project)
    assert not is_stack(word, project)


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (("plam", "lab"), "there is no 'plam'; did you mean 'plan'? (there: init, check, "),
        (("audit", "verfy", "lab"), "there is no 'verfy'; did you mean 'verify'? (there: verify, note)"),
        (("plan", "lab", "--jsn"), "--jsn is no word of this command; did you mean '--json'?"),
        (("plan", "lab", "--debug"), "it stands before the command: placement --debug"),
        (("--log-level", "inof", "plan"), "did you mean 'info'?"),
        (("plan", "lap"), "stacks/lap.yaml: there is no such file; did you mean 'lab'? (stacks here: "),
        (
            ("doctor", "stacks/lap"),
            "stacks/lap.yaml: there is no such file; did you mean 'lab'? (stacks here: ",
        ),
        (("accept-host", "hv11"), "Did you mean 'hv1'? Known hosts: hv1, hv2"),
        (("drain", "hv11", "stacks/lab"), "Did you mean 'hv1'? Known hosts: hv1, hv2"),
        (("drain", "--rolling", "hv1,hv33", "lab.yaml"), "Did you mean 'hv3'? Name keys under hosts:"),
        (("rebalance", "lab", "--hosts", "hv1,hv33"), "Did you mean 'hv3'? Name keys under hosts:"),
        (("jobs", "cancel", "VM0011"), "Did you mean 'VM0"),
        (("adopt", "VM0011", "--id", "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"), "Did you mean 'VM0"),
        (("explain", "swtich-missing"), "Did you mean 'switch-missing'?"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_the_near_word_is_named(
    words: tuple[str, ...], reported: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of commands, options, stacks, hosts, machines and codes: exit code 1, and no line number of a file that is not there."""
    assert main(words) == 1
    errors = capsys.readouterr().err
    assert reported in errors
    assert ":1:" not in errors

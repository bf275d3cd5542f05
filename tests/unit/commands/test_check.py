"""`bin/placement check`: files alone, and by a recorded inventory whether what they want can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hyperv_placement.commands.cli import main

from .paper import on_paper, story


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("migration/swap", 0, "3 moves"),
        ("constraints/protected", 1, "DC01 is protected"),
        ("basic/silent-host", 1, "hv3 did not answer"),
        ("infeasible/swap-without-room", 1, "No order is safe (every order was tried)"),
        ("infeasible/swap-all-or-nothing", 3, "No order is safe (every order was tried)"),
        ("infeasible/rule-without-hosts", 3, "(apart) does not hold"),
        ("constraints/n-plus-1", 3, "(n_plus_1) does not hold"),
        ("constraints/maintenance-undeclared", 3, "will not be empty"),
    ],
)
def test_feasibility_has_its_exit_code(
    name: str, code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """3 with the proof, also where a rule would not hold in the end; 1 where a machine is refused."""
    words = on_paper(story(name), tmp_path)
    assert main(["check", *words]) == code
    text = capsys.readouterr().out
    assert text.startswith(words[0])
    assert says in text
    assert main(["check", *words, "--json"]) == code
    record = json.loads(capsys.readouterr().out)
    assert [each["errors"] for each in record["files"]] == [[]]
    assert record["plan"]["totals"]["machines"]


def test_errors_of_a_file_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its line, in both forms; what cannot be read is not planned."""
    words = on_paper(story("basic/in-place"), tmp_path)
    Path(words[0]).write_text(
        "hosts: {hv1: {address: hv1.lab.example}}\nvms: {A: {hst: hv1}}\n", encoding="utf-8"
    )
    assert main(["check", *words]) == 1
    assert "story.yaml:2: " in capsys.readouterr().err
    assert main(["check", *words, "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert "story.yaml:2: " in record["files"][0]["errors"][0]
    assert record["plan"] is None


def test_without_an_inventory_schema_and_rules_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An infeasible stack file is right as a file."""
    words = on_paper(story("infeasible/memory"), tmp_path)
    assert main(["check", words[0]]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{words[0]}: 2 machines on 2 hosts",
        "No policy on this computer restricts which hosts get the credentials (docs/policy.md)",
    ]
    assert main(["check", "no-such-stack"]) == 1


def test_one_inventory_is_of_one_stack_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With two it would not be said which of them was held against it."""
    words = on_paper(story("basic/in-place"), tmp_path)
    assert main(["check", words[0], *words]) == 1
    assert "check STACK --inventory FILE" in capsys.readouterr().err


ONE = "hosts: {hv1: {address: hv1.lab.example}}\nvms:\n  WEB01: {host: hv1}\n  DB01: {host: hv1, id: 6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3}\n"
ELSEWHERE = "hosts: {hv9: {address: hv9.lab.example}}\nvms:\n  WEB01: {host: hv9}\n"


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ("hosts: {a: {address: hv1.lab.example}}\nvms:\n  web01: {host: a}\n", "two.yaml:3: vms.web01 is declared in"),
        (
            "hosts: {b: {address: hv2.lab.example}}\nvms:\n  X: {host: b, id: 6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3}\n",
            "two.yaml:3: vms.X is declared in",
        ),
        (ELSEWHERE, ""),
    ],
    ids=["by name on a shared host", "by its GUID", "a namesake on hosts that they do not share"],
)  # fmt: skip
def test_a_machine_of_two_stack_files_is_an_error(
    other: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each run would move it to its own side, and be the other one's drift."""
    paths = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for path, text in zip(paths, (ONE, other), strict=True):
        path.write_text(text, encoding="utf-8")
    assert main(["check", *map(str, paths)]) == (1 if line else 0)
    said = capsys.readouterr().err
    assert (line in said) if line else not said

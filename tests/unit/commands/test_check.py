"""`bin/placement check`: files alone, and by a recorded inventory whether what they want can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from providers.cli import main

from .paper import on_paper, story


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("migration/swap", 0, "3 moves"),
        ("constraints/protected", 1, "DC01 is protected"),
        ("basic/silent-host", 1, "hv3 did not answer"),
        ("infeasible/swap-without-room", 3, "No order is safe (every order was tried)"),
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
    assert capsys.readouterr().out == f"{words[0]}: 2 machines on 2 hosts\n"
    assert main(["check", "no-such-stack"]) == 1


def test_one_inventory_is_of_one_stack_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With two it would not be said which of them was held against it."""
    words = on_paper(story("basic/in-place"), tmp_path)
    assert main(["check", words[0], *words]) == 1
    assert "check STACK --inventory FILE" in capsys.readouterr().err

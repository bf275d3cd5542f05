"""`drain` and `return`: one line of the stack file, and the plan by it; nothing else of the file changes and nothing moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.commands.cli import main

from .paper import on_paper, story

TEXT = """\
# the estate
hosts:   # three of them
  hv1: {address: hv1.lab.example}
  hv2: {address: hv2.lab.example}
  hv3: {address: hv3.lab.example}
vms:
  A: {host: hv1}   # pinned
  B: {host: hv2}
"""


@pytest.fixture
def paper(tmp_path: Path) -> list[str]:
    """A stack file with comments, and a recorded inventory: A on hv1, B on hv2."""
    told = {
        "story": "x",
        "hosts": {"hv1": {}, "hv2": {}, "hv3": {"memory": 500}},
        "vms": {"A": {"at": "hv1"}, "B": {"at": "hv2"}},
        "stack": {"vms": {"A": {"host": "hv1"}, "B": {"host": "hv2"}}},
    }
    words = on_paper(told, tmp_path)
    Path(words[0]).write_text(TEXT, encoding="utf-8")
    return words


def test_a_host_is_drained_and_taken_back_and_the_file_is_as_it_was(
    paper: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The line, its diff, the price of it; the way back takes the line out."""
    file, *recorded = paper
    words = ["--until", "2026-12-01", "--reason", "firmware", "--to", "hv3"]
    assert main(["drain", "hv1", file, *recorded, *words]) == 0
    said = capsys.readouterr().out
    assert Path(file).read_text(encoding="utf-8") == (
        f"{TEXT}maintenance: [{{host: hv1, until: '2026-12-01', reason: firmware, to: [hv3]}}]\n"
    )
    assert "+maintenance: [{host: hv1" in said
    assert "1 move, 14 GiB, about 12 s, in 1 wave" in said
    assert "hv1 -> hv3" in said
    assert main(["drain", file, "hv1", *recorded, *words]) == 0  # the stack first is the same
    assert "the file said so before" in capsys.readouterr().out
    assert main(["drain", "hv1", file, *recorded, "--to", "hv2,hv3", "--json"]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (record["host"], record["written"], record["plan"]["totals"]["moves"]) == ("hv1", True, 1)
    assert main(["drain", "hv2", file, *recorded]) == 0
    capsys.readouterr()
    assert "reason: firmware, to: [hv2, hv3]}, hv2]" in Path(file).read_text(encoding="utf-8")
    assert main(["return", "hv2", file, *recorded, "--json"]) == 0
    assert main(["return", "hv1", file, *recorded]) == 0
    assert Path(file).read_text(encoding="utf-8") == TEXT
    assert "Nothing to move: 2 machines are in place" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["drain", "hv9"], "No stack file declares the host hv9"),
        (["return", "hv1"], "hv1 is not in maintenance"),
        (["drain", "hv1", "--until", "soon"], "no calendar has 'soon'"),
        (["drain", "hv1", "--to", "hv1"], "what would be written does not load"),
        (["drain", "hv1", "--to", "hv9"], "'hv9' is no host under hosts"),
        (["drain", "hv1", "--reason", " "], "write why, in a few words"),
    ],
)
def test_what_cannot_be_written_leaves_the_file(
    paper: list[str], words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code 1, one line, and not a byte has changed."""
    file, *recorded = paper
    verb, host, *more = words
    assert main([verb, host, file, *recorded, *more]) == 1
    assert says in capsys.readouterr().err
    assert Path(file).read_text(encoding="utf-8") == TEXT


def test_a_machine_without_a_place_is_named_and_the_line_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code 1, as for any plan that leaves a machine out."""
    told = story("constraints/drain-no-place")
    del told["stack"]["maintenance"]
    file, *recorded = on_paper(told, tmp_path)
    assert main(["drain", "hv1", file, *recorded]) == 1
    assert "BIG is to leave hv1" in capsys.readouterr().out
    assert "maintenance:" in Path(file).read_text(encoding="utf-8")

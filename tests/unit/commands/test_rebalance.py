"""`rebalance`: a proposal as an edit of the stack file, its price and gain, and a page; written only where asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.commands.cli import main

from .paper import on_paper

TEXT = """\
# the estate
hosts:
  hv1: {address: hv1.lab.example}
  hv2: {address: hv2.lab.example}
  hv3: {address: hv3.lab.example}
vms:
  A: {host: hv1}   # the ledger
  B:
    host:          # any of these
      - hv1
      - hv2
  C:
  D: {host: [hv1, hv3], snooze: {until: '2099-01-01', reason: "kept"}}
"""


DIRECTORY = """\
directory: {server: ldaps://dc1.corp.example}
delegation: {hosts: [hv1, hv2, hv3]}
"""


@pytest.fixture
def paper(tmp_path: Path) -> list[str]:
    """Four machines of 100 GiB on one of three hosts, and a stack file with comments."""
    on_one = {name: {"at": "hv1", "memory": 100} for name in "ABCD"}
    told = {
        "story": "x",
        "hosts": {
            name: {"memory": 500, "free": 80 if name == "hv1" else 480} for name in ("hv1", "hv2", "hv3")
        },
        "vms": on_one,
        "stack": {"vms": {name: {"host": "hv1"} for name in "ABCD"}},
    }
    words = on_paper(told, tmp_path)
    Path(words[0]).write_text(TEXT, encoding="utf-8")
    return words


def test_a_proposal_is_shown_and_written_only_where_asked(
    paper: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Comments and everything else stay; lists and empty entries are pinned, which is said."""
    file, *recorded = paper
    assert main(["rebalance", file, *recorded]) == 0
    said = capsys.readouterr().out
    assert "nothing is written (--write) or moved" in said
    assert "pinned by this" in said
    assert "a list of hosts can stand again" in said
    assert Path(file).read_text(encoding="utf-8") == TEXT
    assert main(["rebalance", file, *recorded, "--json", "--write"]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert record["written"]
    assert record["highest"]["after"] < record["highest"]["before"]
    assert {each["vm"] for each in record["entries"]} <= set("ABCD")
    assert record["plan"]["totals"]["moves"] == len(record["entries"]) >= 2
    text = Path(file).read_text(encoding="utf-8")
    kept = ("# the estate", "# the ledger", "snooze: {until: '2099-01-01', reason: \"kept\"}")
    assert all(each in text for each in kept)
    assert main(["check", file]) == 0


def test_every_form_of_an_entry_is_pinned(paper: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A pin, a list in lines, nothing at all, a list in brackets: all are written, and load."""
    file, *recorded = paper
    assert main(["rebalance", file, *recorded, "--write"]) == 0
    text = Path(file).read_text(encoding="utf-8")
    assert "A: {host: hv3}   # the ledger" in text
    assert "    host: hv2          # any of these\n  C:" in text
    assert main(["check", file]) == 0
    Path(file).write_text(f"{TEXT}one_at_a_time: [A, B]\n{DIRECTORY}", encoding="utf-8")
    assert (
        main(["rebalance", file, *recorded, "--write"]) == 0
    )  # a list of three lines becomes one of one: the key below moves up
    Path(file).write_text(f"{TEXT}guard: {{protected: [A, B]}}\n", encoding="utf-8")
    assert main(["rebalance", file, *recorded, "--write"]) == 0
    capsys.readouterr()
    text = Path(file).read_text(encoding="utf-8")
    assert "C: {host: hv2}" in text
    assert "D: {host: hv3, snooze: {until: '2099-01-01', reason: \"kept\"}}" in text


def test_limits_are_words_of_the_command(
    paper: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most so many, between these; nothing to gain is said, and a page is written."""
    file, *recorded = paper
    page = tmp_path / "map.html"
    words = ["--max-moves", "1", "--hosts", "hv1,hv3", "--max-bytes", "1 TiB", "--html", str(page)]
    assert main(["rebalance", file, *recorded, *words, "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["entries"]
    assert (entry["from"], entry["to"]) == ("hv1", "hv3")
    shown = json.loads(page.read_text(encoding="utf-8").partition('id="data">')[2].partition("</script>")[0])
    assert shown["base"]["name"] == f"{Path(file).name} as it is"
    (change,) = shown["base"]["changes"]
    assert (change["section"], change["label"], change["kind"]) == ("machine", entry["vm"], "changed")
    assert shown["base"]["changed"] == [0]
    assert main(["rebalance", file, *recorded, "--threshold", "90"]) == 0
    assert "nothing to gain: no move takes 90 percent points of memory off a host" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--hosts", "hv1,hv9"], "hv9 is no host of"),
        (["--max-bytes", "much"], "--max-bytes much"),
        (["--max-moves", "0"], "--max-moves 0: out of range"),
        (["--threshold", "-3"], "--threshold -3"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], says: str, paper: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """And the file is as it was."""
    file, *recorded = paper
    assert main(["rebalance", file, *recorded, *words]) == 1
    assert says in capsys.readouterr().err
    assert Path(file).read_text(encoding="utf-8") == TEXT

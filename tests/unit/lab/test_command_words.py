"""What `bin/lab` prints has 80 columns where its reader has, and a slip is answered with the word that was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.commands import cli
from tests.lines import too_wide

HELP = [
    [],
    ["up"],
    ["down"],
    ["status"],
    ["move"],
    ["purge"],
    ["log"],
    ["fault"],
    ["fault", "add"],
    ["fault", "list"],
]
SLIPS = [
    (["falt"], "there is no 'falt'; did you mean 'fault'?"),
    (["fault", "ad"], "there is no 'ad'; did you mean 'add'?"),
    (["fault", "add", "disk-left"], "there is no 'disk-left'; did you mean 'disks-left'?"),
    (["up", "--hots", "3"], "--hots is no option of this command; did you mean '--hosts'?"),
    (["up", "--build", "2021"], "there is no '2021'; did you mean '2025'? (there: 2012R2, 2016, 2019, 2022, 2025)"),
    (["down", "x"], "x is no word of this command"),
]  # fmt: skip
EVENT = {
    "time": "2026-01-02T03:04:05.678Z", "event": "moved", "vm": "VM001", "from": "hv1", "to": "hv2",
    "disks": [rf"C:\ClusterStorage\Volume{number}\VM001\disk.vhdx" for number in range(3)],
}  # fmt: skip


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Eighty columns, and a home with a log and no lab."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    (tmp_path / "lab.log").write_text(f"{json.dumps(EVENT)}\n", encoding="utf-8")


def ended(words: list[str]) -> int:
    """Return with what a command ends."""
    try:
        return cli.main(words)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_has_eighty_columns(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The list of faults too."""
    assert ended([*words, "--help"]) == 0
    assert too_wide(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("words", "said"), SLIPS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_slip_is_answered_with_the_word_that_was_meant(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, faults, options and what they take; 2, as of every lab command that is not understood."""
    assert ended(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in " ".join(shown.err.split())
    assert too_wide(shown.err) == []
    assert "serve" not in shown.err  # what `up` starts is no word for people


def test_lines_of_the_log_are_folded_and_json_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """A line of many paths."""
    assert cli.main(["log"]) == 0
    text = capsys.readouterr().out
    assert too_wide(text) == []
    assert len(text.splitlines()) > 1
    assert cli.main(["log", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == EVENT

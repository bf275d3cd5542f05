"""`bin/placement plan --inventory FILE`: exit codes, both forms, and the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.commands.cli import main

from .paper import on_paper, placement, story

GUARDED = {
    "hosts": {"hv1": {}, "hv2": {}},
    "vms": {"A": {"at": "hv1"}, "B": {"at": "hv1"}},
    "stack": {"vms": {"A": {"host": "hv2"}, "B": {"host": "hv2"}}, "guard": {"max_moves": 1}},
}


def crowd() -> dict[str, Any]:
    """Return an estate in which hosts are chosen, machines step aside, and rules decide: room for many orders."""
    hosts = {f"hv{n}": {"memory": 52} for n in range(1, 7)}
    vms = {
        f"VM{n:02d}": {"at": f"hv{1 + n % 5}", "memory": 4 + n % 3, "disk": 10 + 7 * (n % 4)}
        for n in range(1, 41)
    }
    wanted: dict[str, Any] = {
        name: {"host": f"hv{1 + (n + 1) % 4}"} if n % 3 else {"host": [f"hv{k}" for k in range(1, 7)]}
        for n, name in enumerate(vms, start=1)
    }
    rules = [{"apart": ["VM03", "VM06", "VM12", "VM33"]}, {"together": ["VM15", "VM18"]}]
    return {
        "hosts": hosts,
        "vms": vms,
        "stack": {"vms": wanted, "rules": rules, "maintenance": ["hv5"]},
    }


@pytest.mark.parametrize(
    ("name", "code", "first"),
    [
        ("migration/cycle-of-four", 0, "5 moves, 150 GiB, about 2 min 09 s, in 5 waves; nothing is refused"),
        ("basic/in-place", 0, "Nothing to move: 2 machines are in place"),
        ("constraints/n-plus-1", 0, "Nothing to move: 3 machines are in place"),
        ("constraints/protected", 1, "1 move, 14 GiB, about 12 s, in 1 wave; 1 refused"),
        ("basic/silent-host", 1, "1 move, 14 GiB, about 12 s, in 1 wave; 1 unknown"),
        ("infeasible/swap-without-room", 1, "Nothing to move: 0 machines are in place; 2 refused"),
        ("infeasible/memory", 1, "1 move, 20 GiB, about 17 s, in 1 wave; 1 refused"),
        ("infeasible/swap-all-or-nothing", 3, "No run may move anything, for 1 reason"),
    ],
)
def test_the_exit_code_says_how_the_plan_stands(
    name: str, code: int, first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 for any plan, also an empty one; 1 where a machine or a host stays out; 3 where nothing may run."""
    words = on_paper(story(name), tmp_path)
    assert main(["plan", *words]) == code
    shown = capsys.readouterr()
    assert (shown.out.splitlines()[0], shown.err) == (first, "")
    assert main(["plan", *words, "--json"]) == code
    assert json.loads(capsys.readouterr().out)["feasible"] is (code != 3)


def test_the_guard_makes_a_plan_infeasible_until_it_is_lifted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the moves all the same, and what to type."""
    assert main(["plan", *on_paper(GUARDED, tmp_path)]) == 3
    text = capsys.readouterr().out
    assert "guard.max_moves of story.yaml allows 1" in text
    assert "PLACEMENT_ALLOW=max_moves" in text


@pytest.mark.parametrize("word", ["stack", "inventory"])
def test_a_file_that_is_none_is_one_line(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and nothing on the output."""
    stack, option, inventory = on_paper(story("basic/in-place"), tmp_path)
    Path(stack if word == "stack" else inventory).write_text("{", encoding="utf-8")
    assert main(["plan", stack, option, inventory]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1


def test_a_host_that_was_not_recorded_makes_its_machines_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stack file that has grown since is held against what is known, and never against nothing."""
    reported = story("basic/in-place")
    words = on_paper(reported, tmp_path)
    path = Path(words[0])
    path.write_text(path.read_text(encoding="utf-8").replace("hosts:\n", "hosts:\n  hv9: {address: hv9.lab.example}\n"), encoding="utf-8")  # fmt: skip
    assert main(["plan", *words]) == 1
    assert "hv9 was not asked, its machines are unknown: it is not in the recorded inventory" in (
        capsys.readouterr().out
    )


@pytest.mark.slow
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_plan_is_the_same_to_the_byte(form: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever Python's hash seed is; without a host, a credential, or an environment."""
    words = on_paper(crowd(), tmp_path)
    one, other = (placement(seed, "plan", *words, *form) for seed in (1, 2))
    assert one.stderr == b""
    assert one.stdout == other.stdout
    assert one.returncode == other.returncode == 0, one.stdout.decode()
    assert b"apart from" in one.stdout
    first = b"{" if form else b"27 moves, "
    assert one.stdout.startswith(first)  # what a solver says of itself is no part of it


def test_names_in_any_script_are_shown_on_any_terminal(tmp_path: Path) -> None:
    """One that knows ASCII alone shows escapes."""
    reported = {
        "hosts": {"hv1": {}, "hv2": {}},
        "vms": {"東京": {"at": "hv1"}},
        "stack": {"vms": {"東京": {"host": "hv2"}}},
    }
    shown = placement(1, "plan", *on_paper(reported, tmp_path), encoding="ascii")
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert b"\\u6771\\u4eac" in shown.stdout

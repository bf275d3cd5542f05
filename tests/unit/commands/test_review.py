"""`bin/placement review`: what was declared before, exit codes, all forms, and the same bytes each time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.commands.answers import VERSION
from hyperv_placement.commands.cli import main
from hyperv_placement.operations.plan import compare_recorded
from hyperv_placement.report.text import describe
from hyperv_placement.resources.properties import inputs_of
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.inventory_file import read
from tests.answers import checked
from tests.unit.report.schedules import HOSTILE

from .paper import PROJECT, on_paper, placement, story
from .test_plan import GUARDED, crowd

MOVED: dict[str, Any] = {
    "hosts": {"hv1": {}, "hv2": {}, "hv3": {}},
    "vms": {"A": {"at": "hv1"}, "B": {"at": "hv1"}, "C": {"at": "hv1"}},
    "stack": {"vms": {"A": {"host": "hv2"}, "B": {"host": "hv3"}, "C": {"host": "hv1"}}},
}
"""B and C are where nobody has declared them before, A is declared elsewhere now: one change, one drift."""


def before(words: list[str], folder: Path, **hosts: str) -> str:
    """Write what was declared before: the same file with other hosts for some machines; return its path."""
    content = yaml.safe_load(Path(words[0]).read_text(encoding="utf-8"))
    for label, host in hosts.items():
        content["vms"][label]["host"] = host
    path = folder / "before.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return str(path)


def git(folder: Path, *words: str) -> None:
    """Run git there, as nobody."""
    name = ("-c", "user.name=x", "-c", "user.email=x@lab.example")
    subprocess.run(["git", "-C", str(folder), *name, *words], check=True, capture_output=True)


@pytest.mark.parametrize("form", ["file", "revision"])
def test_drift_is_told_apart_from_the_change(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A move is of this change if the file before did not order it; what it ordered and nobody orders now is settled."""
    words = on_paper(MOVED, tmp_path)
    base = before(words, tmp_path, A="hv1", C="hv2")
    if form == "revision":
        now = Path(words[0]).read_text(encoding="utf-8")
        Path(words[0]).write_text(Path(base).read_text(encoding="utf-8"), encoding="utf-8")
        git(tmp_path, "init", "-q")
        git(tmp_path, "add", "story.yaml")
        git(tmp_path, "commit", "-qm", "before")
        Path(words[0]).write_text(now, encoding="utf-8")
        base = "HEAD"
    assert main(["review", *words, "--base", base, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    labels = [move["label"] for move in record["plan"]["moves"]]
    assert [labels[number] for number in record["base"]["changed"]] == ["A"]
    assert [labels[number] for number in record["base"]["drift"]] == ["B"]
    assert record["base"]["settled"] == ["C"]
    assert [(each["label"], each["kind"]) for each in record["base"]["changes"]] == [
        ("A", "changed"),
        ("C", "changed"),
    ]
    assert record["base"]["changes"][0]["fields"] == [{"name": "hosts", "before": "hv1", "after": "hv2"}]
    assert main(["review", *words, "--base", base]) == 0
    text = capsys.readouterr().out
    assert (
        "1 move by this change, 1 by drift that was there before; 1 machine due to move before, not any more"
        in text
    )
    (drifted,) = (line for line in text.splitlines() if line.endswith("(drift) |"))
    assert "<code>B</code> | <code>hv1</code> → <code>hv3</code>" in drifted


def test_a_stack_file_that_is_new_adds_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A revision without it is no error; a revision that is none is one line."""
    words = on_paper(MOVED, tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-qm", "empty", "--allow-empty")
    assert main(["review", *words, "--base", "HEAD", "--json"]) == 5
    record = json.loads(capsys.readouterr().out)
    assert record["code"] == 0
    assert {each["kind"] for each in record["base"]["changes"]} == {"added"}
    assert record["base"]["drift"] == []
    for none in ("no-such-revision", "--output=x", "HEAD:story.yaml"):
        assert main(["review", *words, f"--base={none}"]) == 1
        shown = capsys.readouterr()
        assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert not (tmp_path / "x").exists()


def committed(folder: Path, *more: str) -> None:
    """Make the folder a repository with all that lies in it, and one revision of that."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A", *more)
    git(folder, "commit", "-qm", "before")


@pytest.mark.parametrize("form", ["file", "revision"])
def test_a_base_that_does_not_load_is_told_and_the_rest_is_reviewed(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who repairs a broken file needs a review too: by its first error, and nothing is called changed or drift."""
    words = on_paper(MOVED, tmp_path)
    now = Path(words[0]).read_text(encoding="utf-8")
    broken = "hosts: {hv1: {address: x}}\nvms: {A: {hst: hv1}, B: {hst: hv1}}\n"
    (tmp_path / "base.yaml").write_text(broken, encoding="utf-8")
    Path(words[0]).write_text(broken, encoding="utf-8")
    committed(tmp_path)
    Path(words[0]).write_text(now, encoding="utf-8")
    base = str(tmp_path / "base.yaml") if form == "file" else "main"
    named = base if form == "file" else "main:story.yaml"
    page = tmp_path / "page.html"
    assert main(["review", *words, "--base", base, "--json", "--html", str(page)]) == 5
    record = json.loads(capsys.readouterr().out)
    assert [move["label"] for move in record["plan"]["moves"]] == ["A", "B"]
    assert [record["base"][key] for key in ("changes", "changed", "drift", "settled")] == [[], [], [], []]
    said = f"the file at {base} cannot be read: {named}:2: "
    assert record["base"]["unread"].startswith(said)
    assert record["trust"]["unread"] == record["base"]["unread"]
    assert record["headline"].startswith(
        "Whether it changes where or how passwords are sent is not known: the file at "
    )
    assert main(["review", *words, "--base", base]) == 5
    comment = capsys.readouterr().out
    assert "Reviewed without what has changed: the file at " in comment
    assert "declared differently" not in comment
    shown = json.loads(page.read_text(encoding="utf-8").partition('id="data">')[2].partition("</script>")[0])
    assert shown["unread"].startswith(said)
    assert "\n" not in shown["unread"]
    preview = tmp_path / "preview.json"
    preview.write_text('{"changeSummary": {"same": 1}}', encoding="utf-8")
    reported = ["review", words[0], "--base", base, "--preview", str(preview)]
    assert main([*reported, "--json"]) == 5
    assert json.loads(capsys.readouterr().out)["base"]["unread"].startswith(said)
    assert main(reported) == 5
    assert "without what has changed: the file at " in capsys.readouterr().out


def test_what_git_cannot_give_is_an_error_and_no_new_stack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clone without contents whose remote is gone knows that the file was there; git's own words are shown."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    words = on_paper(MOVED, origin)
    committed(origin)
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", origin.as_uri(), "clone")
    (clone / "story.yaml").write_bytes((origin / "story.yaml").read_bytes())
    origin.rename(tmp_path / "gone")
    inventory = str(tmp_path / "gone" / Path(words[2]).name)
    assert main(["review", str(clone / "story.yaml"), "--inventory", inventory, "--base", "main"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "git cannot read story.yaml at 'main': " in shown.err
    assert "fatal: " in shown.err
    assert shown.err.count("\n") == 1


def test_a_repository_that_git_does_not_open_is_no_missing_revision(tmp_path: Path) -> None:
    """Git's reason is shown, and nobody is told to fetch."""
    words = on_paper(MOVED, tmp_path)
    committed(tmp_path)
    run = subprocess.run(
        [sys.executable, str(PROJECT / "bin" / "placement"), "review", *words, "--base", "main"],
        env={**os.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (1, "")
    assert "detected dubious ownership" in run.stderr
    assert "git config --global --add safe.directory" in run.stderr
    assert "fetch" not in run.stderr


@pytest.mark.parametrize("where", ["beside", "outside", "folder", "tracked"])
def test_a_stack_file_behind_a_link_is_compared_with_itself(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However it is reached: a link is no new stack, and what stands in one is no stack file."""
    inside = tmp_path / "repository"
    inside.mkdir()
    words = on_paper(MOVED, inside)
    link = {"outside": tmp_path / "link.yaml", "folder": tmp_path / "folder"}.get(where, inside / "link.yaml")
    if where == "tracked":
        link.symlink_to("story.yaml")
    committed(inside)
    if where != "tracked":
        link.symlink_to(inside if where == "folder" else words[0])
    stack = link / "story.yaml" if where == "folder" else link
    assert main(["review", str(stack), *words[1:], "--base", "main", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["base"]["changes"] == []
    assert [record["plan"]["moves"][number]["label"] for number in record["base"]["drift"]] == ["A", "B"]


def test_a_link_that_led_nowhere_is_a_base_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a broken file: a change that repairs it can be reviewed."""
    words = on_paper(MOVED, tmp_path)
    now = Path(words[0]).read_text(encoding="utf-8")
    Path(words[0]).unlink()
    Path(words[0]).symlink_to("nowhere.yaml")
    committed(tmp_path)
    Path(words[0]).unlink()
    Path(words[0]).write_text(now, encoding="utf-8")
    page = tmp_path / "page.html"
    assert main(["review", *words, "--base", "main", "--html", str(page)]) == 5
    capsys.readouterr()
    assert "the file at main cannot be read: main:story.yaml is a link that leads" in page.read_text(
        encoding="utf-8"
    )


def test_a_word_that_is_both_a_file_and_a_revision_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody guesses which is meant; either can be said."""
    words = on_paper(MOVED, tmp_path)
    committed(tmp_path)
    (tmp_path / "main").write_bytes(Path(before(words, tmp_path, A="hv1")).read_bytes())
    with contextlib.chdir(tmp_path):
        assert main(["review", *words, "--base", "main"]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "'main' is both a file and a revision of git. Say which: ./main, or main~0" in shown.err
        changed = []
        for word in ("./main", "main~0"):
            assert main(["review", *words, "--base", word, "--json"]) == 0
            changed.append([each["label"] for each in json.loads(capsys.readouterr().out)["base"]["changes"]])
    assert changed == [["A"], []]


def test_a_file_is_a_base_where_there_is_no_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A revision is none there, by git's own words."""
    words = on_paper(MOVED, tmp_path)
    assert main(["review", *words, "--base", before(words, tmp_path, A="hv1"), "--json"]) == 0
    assert [each["label"] for each in json.loads(capsys.readouterr().out)["base"]["changes"]] == ["A"]
    assert main(["review", *words, "--base", "main"]) == 1
    assert "not a git repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("reported", "code"),
    [
        ("migration/cycle-of-four", 0),
        ("constraints/protected", 1),
        ("basic/silent-host", 1),
        ("infeasible/swap-without-room", 1),
        ("infeasible/swap-all-or-nothing", 3),
        (GUARDED, 3),
    ],
    ids=["moves", "refused", "silent", "no order", "infeasible", "guarded"],
)
def test_the_exit_code_is_that_of_the_plan(
    reported: str | dict[str, Any], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The comment, the record and the page are written all the same."""
    words = on_paper(story(reported) if isinstance(reported, str) else reported, tmp_path)
    assert main(["plan", *words, "--json"]) == code
    plan = json.loads(capsys.readouterr().out)
    out, page = tmp_path / "out.md", tmp_path / "page.html"
    assert main(["review", *words, "--output", str(out), "--html", str(page)]) == code
    assert capsys.readouterr().out == ""
    assert out.read_text(encoding="utf-8").endswith("<!-- placement review: story -->\n")
    assert main(["review", *words, "--json"]) == code
    assert {"version": VERSION, **json.loads(capsys.readouterr().out)["plan"]} == plan
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_what_to_type_stands_beside_a_guard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the comment, so that a reviewer can answer with it."""
    main(["review", *on_paper(GUARDED, tmp_path)])
    assert "PLACEMENT_ALLOW=max_moves" in capsys.readouterr().out


def step(label: str, operation: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return a step of a preview as the engine writes it."""
    return {
        "op": operation,
        "urn": f"urn:pulumi:prod::hyperv::pulumi-python:hv:Vm::{label}",
        "oldState": {"outputs": before},
        "newState": {"inputs": {**after, "__provider": "pickled"}},
    }


def test_a_preview_of_the_engine_tells_what_it_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Moves with their diffs and what was said of them; that it tells no more is said; errors make it fail."""
    stack = on_paper(MOVED, tmp_path)[0]
    file = tmp_path / "preview.json"
    content: dict[str, Any] = {
        "steps": [
            step("B", "refresh", {"host": "hv1"}, {"host": "hv1"}),
            step(
                "A",
                "update",
                {"host": "hv1", "disks": {"scsi-0-0": "D:\\a"}},
                {"host": "hv2", "disks": {"scsi-0-0": "D:\\a"}},
            ),
            step(HOSTILE, "create", {}, {"name": HOSTILE}),
        ],
        "diagnostics": [
            {"urn": step("A", "", {}, {})["urn"], "message": "A: is on hv1\n23 GiB\n", "severity": "info"}
        ],
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    assert main(["review", stack, "--preview", str(file)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("1 machine to move, 1 adoption without a move\n")
    assert "| <code>A</code> | update | host: <code>hv1</code> | host: <code>hv2</code> |" in text
    assert "It shows what would change, but neither when" in text
    assert "pickled" not in text
    assert "<img" not in text
    content["diagnostics"].append({"message": "x", "severity": "warning"})
    file.write_text(json.dumps(content), encoding="utf-8")
    assert main(["review", stack, "--preview", str(file), "--json"]) == 1
    record = checked("review", capsys.readouterr().out)
    assert record["preview"]["steps"][0]["label"] == "A"
    assert set(record) == {
        "version",
        "headline",
        "stack",
        "timezone",
        "trust",
        "code",
        "source",
        "recorded",
        "plan",
        "doctor",
        "rooms",
        "base",
        "preview",
    }
    assert (record["plan"], record["doctor"], record["rooms"], record["base"]) == (None, None, [], None)
    content["diagnostics"].append({"message": "No order is safe", "severity": "error"})
    file.write_text(json.dumps(content), encoding="utf-8")
    assert main(["review", stack, "--preview", str(file), "--base", stack]) == 3
    assert capsys.readouterr().out.startswith("The preview failed with 1 error; ")


def adopted(tmp_path: Path, *, reported: bool) -> list[str]:
    """Return the words for a preview of a fresh stack; `told`: with what the program says of each move."""
    words = on_paper(MOVED, tmp_path)
    _, plan = compare_recorded(load(Path(words[0])), read(Path(words[2])).inventory)
    steps = [step(each.label, "create", {}, inputs_of(each)) for each in plan.steps]
    said = [
        {
            "urn": step(each.label, "", {}, {})["urn"],
            "message": f"{describe(each)}\nmore\n",
            "severity": "info",
        }
        for each in plan.steps
        if each.move is not None
    ]
    host = {**step("hv1", "create", {}, {"liveLimit": "2"})}
    host["urn"] = host["urn"].replace("hv:Vm", "hv:Host")
    file = tmp_path / "preview.json"
    content = {"steps": [host, *steps], **({"diagnostics": said} if reported else {})}
    file.write_text(json.dumps(content), encoding="utf-8")
    return ["review", words[0], "--preview", str(file)]


def test_what_is_adopted_and_then_moved_counts_as_a_move(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run of a stack moves machines, too: which, the program says of each in so many words."""
    words = adopted(tmp_path, reported=True)
    assert main(words) == 0
    text = capsys.readouterr().out
    assert text.startswith("2 machines to move, 1 adoption without a move, 1 other change\n")
    assert "| <code>A</code> | create, then move | " in text
    assert "| <code>C</code> | create | " in text
    assert main([*words, "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["preview"]["steps"]
    assert [(each["label"], each["moves"]) for each in steps] == [
        ("hv1", False),
        ("A", True),
        ("B", True),
        ("C", False),
    ]


def test_adoptions_of_which_nothing_is_said_may_move(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A preview without a word on any move is not one without moves: its words may have been left out."""
    words = adopted(tmp_path, reported=False)
    assert main(words) == 0
    text = capsys.readouterr().out
    assert text.startswith("1 other change, 3 adoptions; whether they move is not known\n")
    assert "| <code>A</code> | create, may move | " in text
    assert main([*words, "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["preview"]["steps"]
    assert [each["moves"] for each in steps] == [False, None, None, None]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"format": "placement inventory"}', '{"steps": [{"op": "update"}]}', '{"steps": 1}'],
)
def test_what_is_no_preview_is_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As is a page of one, or one beside an inventory."""
    words = on_paper(MOVED, tmp_path)
    file = tmp_path / "preview.json"
    file.write_text(text, encoding="utf-8")
    assert main(["review", words[0], "--preview", str(file)]) == 1
    assert "pulumi preview --json" in capsys.readouterr().err
    assert main(["review", *words, "--preview", str(file)]) == 1
    assert main(["review", words[0], "--preview", str(file), "--html", str(tmp_path / "x.html")]) == 1


@pytest.mark.slow
def test_a_review_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """Comment and page, whatever Python's hash seed is; without a host or an environment."""
    words = on_paper(crowd(), tmp_path)
    pages = [tmp_path / "1.html", tmp_path / "2.html"]
    one, other = (
        placement(seed, "review", *words, "--base", words[0], "--html", str(page))
        for seed, page in enumerate(pages, start=1)
    )
    assert one.stderr == b""
    assert one.stdout == other.stdout
    assert one.stdout.startswith(b"27 moves, ")
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_what_the_doctor_would_stop_is_told_from_an_inventory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only of hosts that moves touch, refused ones too; what no inventory holds is not said to be in order."""
    reported = {**MOVED, "hosts": {"hv1": {}, "hv2": {}, "hv3": {"migration": {"enabled": False}}}}
    words = on_paper(reported, tmp_path)
    assert main(["review", *words, "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert [(each["where"], each["text"]) for each in record["doctor"]] == [
        ("hv3", "Live migration is disabled")
    ]
    assert main(["review", *words]) == 1
    text = capsys.readouterr().out
    assert "; the doctor finds 1 error; the inventory is " in text.splitlines()[0]
    assert "- <code>hv3</code>: Live migration is disabled. No machine leaves it or comes to it" in text
    assert (
        "No inventory tells of delegation, clocks and certificates: <code>bin/placement doctor story</code>"
        in text
    )
    content = yaml.safe_load(Path(words[0]).read_text(encoding="utf-8"))
    content["vms"]["B"]["host"] = "hv1"
    Path(words[0]).write_text(yaml.safe_dump(content), encoding="utf-8")
    assert main(["review", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["doctor"] == []


def test_a_rule_that_would_not_hold_is_no_green_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, as `check` has it; nothing is said to be moved where nothing moves, and of rules once."""
    words = on_paper(story("infeasible/rule-without-hosts"), tmp_path)
    assert main(["review", *words]) == 3
    text = capsys.readouterr().out
    assert text.splitlines()[0].startswith("Nothing to move: 3 machines are in place; 1 rule broken; ")
    assert "are moved for it" not in text
    (tmp_path / "none").mkdir()
    words = on_paper(story("infeasible/swap-all-or-nothing"), tmp_path / "none")
    assert main(["review", *words]) == 3
    assert "rule" not in capsys.readouterr().out.splitlines()[0]


def test_what_is_not_known_is_in_the_first_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An old inventory, a silent host, freezes that no inventory can judge; none of them is said to be in order."""
    reported = {**MOVED, "hosts": {**MOVED["hosts"], "hv9": "silent"}}
    freeze = {"from": "2020-01-01T00:00+00:00", "until": "2099-01-01T00:00+00:00"}
    reported["stack"] = {**MOVED["stack"], "guard": {"freeze": [freeze]}, "rules": [{"apart": ["A", "B"]}]}
    words = on_paper(reported, tmp_path)
    assert main(["review", *words]) == 1
    text = capsys.readouterr().out
    pattern = r"; no rule broken as far as hosts answered; 1 host silent; freezes not judged; the inventory is \d+ days old$"
    assert re.search(pattern, text.splitlines()[0]), text.splitlines()[0]
    assert "No rule is broken." not in text
    assert "The guard lets it pass" not in text
    assert "Its freezes are judged when it runs: an inventory has no clock." in text

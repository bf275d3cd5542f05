"""A review as a comment: its first line, its size, and names that try to be more than names."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.operations.plan import compare_recorded
from hyperv_placement.planning.proposal import Base, Review
from hyperv_placement.planning.review.causes import Causes
from hyperv_placement.planning.review.changes import ChangeKind, EntryChange, FieldChange
from hyperv_placement.planning.schedule.peaks import rooms
from hyperv_placement.planning.trust.model import Aspect, Trust, TrustChange
from hyperv_placement.report.review_comment import LIMIT, comment
from hyperv_placement.report.review_record import review_record
from tests.scenarios.estate import estate_of
from tests.scenarios.test_scenarios import declared
from tests.unit.commands.paper import story
from tests.unit.report.reviews import ring
from tests.unit.report.schedules import HOSTILE, STEERING
from tests.unit.report.test_markdown import rendered

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def review_of(reported: dict[str, Any], folder: Path, base: Base | None = None) -> Review:
    """Return the review of a story by its recorded inventory."""
    stack = declared(reported, folder)
    inventory, plan = compare_recorded(stack, estate_of(reported))
    found = rooms(stack, inventory, plan)
    return Review(stack=stack, inventory=inventory, plan=plan, rooms=found, recorded=WHEN, base=base)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("migration/swap", "3 moves, 50 GiB, about 43 s, in 3 waves; nothing is refused; no rule broken"),
        ("basic/in-place", "Nothing to move: 2 machines are in place; no rule broken"),
        ("constraints/protected", "1 move, 14 GiB, about 12 s, in 1 wave; 1 refused; no rule broken"),
        ("infeasible/rule-without-hosts", "1 rule broken"),
    ],
)
def test_the_first_line_says_it_all(name: str, first: str, tmp_path: Path) -> None:
    """What is wrong, too."""
    assert first in comment(review_of(story(name), tmp_path)).splitlines()[0]


def test_a_swap_is_told_with_its_reasons_and_its_tightest_moments(tmp_path: Path) -> None:
    """Who makes room for whom, when, and what is free of both ends before, meanwhile and after."""
    lines = comment(review_of(story("migration/swap"), tmp_path)).splitlines()
    (first,) = (line for line in lines if line.startswith("| 1 |"))
    assert "<code>B</code> | <code>hv2</code> → <code>hv3</code>" in first
    assert "aside" in first
    (memory,) = (line for line in lines if line.startswith("| <code>hv1</code> | memory"))
    assert [cell.strip() for cell in memory.split("|")[3:9]] == [
        "2 GiB",
        "2 GiB",
        "00:00",
        "4 GiB",
        "10 GiB",
        "0 B",
    ]
    assert lines[-1] == "<!-- placement review: story -->"


def test_what_stops_it_says_what_to_do(tmp_path: Path) -> None:
    """The proof that there is no order, line by line; a machine that is refused, with the way out."""
    text = comment(review_of(story("infeasible/swap-all-or-nothing"), tmp_path))
    assert "- **stops it**: No order is safe" in text
    assert "  - to do: Nothing was moved" in text
    (tmp_path / "part").mkdir()
    text = comment(review_of(story("infeasible/swap-without-room"), tmp_path / "part"))
    assert "- **warning**: 2 machines stay where they are" in text
    assert "- <code>A</code> on <code>hv1</code>: **refused**" in text
    text = comment(review_of(story("constraints/protected"), tmp_path))
    assert "- <code>DC01</code> on <code>hv1</code>: **refused**" in text


def test_five_hundred_moves_fit_a_forge(tmp_path: Path) -> None:
    """With names as long as Hyper-V lets them be, all of it to escape; the tables say how many they leave out."""
    reported = ring(32, 1000, 500)
    short = comment(review_of(reported, tmp_path))
    assert short.splitlines()[0].startswith("500 moves, ")
    review = review_of(reported, tmp_path)
    long = {each.label: ("<|>" * 34)[:94] + each.label for each in review.plan.schedule.moves}
    moves = tuple(replace(each, label=long[each.label]) for each in review.plan.schedule.moves)
    plan = replace(review.plan, schedule=replace(review.plan.schedule, moves=moves))
    changed = tuple(
        EntryChange(
            section="machine", label=label, kind=ChangeKind.CHANGED,
            fields=(FieldChange(name="hosts", before=label, after=label * 9),),
        )
        for label in long.values()
    )  # fmt: skip
    base = Base(name="main", changes=changed, causes=Causes(changed=(), drift=(), settled=()))
    text = comment(replace(review, plan=plan, base=base))
    assert len(short) < LIMIT
    assert len(text) < LIMIT
    assert re.search(r"and \d+ more \(all of them: the page, or --json\)", text)


def test_every_part_full_fits_a_forge(tmp_path: Path) -> None:
    """Moves, changes, paths, findings, the doctor, refusals and warnings at once: the riskiest reviews are the longest."""
    review = review_of(ring(32, 1000, 500), tmp_path)
    said = "every word of it counts " * 10
    warning = Finding.warning("size-unread", said, said)
    refused = review_of(story("constraints/protected"), tmp_path).plan.left_out[0]
    steps = tuple(replace(step, findings=(warning,)) for step in review.plan.steps)
    left_out = tuple(replace(refused, label=f"OUT{n:03d}", findings=(warning,)) for n in range(300))
    moves = tuple(
        replace(
            each,
            reason=said,
            move=replace(
                each.move, disks=tuple(replace(disk, target=f"E:{disk.target}") for disk in each.move.disks)
            ),
        )
        for each in review.plan.schedule.moves
    )
    plan = replace(
        review.plan, steps=(*steps, *left_out), findings=(warning,) * 300,
        schedule=replace(review.plan.schedule, moves=moves),
    )  # fmt: skip
    stops = Finding.refusal("host-unread", said, said, subject=Subject("hv1 -> hv2"), breaks=said)
    fields = tuple(FieldChange(name=f"storage.disks.{n}", before=said, after=said) for n in range(40))
    changed = tuple(
        EntryChange(section="machine", label=f"VM{n:04d}", kind=ChangeKind.CHANGED, fields=fields)
        for n in range(500)
    )
    base = Base(name="origin/main", changes=changed, causes=Causes(changed=(), drift=(), settled=()))
    long = "$[x](y)" * 100
    change = TrustChange(aspect=Aspect.PASSWORDS, subjects=(long,), name=long, before=long, after=long)
    trust = Trust(changes=(change,) * 100, unread=long, notes=(said,))
    text = comment(replace(review, plan=plan, base=base, diagnoses=(stops,) * 100, trust=trust))
    assert 50_000 < len(text) < LIMIT
    assert re.search(r"\| --- \| --- \| --- \| --- \|\n\| <code>&#36;&#91;x", text), "no row of it is seen"


def test_what_is_taken_away_stands_first(tmp_path: Path) -> None:
    """However many fields an entry has: a guard that protects a machine no longer must not be lost among freezes."""
    fields = (
        *(FieldChange(name=f"freeze.{n}.begins", before=None, after="2027-01-01") for n in range(20)),
        FieldChange(name="protected", before="DC01", after=None),
    )
    change = EntryChange(section="guard", label="", kind=ChangeKind.CHANGED, fields=fields)
    base = Base(name="main", changes=(change,), causes=Causes(changed=(), drift=(), settled=()))
    text = comment(replace(review_of(story("migration/swap"), tmp_path), base=base))
    assert "| guard | protected: <code>DC01</code> → <code>not declared</code><br>freeze.0.begins" in text
    assert "and 9 more fields (all of them: the page, or --json)" in text


@pytest.mark.parametrize("name", [HOSTILE, STEERING, "a|b`c", "@everyone", "[x](http://evil.example)"])
def test_a_hostile_name_is_text_wherever_it_stands(name: str, tmp_path: Path) -> None:
    """In moves, changes, reasons, findings and refusals: no tag, no link, no cell more than there are heads."""
    review = review_of(story("migration/swap"), tmp_path)
    moves = tuple(replace(each, label=name, reason=f"for {name}") for each in review.plan.schedule.moves)
    steps = tuple(replace(step, label=name) for step in review.plan.steps)
    refused = review_of(story("constraints/protected"), tmp_path).plan.left_out[0]
    findings = tuple(replace(each, text=f"{name}\n{name}", remedy=name) for each in refused.findings)
    steps += (replace(refused, label=name, findings=findings),)
    plan = replace(
        review.plan, schedule=replace(review.plan.schedule, moves=moves), steps=steps, findings=findings
    )
    change = EntryChange(
        section="machine", label=name, kind=ChangeKind.CHANGED, fields=(FieldChange(name=name, before=name, after=name),)
    )  # fmt: skip
    base = Base(name=name, changes=(change,), causes=Causes(changed=(0,), drift=(), settled=()))
    reported = TrustChange(aspect=Aspect.TRUST, subjects=(name,), name=name, before=name, after=name)
    trust = Trust(changes=(reported, replace(reported, name="new file server")), unread=name, notes=(name,))
    html = rendered(comment(replace(review, plan=plan, base=base, trust=trust)))
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {
        "p", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "strong", "ul", "li", "br"
    }  # fmt: skip
    for part in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        heads = part.count("<th>")
        assert all(row.count("<td>") in {0, heads} for row in part.split("<tr>"))


def test_the_record_is_the_plan_and_more(tmp_path: Path) -> None:
    """Rooms with their course; the moves as `plan --json` has them."""
    record = review_record(review_of(story("migration/swap"), tmp_path), 0)
    assert [move["label"] for move in record["plan"]["moves"]] == ["B", "A", "B"]
    assert (record["source"], record["recorded"], record["base"]) == (
        "inventory",
        "2026-01-01T00:00:00+00:00",
        None,
    )
    (room,) = (each for each in record["rooms"] if (each["host"], each["kind"]) == ("hv3", "memory"))
    assert room["before"] == room["after"] > room["least"]


def test_a_move_of_files_names_its_volumes_and_numbers_stand_to_the_right(tmp_path: Path) -> None:
    """As they are read raw: no entity stands for a backslash; a wanted one that has no time says the same."""
    told = {
        "hosts": {"hv1": {}},
        "vms": {"FILES": {"at": "hv1", "state": "off"}},
        "stack": {"timezone": "Europe/Berlin", "vms": {"FILES": {"host": "hv1", "storage": "bulk"}}},
    }
    lines = comment(review_of(told, tmp_path)).splitlines()
    (row,) = (line for line in lines if line.startswith("| 1 |"))
    assert "| stays on <code>hv1</code>, <code>D:</code> → <code>E:</code> | storage |" in row
    assert lines[lines.index(row) - 1] == "| ---: | --- | --- | --- | ---: | ---: | ---: | ---: | --- |"
    assert "recorded at 2026-01-01 01:00 Europe/Berlin." in "\n".join(lines)

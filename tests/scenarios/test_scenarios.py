"""Stories of estates, each a YAML file: what is there, what is declared, and what the plan has to say to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.model.guard import ON_PAPER, Occasion
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.plan import plan
from hyperv_placement.stackfile import load

from .estate import estate_of, moved, shuffled
from .walk import walked

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.yaml"))
LEAST = 30


def _named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture(params=FILES, ids=_named)
def story(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The story of one file."""
    return dict(yaml.safe_load(request.param.read_text(encoding="utf-8")))


def declared(story: dict[str, Any], folder: Path, *, backwards: bool = False) -> Stack:
    """Return the stack of a story; hosts that it does not describe have an address and nothing else."""
    document = dict(story["stack"])
    given = document.get("hosts", {})
    document["hosts"] = {
        name: {"address": f"{name}.lab.example", "storage": {"fast": "D:\\Fast", "bulk": "E:\\Bulk"}, **given.get(name, {})}
        for name in story["hosts"]
    }  # fmt: skip
    if backwards:
        document = {
            key: dict(reversed(value.items())) if isinstance(value, dict) else value
            for key, value in reversed(document.items())
        }
    path = folder / "story.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load(path)


def when(story: dict[str, Any]) -> Occasion:
    """Return the moment of a story, where it has one (`at`)."""
    return Occasion(now=datetime.fromisoformat(story["at"])) if "at" in story else ON_PAPER


def reported(found: Plan) -> list[str]:
    """Return a line for each move of the schedule, in the order of starts."""
    return [_line(found, number) for number in range(len(found.schedule.moves))]


def _line(found: Plan, number: int) -> str:
    each = found.schedule.moves[number]
    way = (
        f"{each.move.source} -> {each.move.destination}"
        if each.move.changes_host
        else f"stays on {each.move.source}"
    )
    before = sorted({found.schedule.moves[n].label for n in each.after})
    ahead = sorted({found.schedule.moves[n].label for n in each.behind})
    return "".join(
        (
            f"{each.label}: {way}",
            ", aside" if each.aside else "",
            f", after {' and '.join(before)}" if before else "",
            f", behind {' and '.join(ahead)}" if ahead else "",
        )
    )


def texts(found: Plan) -> Iterator[str]:
    """Yield every finding: of the estate, then of machines."""
    for finding in found.findings:
        yield f"{finding.severity}: {finding}"
    for step in found.steps:
        for finding in step.findings:
            yield f"{finding.severity}: {finding}"


def test_a_story_ends_as_told(story: dict[str, Any], tmp_path: Path) -> None:
    """The moves with their order, the reasons, and what is said; on the way nothing is ever overdrawn."""
    estate = estate_of(story)
    stack = declared(story, tmp_path)
    found = plan(stack, estate, occasion=when(story))
    expected = story["plan"]
    assert reported(found) == expected.get("moves", []), list(texts(found))
    for words in expected.get("says", []):
        assert any(words in text for text in texts(found)), (words, list(texts(found)))
    assert {step.label for step in found.steps if step.standing == Standing.WAITING} == set(
        expected.get("waits", [])
    )
    if not expected.get("says"):
        assert list(texts(found)) == []
    reasons = {
        each.label: each.reason for each in found.schedule.moves if each.label in expected.get("why", {})
    }
    assert reasons == expected.get("why", {})
    assert (found.choice.proved if found.choice else None) == expected.get("proved")
    assert walked(stack, estate, found.schedule)[1] == []


def test_the_order_of_files_and_answers_changes_nothing(story: dict[str, Any], tmp_path: Path) -> None:
    """Declared and read the other way round it is the same schedule."""
    there = plan(declared(story, tmp_path), estate_of(story), occasion=when(story))
    back = plan(declared(story, tmp_path, backwards=True), shuffled(estate_of(story)), occasion=when(story))
    assert reported(there) == reported(back)


def test_where_it_ends_nothing_is_left_to_do(story: dict[str, Any], tmp_path: Path) -> None:
    """With every scheduled machine at its end the plan has no move, but for those that it refuses."""
    estate, stack = estate_of(story), declared(story, tmp_path)
    found = plan(stack, estate, occasion=when(story))
    if any(finding.refuses for finding in found.findings):
        return  # nothing is moved at all
    ends, _ = walked(stack, estate, found.schedule)
    again = plan(stack, moved(estate, ends))
    gone = {each.label for each in found.schedule.moves}
    assert [step.label for step in again.steps if step.standing == Standing.MOVE and step.label in gone] == []


def test_there_are_stories_of_every_kind() -> None:
    """Thirty at least, each with a name of its own, in each of the five folders."""
    assert len(FILES) >= LEAST
    stories = [yaml.safe_load(path.read_text(encoding="utf-8"))["story"] for path in FILES]
    assert len(set(stories)) == len(stories)
    assert {path.parent.name for path in FILES} == {
        "basic",
        "constraints",
        "infeasible",
        "migration",
        "regression",
    }

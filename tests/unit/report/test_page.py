"""The page as text: nothing in it can leave its data, nothing in it asks for anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

from hyperv_placement.report.page import page
from hyperv_placement.report.page.contents import page_data
from hyperv_placement.visible import hidden, visible_lines
from tests.unit.commands.paper import story
from tests.unit.report.reviews import ring
from tests.unit.report.schedules import HOSTILE, STEERING
from tests.unit.report.test_review_comment import review_of


def test_hostile_names_stay_in_the_data(tmp_path: Path) -> None:
    """Ends of scripts, comments and templates are escapes there, and so is what does not show."""
    nasty = f"</script><!--<script>{{{{script}}}}{HOSTILE}{STEERING}"
    review = review_of(story("migration/swap"), tmp_path)
    steps = tuple(replace(step, label=nasty) for step in review.plan.steps)
    html = page(replace(review, plan=replace(review.plan, steps=steps)), 0)
    assert len(re.findall(r"<script", html)) == len(re.findall(r"</script>", html)) == 2
    embedded = html.partition('id="data">')[2].partition("</script>")[0]
    assert not set("<>&") & set(embedded)
    shown = visible_lines(nasty)
    assert shown in [each[5] for each in json.loads(embedded)["estate"]["machines"]]
    assert not any(hidden(char) for char in shown if char != "\n")


def test_the_policy_names_its_own_script_and_style_alone(tmp_path: Path) -> None:
    """By their hashes; nothing else is allowed, and nothing is asked for."""
    html = page(review_of(story("migration/swap"), tmp_path), 0)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (own,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert f"'sha256-{base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()}'" in policy[1]
        assert "innerHTML" not in own
        assert "url(" not in own
    assert not re.search(r"\b(?:src|href)=\"(?!#)", html)
    assert "unsafe" not in policy[1]


def test_moves_without_an_order_are_in_the_data(tmp_path: Path) -> None:
    """Those that find none, or no room; none that the schedule has, none of a machine that is refused for itself."""
    wanted = page_data(review_of(story("infeasible/swap-without-room"), tmp_path), 3)["wanted"]
    assert [(each["label"], each["from"], each["to"]) for each in wanted] == [
        ("A", "hv1", "hv2"),
        ("B", "hv2", "hv1"),
    ]
    assert wanted[0]["reason"].startswith("declared in story.yaml:")
    for name in ("migration/swap", "constraints/protected"):
        assert page_data(review_of(story(name), tmp_path), 0)["wanted"] == []


def test_a_large_estate_makes_a_small_page(tmp_path: Path) -> None:
    """All of its machines are in there."""
    html = page(review_of(ring(20, 400, 100), tmp_path), 0)
    embedded = json.loads(html.partition('id="data">')[2].partition("</script>")[0])
    assert len(embedded["estate"]["machines"]) == 400
    assert len(html) < 400_000

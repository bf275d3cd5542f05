"""The tutorial, typed as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import chromium
from tests.documents import blocks
from tools.workspace import PROJECT, Workspace

from .conftest import QUICK

__all__ = ["chromium"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.one_form("the page begins without a stack")]

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "reader"), ("EMAIL", "reader@lab.example"))
}


def test_every_block_does_what_the_page_says(workspace: Workspace, chromium: Browser) -> None:
    """In order, in a repository; the lab is there already and quick, so that `bin/lab up` finds it running.

    The page of the review is looked at in a browser, and the run that follows the merge is held against the review.
    """
    workspace.run("lab", "up", "--ports", "auto", "--speed", QUICK, stdout=subprocess.DEVNULL)
    workspace.point_at_lab()
    environment = {**workspace.environment, **IDENTITY}

    def type_in(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], cwd=workspace.folder, env=environment, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=240,
        )  # fmt: skip

    type_in("git init -q -b main && git add . && git commit -qm 'The clone'").check_returncode()
    said: dict[str, str] = {}
    planned: list[dict[str, Any]] = []
    for block in blocks(PROJECT / "docs" / "tutorial.md"):
        before = len(log(workspace)) if "git merge" in block.text else 0
        done = type_in(block.text)
        assert done.returncode == block.code, f"{block.text}\nended with {done.returncode}:\n{done.stdout}"
        said[block.text] = done.stdout
        if "cat review.md" in block.text:
            record = type_in("bin/placement review lab --base main --inventory lab.json --json").stdout
            planned = json.loads(record)["plan"]["moves"]
            look_at(workspace.folder / "review.html", chromium, done.stdout.splitlines()[0], planned)
        if "git merge" in block.text:
            compare(planned, log(workspace)[before:])

    [review] = [reported for text, reported in said.items() if "cat review.md" in text]
    assert review.startswith("5 moves, ")
    assert all(name in review for name in ("VM001", "VM002", "VM005", "VM007", "VM008"))
    drift = next(reported for text, reported in said.items() if text.startswith("bin/placement drift"))
    for name in ("VM004", "VM011"):
        pattern = rf"^.*\b{name}\b.*LAB\\operator, when: \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
        assert re.search(pattern, drift, re.MULTILINE), drift
    [accepted] = [reported for text, reported in said.items() if "--accept" in text]
    assert [line for line in accepted.splitlines() if line.startswith(("-  ", "+  "))] == [
        r"-  VM004: {host: hv1, storage: 'D:\Hyper-V\VM004'}",
        r"+  VM004: {host: hv2, storage: 'D:\Hyper-V\VM004'}",
    ]


def log(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what the lab has seen begin and end, in its order."""
    lines = workspace.run("lab", "log", "--json", stdout=subprocess.PIPE).stdout.splitlines()
    return [each for line in lines if (each := json.loads(line))["event"] in {"start", "end"}]


def compare(planned: list[dict[str, Any]], seen: Sequence[Mapping[str, Any]]) -> None:
    """See that what was done is what was planned, and that nobody began before those it was to wait for."""
    ways = {(each["event"], each["vm"], each["from"], each["to"]) for each in seen}
    wanted = {
        (event, move["label"], move["from"], move["to"]) for move in planned for event in ("start", "end")
    }
    assert ways == wanted
    assert len(seen) == len(wanted)
    at = {(each["event"], each["vm"]): number for number, each in enumerate(seen)}
    for move in planned:
        for other in move["after"]:
            assert at["end", planned[other]["label"]] < at["start", move["label"]]


def look_at(file: Path, browser: Browser, headline: str, planned: list[dict[str, Any]]) -> None:
    """Open the page of the review, go through the run, and let an accessibility checker judge it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        expect(page.locator("h1")).to_have_text(headline)
        before = page.locator("#estate").screenshot()
        page.locator("#on").click()
        page.get_by_role("slider", name="Moment of the run").focus()
        page.keyboard.press("End")
        expect(page.locator("#moment")).to_contain_text(f"{len(planned)} of {len(planned)} done")
        assert page.locator("#estate").screenshot() != before
        for move in planned:
            (column,) = page.locator(".host").filter(has=page.locator("h3", has_text=move["to"])).all()
            assert move["label"] in " ".join(column.locator("button.vm").all_inner_texts())
        assert Axe().run(page).response["violations"] == []
        assert asked == [file.as_uri()]
    finally:
        context.close()

"""The page of a review, clicked through in headless Chromium: map, slider, search, colours, keyboard, accessibility."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.planning.proposal import Base
from hyperv_placement.planning.review.causes import Causes
from hyperv_placement.planning.trust.model import Aspect, Trust, TrustChange
from tests.unit.commands.paper import story
from tests.unit.report.schedules import HOSTILE
from tests.unit.report.test_review_comment import review_of

from .conftest import Opener
from .pixels import pixels

pytestmark = pytest.mark.slow

CYCLE = "migration/cycle-of-four"
HOSTILE_ESTATE: dict[str, Any] = {
    "hosts": {"hv1": {}, "hv2": {}},
    "vms": {HOSTILE: {"at": "hv1"}, "</script><script>alert(2)</script>": {"at": "hv1"}},
    "stack": {"vms": {HOSTILE: {"host": "hv2"}, "</script><script>alert(2)</script>": {"host": "hv2"}}},
}


def test_the_page_asks_nobody_and_complains_of_nothing(opened: Opener) -> None:
    """One request, for the file itself; the policy holds, and no script of its own breaks it."""
    shown = opened(story(CYCLE))
    shown.page.get_by_role("button", name="Step on").click()
    assert [url[:7] for url in shown.requests] == ["file://"]
    assert len(shown.requests) == 1
    assert shown.complaints == []
    assert "no rule broken" in shown.page.locator("h1").inner_text()
    shown.page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'}))")
    shown.page.wait_for_function("() => true")
    assert any("Content Security Policy" in each for each in shown.complaints)


def test_a_step_of_the_slider_moves_machines_and_arrows(opened: Opener) -> None:
    """By pixels, too: the map is not blank, an arrow is drawn, and after a step the picture is another one."""
    page = opened(story(CYCLE)).page
    page.get_by_role("button", name="During the run").click()
    before = pixels(page, "#estate")
    accent = bytes((0x0B, 0x57, 0xB0))
    assert len(set(before)) > 5
    assert page.locator("#arrows path.now").count() == 1
    bars = before.count(accent)
    page.get_by_role("slider", name="Moment of the run").focus()
    page.keyboard.press("End")
    expect(page.locator("#moment")).to_have_text("02:09 of 02:09: 5 of 5 done, 0 under way")
    after = pixels(page, "#estate")
    assert before != after
    assert page.locator("#arrows path").count() == 0
    assert bars > after.count(accent)
    columns = page.locator(".host")
    where = {
        columns.nth(n).locator("h3").inner_text(): columns.nth(n).locator("button.vm").all_inner_texts()
        for n in range(columns.count())
    }
    assert where == {"hv1": ["✓ D"], "hv2": ["✓ A"], "hv3": ["✓ B"], "hv4": ["✓ C"], "hv5": []}


def test_play_goes_through_the_run(opened: Opener) -> None:
    """And can be stopped."""
    page = opened(story(CYCLE)).page
    play = page.locator("#play")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#moment")).to_contain_text("2 of 5 done")
    play.click()
    expect(play).to_have_text("Play")


def test_search_finds_a_machine_and_a_click_shows_it(opened: Opener) -> None:
    """Others fade; what is shown is why and when it moves; the table leads to it as well."""
    page = opened(story(CYCLE)).page
    page.get_by_role("searchbox").fill("hv3")
    expect(page.locator("#found")).to_have_text("1 of 4 machines, 1 of 5 hosts")
    assert page.locator("button.vm.faint").count() == 3
    page.locator("button.vm:not(.faint)").click()
    expect(page.locator("#machine")).to_contain_text("hv3 → hv4")
    page.get_by_role("searchbox").fill("")
    assert page.locator("button.vm.faint").count() == 0
    page.locator("#moves").get_by_role("button", name="D").first.click()
    expect(page.locator("#machine")).to_contain_text("parked to break the cycle with C, B, A")
    assert page.locator("button.vm.chosen").inner_text() == "○ D"


def test_what_is_wanted_without_an_order_is_shown(opened: Opener) -> None:
    """As wanted, with an arrow and a row each: a page that says nothing of it would say that all may stay."""
    page = opened(story("infeasible/swap-without-room")).page
    assert page.locator("button.vm").all_inner_texts() == ["◇ A", "◇ B"]
    assert page.locator("button.vm").first.get_attribute("aria-label") == "A, wanted, no order, on hv1, 8 GiB"
    assert page.locator("#arrows path.wanted").count() == 2
    expect(page.locator("#moment")).to_have_text("2 moves are wanted, and there is no order for them")
    expect(page.locator("#moves-part")).to_be_hidden()
    expect(page.locator("#gantt-part")).to_be_hidden()
    rows = page.locator("#wanted tbody tr")
    assert [row.split("\t")[:4] for row in rows.all_inner_texts()] == [
        ["A", "hv1", "hv2", "live+storage"],
        ["B", "hv2", "hv1", "live+storage"],
    ]
    page.locator("#wanted").get_by_role("button", name="B").click()
    expect(page.locator("#machine")).to_contain_text("hv2 → hv1, live+storage, no order")


def test_what_has_an_order_is_not_told_as_wanted(opened: Opener) -> None:
    """The part is only there where it has a row."""
    page = opened(story(CYCLE)).page
    expect(page.locator("#wanted-part")).to_be_hidden()
    expect(page.locator("#moves-part")).to_be_visible()
    assert page.locator("#arrows path.wanted").count() == 0


RENAMED: dict[str, Any] = {
    "hosts": {"hv1": {}, "hv2": {}, "spare": {}},
    "vms": {"SRV-0815": {"at": "hv1"}, "B": {"at": "hv2"}},
    "stack": {"vms": {"front": {"name": "SRV-0815", "host": "hv2"}}},
}


@pytest.mark.parametrize("words", ["front", "srv-0815"])
def test_a_machine_is_found_by_either_of_its_names(opened: Opener, words: str) -> None:
    """The entry's and the host's; both stand in its block, in the table and in its details."""
    page = opened(RENAMED).page
    page.get_by_role("searchbox").fill(words)
    expect(page.locator("#found")).to_have_text("1 of 2 machines, 0 of 3 hosts")
    assert page.locator("button.vm:not(.faint)").inner_text() == "○ front (SRV-0815)"
    page.locator("#moves").get_by_role("button", name="front (SRV-0815)").click()
    reported = page.locator("#machine").inner_text()
    assert "Name\nSRV-0815\n" in reported
    assert "Entry\nfront, move\n" in reported


def test_a_host_without_machines_is_found(opened: Opener) -> None:
    """It is marked, and led to; nothing else is."""
    page = opened(RENAMED).page
    page.get_by_role("searchbox").fill("SPARE")
    expect(page.locator("#found")).to_have_text("0 of 2 machines, 1 of 3 hosts")
    assert page.locator(".host.hit h3").all_inner_texts() == ["spare"]
    assert page.locator("button.vm.faint").count() == 2
    page.get_by_role("searchbox").fill("")
    assert page.locator(".host.hit").count() == 0


def test_the_map_is_used_by_keyboard(opened: Opener) -> None:
    """Tab leads to one machine, arrow keys to the others, Enter shows one."""
    page = opened(story(CYCLE)).page
    page.locator("#estate-frame").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"B, will move, on hv2, 8 GiB", focused)
    page.keyboard.press("Enter")
    expect(page.locator("#machine")).to_contain_text("hv2 → hv3")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_until_they_are_switched(opened: Opener, scheme: str) -> None:
    """The switch says how it stands."""
    page = opened(story(CYCLE), scheme).page
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(255, 255, 255)", "rgb(18, 23, 29)"
    assert page.evaluate(ground) == (dark if scheme == "dark" else light)
    switch = page.get_by_role("button", name="Dark colours")
    expect(switch).to_have_attribute("aria-pressed", str(scheme == "dark").lower())
    switch.click()
    assert page.evaluate(ground) == (light if scheme == "dark" else dark)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", [CYCLE, "constraints/protected", "infeasible/swap-without-room", "basic/silent-host"]
)
def test_an_accessibility_checker_finds_nothing(opened: Opener, name: str, scheme: str) -> None:
    """axe-core with all of its rules of WCAG 2 A and AA, and best practices; in the middle of a run."""
    page = opened(story(name), scheme).page
    if page.locator("#on").is_visible():  # where nothing has an order there is no run to go through
        page.locator("#on").click()
    found = Axe().run(page)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    assert len(found.response["passes"]) > 20


def test_what_the_doctor_would_stop_has_a_part_of_its_own(opened: Opener, tmp_path: Path) -> None:
    """Which is not there where it stops nothing; what it says of a host is text."""
    expect(opened(story(CYCLE)).page.locator("#doctor-part")).to_be_hidden()
    stops = Finding.refusal(
        "host-unread", HOSTILE, "Mend it", subject=Subject("hv1 -> hv2"), breaks="It fails"
    )
    page = opened(replace(review_of(story(CYCLE), tmp_path), diagnoses=(stops,))).page
    expect(page.locator("#doctor-part")).to_be_visible()
    assert page.locator("#doctor li").inner_text() == f"hv1 -> hv2: {HOSTILE}. It fails. To do: Mend it"
    assert Axe().run(page).response["violations"] == []


def test_a_base_that_cannot_be_read_is_told(opened: Opener, tmp_path: Path) -> None:
    """Under the headline, as text; without it nothing is said of that."""
    assert "cannot be read" not in opened(story(CYCLE)).page.locator("#source").inner_text()
    nothing = Causes(changed=(), drift=(), settled=())
    base = Base(name="main", changes=(), causes=nothing, unread=f"the file at main cannot be read: {HOSTILE}")
    page = opened(replace(review_of(story(CYCLE), tmp_path), base=base)).page
    said = f"(reviewed without what has changed: the file at main cannot be read: {HOSTILE})"
    expect(page.locator("#source")).to_contain_text(said)
    expect(page.locator("#changes-part")).to_be_hidden()


def test_a_change_of_trust_has_a_part_of_its_own(opened: Opener, tmp_path: Path) -> None:
    """Above what the plan says, which is not there where nothing changes; names in it are text."""
    expect(opened(story(CYCLE)).page.locator("#trust-part")).to_be_hidden()
    change = TrustChange(
        aspect=Aspect.PASSWORDS, subjects=("hv1",), name="address", before="a", after=HOSTILE
    )
    page = opened(replace(review_of(story(CYCLE), tmp_path), trust=Trust(changes=(change,)))).page
    assert (
        page.locator("#headline")
        .inner_text()
        .startswith("Changes where or how passwords are sent: hv1 (address); ")
    )
    assert page.locator("#trust li").inner_text() == f"hv1: address: a \u2192 {HOSTILE}"
    assert page.locator("img").count() == 0
    assert Axe().run(page).response["violations"] == []


def test_hostile_names_are_text(opened: Opener) -> None:
    """In blocks, tables, bars, and after a click; no element, no dialog, no script comes of them."""
    shown = opened(HOSTILE_ESTATE)
    page = shown.page
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert HOSTILE in " ".join(page.locator("button.vm").all_inner_texts())
    page.locator("button.vm", has_text="onerror").click()
    assert HOSTILE in page.locator("#machine").inner_text()
    page.locator("#on").click()
    assert shown.complaints == []


def test_it_can_be_printed(opened: Opener) -> None:
    """Without what is only for the screen, and nothing scrolled out of sight."""
    page = opened(story(CYCLE)).page
    page.emulate_media(media="print")
    expect(page.locator("#time")).to_be_hidden()
    expect(page.locator("#moves")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflow") == "visible"

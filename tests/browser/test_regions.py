"""What the page looks like, region by region: on a screen and on a phone, light and dark, by boxes and by pixels."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.unit.report.schedules import HOSTILE

from .conftest import Opener
from .pixels import apart, inside, pixels
from .stories import SMALL, many

pytestmark = pytest.mark.slow

SCREENS = [(1280, "light"), (390, "light"), (1280, "dark"), (390, "dark")]
LIGHT, DARK = {"ground": "#ffffff", "accent": "#0b57b0"}, {"ground": "#12171d", "accent": "#8cc4ff"}

BROKEN_WORDS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.checkVisibility() || node.parentElement.closest("script, style, .skip")) continue;
    for (const { 0: word, index } of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (word.length <= 20 && lines.size > 1) found.push(word);
    }
  }
  return found;
}"""
"""Words that stand on more than one line."""

SMALL_LETTERS = """() => [...document.querySelectorAll("body *")].filter((each) =>
  each.checkVisibility() && [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())
  && parseFloat(getComputedStyle(each).fontSize) < 12).map((each) => each.outerHTML.slice(0, 80))"""

MISPLACED = """(id) => {
  const inked = (cell) => { const range = document.createRange(); range.selectNodeContents(cell); return range.getBoundingClientRect(); };
  const found = [], heads = [...document.querySelectorAll(`#${id} thead th`)];
  for (const row of document.querySelectorAll(`#${id} tbody tr`)) {
    [...row.cells].forEach((cell, place) => {
      if (!cell.textContent) return;
      const [head, own] = [inked(heads[place]), inked(cell)], side = cell.classList.contains("number") ? "right" : "left";
      if (Math.abs(head[side] - own[side]) > 4) found.push([heads[place].textContent, cell.textContent, head[side], own[side]]);
    });
  }
  return found;
}"""
"""Cells whose text does not begin, or of numbers does not end, where that of their head does."""


def colour(code: str) -> bytes:
    """Return the pixel of a colour."""
    return bytes.fromhex(code.removeprefix("#"))


def left_to_right(page: Page) -> list[str]:
    """Return the names of the hosts that are shown, as they are read."""
    return page.locator(".host:visible h3").all_inner_texts()


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_nothing_breaks_and_all_can_be_read(opened: Opener, width: int, scheme: str) -> None:
    """No word within a word, no letter below 12 px, nothing wider than the window, and no blank or foreign picture."""
    page = opened(SMALL, scheme, width).page
    assert page.evaluate(BROKEN_WORDS) == []
    assert page.evaluate(SMALL_LETTERS) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wanted, other = (LIGHT, DARK) if scheme == "light" else (DARK, LIGHT)
    for region in ("header", "#estate-frame", "#gantt-frame", "#moves-part", "#rooms-part"):
        seen = pixels(page, region)
        assert seen.count(colour(wanted["ground"])) > len(seen) // 8, region
        assert colour(other["ground"]) not in seen, region
        assert len(set(seen)) > 5, region
    assert pixels(page, "#estate-frame").count(colour(wanted["accent"])) > 50


def test_a_long_name_breaks_nothing_on_a_phone(opened: Opener) -> None:
    """It ends in dots in its block and goes on in the next line elsewhere; nothing is wider than the window."""
    long = "SRV-" + "x" * 96
    told = {
        "hosts": {"hv1": {}, "hv2": {}},
        "vms": {long: {"at": "hv1"}, HOSTILE: {"at": "hv1"}},
        "stack": {"vms": {long: {"host": "hv2"}, HOSTILE: {"host": "hv2"}}},
    }
    page = opened(told, "light", 390).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#moves").get_by_role("button", name=long).click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_heads_stand_above_their_columns(opened: Opener) -> None:
    """Numbers end where their heads end, words begin where theirs begin."""
    page = opened(SMALL).page
    for table in ("moves", "rooms"):
        assert page.evaluate(MISPLACED, table) == []
        assert page.locator(f"#{table} td.number").count() > 5
    page.evaluate("document.querySelectorAll('#moves th').forEach((each) => each.style.textAlign = 'left')")
    assert page.evaluate(MISPLACED, "moves") != []


def test_on_a_phone_each_cell_has_its_head(opened: Opener) -> None:
    """Rows are cards as wide as the window; what is empty is left out; an assistant still reads a table."""
    page = opened(SMALL, "light", 390).page
    cell = page.locator("#moves td", has_text="offline+storage")
    assert cell.evaluate("(each) => getComputedStyle(each, '::before').content") == '"Kind"'
    box = page.locator("#moves tbody tr").first.bounding_box()
    assert box is not None
    assert box["width"] > 330
    assert page.locator("#moves td.blank:visible").count() == 0
    assert page.get_by_role("table", name="4 moves, by their starts").get_by_role("row").count() == 5


def test_arrows_lie_behind_every_label(opened: Opener) -> None:
    """With arrows and without, names and figures have the same pixels; the map has not."""
    vms = {f"A{number}": {"at": "hv1"} for number in range(9)}
    vms |= {f"B{number}": {"at": "hv2"} for number in range(9)}
    wanted = {name: {"host": "hv3" if name.startswith("A") else "hv2"} for name in vms}
    told = {"hosts": {"hv1": {}, "hv2": {}, "hv3": {}}, "vms": vms, "stack": {"vms": wanted}}
    page = opened(told).page
    labels = [f".host:nth-of-type({n}) {part}" for n in (1, 2, 3) for part in ("h3", ".meter:nth-of-type(1)")]
    labels += [f".host:nth-of-type(2) .vms > li:nth-of-type({n}) .vm" for n in range(1, 10)]

    def without_arrows() -> tuple[int, int]:
        """Return how many pixels of labels, and of the map, change when there are no arrows."""
        found = []
        for visibility in ("visible", "hidden"):
            page.evaluate("(is) => document.getElementById('arrows').style.visibility = is", visibility)
            found.append(([inside(page, label) for label in labels], pixels(page, "#estate")))
        (labels_with, map_with), (labels_without, map_without) = found
        pairs = zip(labels_with, labels_without, strict=True)
        return sum(apart(one, other) for one, other in pairs), apart(map_with, map_without)

    of_labels, of_map = without_arrows()
    assert of_labels == 0
    assert of_map > 500
    page.evaluate("document.getElementById('arrows').style.zIndex = 9")
    assert without_arrows()[0] > 100


def test_search_dims_arrows_too(opened: Opener) -> None:
    """All but those of what is found."""
    page = opened(SMALL).page
    assert page.locator("#arrows path").count() == 4
    page.get_by_role("searchbox").fill("WEB01")
    assert page.locator("#arrows path.faint").count() == 3
    found = page.locator("#arrows path:not(.faint)").get_attribute("data-id")
    assert page.locator("button.vm", has_text="WEB01").get_attribute("data-id") == found
    assert (
        page.locator("#arrows path.faint").first.evaluate("(each) => getComputedStyle(each).opacity")
        == "0.12"
    )


def test_of_many_hosts_those_are_shown_to_which_something_happens(opened: Opener) -> None:
    """In the order in which people count; a switch shows all, and what is looked for is shown in any case."""
    shown = opened(many())
    page = shown.page
    assert left_to_right(page) == ["hv2", "hv3", "hv10", "hv11", "hv33"]
    expect(page.locator("#shown")).to_have_text("5 of 40 hosts")
    page.get_by_role("searchbox").fill("hv25")
    assert left_to_right(page) == ["hv2", "hv3", "hv10", "hv11", "hv25", "hv33"]
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Only hosts that something happens to").uncheck()
    assert left_to_right(page) == [f"hv{number}" for number in range(40)]
    assert page.evaluate("performance.getEntriesByType('navigation')[0].domComplete") < 5000
    assert shown.complaints == []


def test_hosts_and_machines_carry_what_is_said_of_them(opened: Opener) -> None:
    """Maintenance, holds and reserves of hosts; of machines that they are off, held or protected, also for who hears the page."""
    page = opened(SMALL).page
    marks = {
        each.locator("h3").inner_text(): each.locator(".mark").all_inner_texts()
        for each in page.locator(".host").all()
    }
    assert list(marks) == ["hv1", "hv2", "hv3", "hv10"]
    assert marks["hv1"] == marks["hv2"] == []
    assert marks["hv3"][0].startswith("held until 2099-12-01 UTC")
    assert marks["hv3"][0].endswith(": a new board")
    assert marks["hv10"][0].startswith("in maintenance until 2099-12-01 UTC")
    plain, maintained = (set(pixels(page, f".host:nth-of-type({n})")) for n in (2, 4))
    assert colour("#d3d9e0") in maintained - plain
    assert page.locator(".host:nth-of-type(1) .room").first.inner_text().endswith(", 6 GiB kept free")
    assert page.locator(".kept").count() == 1
    off, protected = (page.locator("button.vm", has_text=name) for name in ("WEB02", "DB01"))
    assert off.locator(".badge").all_inner_texts() == ["off"]
    assert protected.get_attribute("aria-label") == "DB01, stays, protected, on hv2, 16 GiB"
    kinds = page.locator("#moves tbody tr", has_text="WEB02").locator("td[data-head='Kind']")
    assert kinds.inner_text() == "offline+storage"


def test_a_move_of_files_shows_its_volumes(opened: Opener) -> None:
    """In its block, in its row, as an arrow to the volume, and what is free there before, meanwhile and after."""
    page = opened(SMALL).page
    block = page.locator("button.vm", has_text="FILES")
    assert block.locator(".badge").inner_text() == "D:\\ → E:\\"
    row = page.locator("#moves tbody tr", has_text="FILES")
    assert row.locator("td[data-head='To']").inner_text() == "stays, D:\\ → E:\\"
    volume = page.locator(".host:nth-of-type(1) .meter", has_text="E:\\")
    before, box = volume.inner_text(), volume.bounding_box()
    tip = page.evaluate(
        "(id) => { const box = document.querySelector(`#arrows path[data-id='${id}'] + polygon`).getBoundingClientRect();"
        " return box.top + box.height / 2; }",
        block.get_attribute("data-id"),
    )
    assert box is not None
    assert box["y"] <= tip <= box["y"] + box["height"]
    page.get_by_role("button", name="After").click()
    assert volume.inner_text() != before


def test_before_during_and_after_are_three_pictures(opened: Opener) -> None:
    """It begins with what is; the buttons say which one is shown."""
    page = opened(SMALL).page

    def at(name: str) -> Any:
        page.get_by_role("button", name=name, exact=True).click()
        assert page.locator("#views [aria-pressed=true]").all_inner_texts() == [name]
        return page.locator("#moment").inner_text(), pixels(page, "#estate")

    expect(page.locator("#moment")).to_contain_text("Before the run: 4 moves to come")
    assert page.locator(".moves, .done, .guest").and_(page.locator(".vm")).count() == 0
    before, during, after = (at(name) for name in ("Before", "During the run", "After"))
    assert "under way" in during[0]
    assert "4 of 4 done, 0 under way" in after[0]
    assert min(apart(before[1], during[1]), apart(during[1], after[1]), apart(after[1], before[1])) > 500
    assert page.locator(".vm.done").count() == 4
    again = at("Before")
    assert (again[0], apart(again[1], before[1])) == (before[0], 0)


def test_the_map_can_be_zoomed(opened: Opener) -> None:
    """Letters and columns grow and shrink together, arrows stay at their blocks, and it ends at both ends."""
    page = opened(SMALL).page
    letters = "parseFloat(getComputedStyle(document.querySelector('.vm')).fontSize)"
    first = page.evaluate(letters)
    page.get_by_role("button", name="Larger").click()
    assert page.evaluate(letters) == first * 1.5
    page.get_by_role("button", name="Larger").click()
    expect(page.get_by_role("button", name="Larger")).to_be_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    for _ in range(4):
        page.get_by_role("button", name="Smaller").click()
    assert page.evaluate(letters) == first / 2
    ends = page.evaluate(
        "[...document.querySelectorAll('#arrows polygon')].every((each) => {"
        " const box = each.getBoundingClientRect(), frame = document.getElementById('estate').getBoundingClientRect();"
        " return box.left >= frame.left && box.right <= frame.right && box.bottom <= frame.bottom; })"
    )
    assert ends

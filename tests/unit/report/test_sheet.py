"""Reports of tables: on a terminal, as Markdown and as a page; names in them are hostile."""

from __future__ import annotations

import re

import pytest
from lxml import html

from hyperv_placement.planning.past import Logs, Period, history_of, period_of
from hyperv_placement.report.cells import width
from hyperv_placement.report.history_sheet import history_record, history_sheet
from hyperv_placement.report.period_sheet import NOT_RECORDED, period_record, period_sheet
from hyperv_placement.report.sheet import Part, Sheet, render_html, render_markdown, render_text
from hyperv_placement.report.sheet.markdown import LIMIT
from hyperv_placement.visible import visible
from tests.estates import guid
from tests.unit.planning.test_past import DAY, NOON, event, found, moved
from tests.unit.report.test_markdown import NASTY, rendered

WIDE = Part(
    title="Moves", heads=("machine", "bytes", "why", "job"),
    rows=(("VM001", "12", "because of a rule " * 4, "0" * 36), ("\u4e2d\u6587", "3", "", "")),
    numbers=frozenset({1}), last=frozenset({3}),
)  # fmt: skip
SHEET = Sheet(title="A title", headline="All is said", parts=(WIDE,), notes=("A note",))


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
def test_a_terminal_is_never_too_narrow(columns: int) -> None:
    """What it can do without goes first and is named; then the widest column gives way."""
    lines = render_text(SHEET, columns).splitlines()
    assert max(map(width, lines)) <= columns
    assert any("not shown" in line and "job" in line for line in lines)
    assert "0" * 36 in render_text(SHEET, None)


def test_numbers_stand_to_the_right_under_their_header() -> None:
    """Wide characters take two cells."""
    _, _, _, head, first, second, *_ = render_text(SHEET, None).splitlines()
    assert head.index("bytes") + len("bytes") == first.index("12") + len("12")
    assert second.index("3") + 3 == first.index("12") + len(
        "12"
    )  # its end, and two wide characters before it


@pytest.mark.parametrize("nasty", NASTY)
def test_a_name_is_text_in_every_form(nasty: str) -> None:
    """It opens no tag, links to nothing, and every character of it can be seen."""
    part = Part(title=nasty, heads=(nasty, "b"), rows=((nasty, "x"),), notes=(nasty,))
    sheet = Sheet(title=nasty, headline=nasty, parts=(part,), notes=(nasty,))
    page = html.document_fromstring(render_html(sheet))
    assert page.xpath("string(//tbody/tr/td[1])") == visible(nasty)
    assert page.xpath("//script|//a|//img") == []
    assert html.fromstring(rendered(render_markdown(sheet))).xpath("//script|//a|//img") == []
    assert all(line.isprintable() for line in render_text(sheet, 80).splitlines())


def test_markdown_fits_into_an_issue() -> None:
    """Each table says how many rows it leaves out."""
    part = Part(title="Much", heads=("a", "b"), rows=(("&" * 100, "&" * 100),) * 2000)
    shown = render_markdown(Sheet(title="t", headline="h", parts=(part, part)))
    assert len(shown) < LIMIT
    assert shown.count("more (all: --json)") == 2


def test_a_row_that_does_not_fit_is_refused() -> None:
    """A table with a hole would be read wrongly."""
    with pytest.raises(ValueError, match="as many cells"):
        Part(title="x", heads=("a", "b"), rows=(("1",),))


def test_a_history_says_what_it_does_not_know() -> None:
    """Who, where nobody wrote it down; and what others have moved."""
    history = history_of(
        "VM001", guid(1), Logs(events=(moved(0, "hv1", "hv2", seconds=61.0),)), state="no engine"
    )
    shown = render_text(history_sheet(history), None)
    assert "1 move recorded; on hv2 since 2026-11-20 12:00" in shown
    assert "What the state keeps was not read: no engine." in shown
    record = history_record(history)["history"][0]
    assert (record["from"], record["to"], record["bytes"]) == ("hv1", "hv2", None)
    assert "no move of ours is recorded" in render_text(history_sheet(history_of("VM009", None, Logs())), 80)


def totals_of(period: Period) -> dict[str, str]:
    """Return the first table, by what each row is about."""
    return {row[0]: row[1] for row in period_sheet(period).parts[0].rows}


def test_a_period_says_not_recorded_and_never_0_of_what_nobody_wrote_down() -> None:
    """Pauses and bytes of older lines, and drift where nobody looked."""
    period = period_of("lab", Logs(events=(moved(0, "hv1", "hv2"),)), NOON - DAY, NOON + DAY)
    rows = totals_of(period)
    assert (rows["copied"], rows["pauses, estimated"]) == (NOT_RECORDED, NOT_RECORDED)
    assert rows["different drifts found"] == NOT_RECORDED
    totals = period_record(period)["totals"]
    assert (totals["moves"], totals["bytes"], totals["pause_estimated"], totals["drifts"]) == (
        1,
        None,
        None,
        None,
    )
    nothing = period_of("lab", Logs(), NOON - DAY, NOON)
    assert set(totals_of(nothing).values()) == {NOT_RECORDED}
    assert period_record(nothing)["totals"]["moves"] is None


def test_a_period_lists_drift_once_with_who_moved_it() -> None:
    """By its first look."""
    looks = [event(day, "drift", drifts=1, found=(found("VM001", "hv3"),)) for day in (1, 2)]
    period = period_of(
        "lab", Logs(events=(moved(0, "hv1", "hv2", bytes=5, pause=1.0), *looks)), NOON, NOON + 9 * DAY
    )
    (part,) = (each for each in period_sheet(period).parts if each.title == "Drift that was found")
    assert part.rows == (("2026-11-21 12:00", "placed elsewhere", "VM001", "hv3", "LAB\\operator"),)


def test_numbers_stand_to_the_right_in_markdown() -> None:
    """The line below the heads says so, and a reader of the raw text sees it as well."""
    (below,) = (line for line in render_markdown(SHEET).splitlines() if line.startswith("| ---"))
    assert below == "| --- | ---: | --- | --- |"


def test_each_cell_of_a_page_knows_its_head() -> None:
    """On a phone, where a row is a card, its head stands before it; and it stays a table to who hears it."""
    page = render_html(SHEET)
    first, second = re.findall(r"<tr role=row>(<td.*?)</tr>", page)
    assert re.findall(r'<td role=cell[^>]* data-head="(\w+)"', first) == list(WIDE.heads)
    assert second.count("role=cell") == len(WIDE.heads)
    assert page.count("role=table") == 1

"""Drift as text, JSON, Markdown and JUnit XML; names of machines are hostile."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from prometheus_client.parser import text_string_to_metric_families

from hyperv_placement.commands.drift import verdict
from hyperv_placement.model.estate import Silence, UnreachableHost
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Away, Snooze
from hyperv_placement.planning.drift import Drift, DriftKind, DriftReport, Expired, Mover, Unknown
from hyperv_placement.report.drift_junit import render_junit
from hyperv_placement.report.drift_markdown import render_markdown
from hyperv_placement.report.drift_prometheus import render_prometheus
from hyperv_placement.report.drift_record import drift_record
from hyperv_placement.report.drift_text import render_drift
from hyperv_placement.visible import visible
from tests.unit.report.test_markdown import rendered

HOSTILE = "<img src=x onerror=alert(1)>]]>&\"'"
NASTY = f"{HOSTILE}|`x`\n@all\x1b[31m\x00"
SNOOZE = Snooze(until=date(2026, 12, 1), reason=NASTY)


def drift(subject: str, **more: object) -> Drift:
    """Return a machine that somebody has moved."""
    mover = Mover(who=f"LAB\\{NASTY}", when="2026-12-01T02:58:00+00:00")
    values: dict[str, object] = {
        "kind": DriftKind.PLACED, "subject": subject, "text": f"is on {NASTY}, declared on hv1", "host": HostName("hv2"),
        "mover": mover,
    }  # fmt: skip
    return Drift(**{**values, **more})  # type: ignore[arg-type]


EMPTY = DriftReport(
    stack="lab", checked="2026-12-01T03:00:00+00:00", labels=("VM001", NASTY, "VM003", "VM004"),
    hosts=(HostName("hv1"), HostName("hv2")),
)  # fmt: skip
FULL = replace(
    EMPTY,
    drifts=(
        drift(NASTY),
        drift(NASTY, kind=DriftKind.UNDECLARED),
        drift("hv2", kind=DriftKind.SETTINGS, mover=None),
    ),
    snoozed=(drift("VM003", snooze=SNOOZE),),
    unknown=(Unknown(subject="hv1", text=NASTY), Unknown(subject="VM004", text="unknown", is_machine=True)),
    ended=(Expired(label=NASTY, snooze=SNOOZE),),
)


def test_the_first_line_says_it_all() -> None:
    """How many of what, and what could not be told."""
    first = render_drift(FULL).partition("\n")[0]
    assert first == (
        "lab: 3 drifts: 1 placed elsewhere, 1 not declared, 1 host settings; unknown: hv1; 1 machine unknown; 1 snoozed"
    )
    assert render_drift(EMPTY) == "lab: no drift, 4 machines on 2 hosts as declared"
    silent = replace(EMPTY, unknown=(Unknown(subject="hv1", text="timed out"),))
    assert (
        render_drift(silent).partition("\n")[0]
        == "lab: no drift seen, and not everything is known; unknown: hv1"
    )


def test_hosts_of_one_cause_share_a_line() -> None:
    """However many they are: none is said to be silent that was not asked."""
    spared = (
        UnreachableHost(name=HostName(name), reason="no credentials", kind=Silence.UNASKED)
        for name in ("hv1", "hv2")
    )
    silent = replace(EMPTY, unknown=tuple(Unknown(subject=h.name, text="x", silent=h) for h in spared))
    assert render_drift(silent).splitlines()[1] == (
        "  unknown: 2 hosts (hv1, hv2): were not asked, machines there are unknown: no credentials"
    )


def test_machines_of_one_cause_share_a_line() -> None:
    """With the first of them as the example."""
    unknown = tuple(
        Unknown(subject=label, text=f"{label} is unknown: no machine named '{label}'", is_machine=True)
        for label in ("A", "B")
    )
    assert render_drift(replace(EMPTY, unknown=unknown)).splitlines()[1] == (
        "  unknown: 2 machines (A, B): A is unknown: no machine named 'A'; the others likewise"
    )


def test_the_exit_code_says_drift_before_silence() -> None:
    """0 none, 2 drift also where a host is silent, 4 where only silence is in the way; snoozed drift does not count."""
    silent = (Unknown(subject="hv1", text="timed out"),)
    assert verdict(EMPTY) == 0
    assert verdict(replace(EMPTY, snoozed=FULL.snoozed)) == 0
    assert verdict(FULL) == 2
    assert verdict(replace(EMPTY, unknown=silent)) == 4


def test_a_host_that_is_away_is_listed_and_does_not_count() -> None:
    """In every form, with the machine that it alone can have; when the word is over, that is said of the host."""
    gone = (
        Unknown(subject="hv1", text="hv1 is away until 2026-12-01: a new mainboard"),
        Unknown(subject="VM004", text="VM004 is unknown", is_machine=True),
    )
    over = Expired(label="hv2", snooze=Away(until=date(2026, 11, 1), reason="a new mainboard"))
    report = replace(EMPTY, away=gone, ended=(over,))
    assert verdict(report) == 0
    lines = render_drift(report).splitlines()
    assert lines[0] == "lab: no drift, 4 machines on 2 hosts as declared; away: hv1"
    assert "  away: VM004: VM004 is unknown" in lines
    note = "hv2 was to be away until 2026-11-01 (a new mainboard); its silence counts again, and the entry can go"
    assert f"  note: {note}" in lines
    assert "### Away" in render_markdown(report)
    assert [each["subject"] for each in drift_record(report, 0)["away"]] == ["hv1", "VM004"]
    machines, hosts = etree.fromstring(render_junit(report)).findall("testsuite")
    assert [[child.tag for child in case] for case in machines] == [[], [], [], ["skipped"]]
    assert [[child.tag for child in case] for case in hosts] == [["skipped"], ["system-out"]]


def test_who_and_when_stand_in_every_form() -> None:
    """A move that is ours, one by others, one that nobody knows of, and one that runs yet."""
    movers = {
        "moved by LAB\\ann, when: 2026-12-01 02:58:00 UTC": Mover(
            who="LAB\\ann", when="2026-12-01T02:58:00+00:00"
        ),
        "moved by our own run (root, 2026-11-01 00:00:00 UTC)": Mover(
            who="root", when="2026-11-01T00:00:00+00:00", ours=True
        ),
        "brought there by our own run (root, 2026-11-01), unless somebody has moved it since: hosts forget": Mover(
            who="root", when="2026-11-01", ours=True, by_log=True
        ),
        "nothing here or on the hosts records who moved it, or when": Mover(),
        "moved by unknown, when: unknown, after our own move of 2026-11-01": Mover(after="2026-11-01"),
        "being moved by LAB\\ann since 2026-12-01": Mover(who="LAB\\ann", when="2026-12-01", running=True),
    }
    for words, mover in movers.items():
        reported = replace(EMPTY, drifts=(drift("VM001", mover=mover, text="is on hv2"),))
        assert words in render_drift(reported)
        assert "declared otherwise" not in render_drift(reported)
        assert words in plain(render_markdown(reported))
        assert words in etree.fromstring(render_junit(reported)).findtext(".//failure", "")


def test_people_read_moments_by_the_clocks_of_the_stack_and_scripts_in_utc() -> None:
    """Said where they are printed; a report of a day is of the day that the stack has."""
    report = replace(EMPTY, drifts=(drift("VM001", text="is on hv2"),), zone=ZoneInfo("Europe/Berlin"))
    for shown in (render_drift(report), plain(render_markdown(report)), str(render_junit(report))):
        assert "when: 2026-12-01 03:58:00 Europe/Berlin" in shown
    assert "Checked at 2026-12-01 04:00:00 Europe/Berlin" in render_markdown(report)
    record = drift_record(report, 2)
    assert (record["timezone"], record["checked"]) == ("Europe/Berlin", "2026-12-01T03:00:00+00:00")
    assert record["drifts"][0]["mover"]["when"] == "2026-12-01T02:58:00+00:00"
    assert drift_record(EMPTY, 0)["timezone"] == "UTC"


def test_a_terminal_is_not_steered() -> None:
    """Control characters are escapes, and a name is one line."""
    text = render_drift(FULL)
    assert "\x1b" not in text
    assert "\x00" not in text
    assert len(text.splitlines()) == 1 + 3 + 2 + 1 + 1


def test_markdown_shows_names_as_text() -> None:
    """Read as a forge does: no tag, mention or escape of theirs is one; one drift is one line."""
    markdown = render_markdown(FULL)
    assert len([line for line in markdown.splitlines() if line.startswith("- ")]) == 3 + 2 + 1 + 1
    html = rendered(markdown)
    assert set(re.findall(r"</?(\w+)", html)) == {"p", "strong", "ul", "li", "code", "h3"}
    assert "@all" not in html
    assert HOSTILE in plain(markdown)


def test_markdown_never_cuts_who_and_when_off() -> None:
    """What is elsewhere may be long, and is cut alone."""
    mover = Mover(who="LAB\\" + "a" * 280, when="2026-12-01T02:58:00+00:00")
    reported = replace(EMPTY, drifts=(drift("VM001", text="disks are elsewhere " * 100, mover=mover),))
    shown = plain(render_markdown(reported))
    assert f"moved by {mover.who}, when: 2026-12-01 02:58:00 UTC" in shown
    assert "elsewhere " * 30 not in shown


@pytest.mark.parametrize("count", [50, 400, 2000])
def test_markdown_fits_what_a_forge_takes(count: int) -> None:
    """However much there is of whatever kind, hostile or not; how much is left out is said of each."""
    machines = tuple(f"{number} {NASTY * 3}" for number in range(count))
    most = replace(
        EMPTY,
        labels=machines,
        drifts=tuple(drift(label, text=f"{NASTY} is elsewhere") for label in machines),
        unknown=tuple(
            Unknown(subject=label, text=f"{n}: {NASTY * 9}", is_machine=True)
            for n, label in enumerate(machines)
        ),
        snoozed=tuple(drift(label, snooze=SNOOZE) for label in machines),
        ended=tuple(Expired(label=label, snooze=SNOOZE) for label in machines),
    )
    markdown = render_markdown(most)
    assert len(markdown) < 65_000
    left_out = [int(found) for found in re.findall(r"^and (\d+) more", markdown, re.MULTILINE)]
    shown = len([line for line in markdown.splitlines() if line.startswith("- ")])
    assert shown + sum(left_out) == 4 * count
    assert len(left_out) == 4
    for only in ("drifts", "unknown"):
        alone = replace(EMPTY, **{only: getattr(most, only)})
        assert len(render_markdown(alone)) < 65_000


def plain(markdown: str) -> str:
    """Return the text that a reader sees."""
    return unescape(re.sub(r"<[^>]+>", "", rendered(markdown))).replace("\u200b", "")


def test_json_holds_names_as_they_are() -> None:
    """A script gets what the host said."""
    reported = json.loads(json.dumps(drift_record(FULL, 2)))
    assert [each["subject"] for each in reported["drifts"]] == [NASTY, NASTY, "hv2"]
    assert reported["drifts"][0]["mover"]["who"] == f"LAB\\{NASTY}"
    assert reported["drifts"][0]["kind"] == "placed elsewhere"
    assert reported["snoozed"][0]["snooze"] == {"until": "2026-12-01", "reason": NASTY}
    assert reported["exit_code"] == 2


def test_junit_has_a_case_for_each_declared_machine() -> None:
    """Drift fails it, unknown is an error, a snooze skips it; hosts are a suite of their own."""
    root = etree.fromstring(render_junit(FULL))
    machines, hosts = root.findall("testsuite")
    assert [case.get("name") for case in machines] == ["VM001", visible(NASTY), "VM003", "VM004"]
    assert [[child.tag for child in case] for case in machines] == [
        [], ["failure", "system-out"], ["skipped"], ["error"],
    ]  # fmt: skip
    assert [[child.tag for child in case] for case in hosts] == [["error"], ["failure"]]
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "2", "errors": "2", "skipped": "1",
    }  # fmt: skip
    assert HOSTILE in machines[1].findtext("failure", "")
    assert HOSTILE in hosts[1].findtext("failure", "")


def test_junit_tells_drift_and_silence_of_one_host() -> None:
    """A case has one outcome: what could not be told has a case of its own beside the failure."""
    both = replace(
        EMPTY,
        drifts=(drift("hv2", kind=DriftKind.SETTINGS, mover=None),),
        unknown=(Unknown(subject="hv2", text="its settings are unknown: denied"),),
    )
    root = etree.fromstring(render_junit(both))
    cases = {case.get("name"): [child.tag for child in case] for case in root.findall("testsuite")[1]}
    assert cases == {"hv1": [], "hv2": ["failure"], "hv2 (unknown)": ["error"]}
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "7", "failures": "1", "errors": "1",
    }  # fmt: skip


def test_metrics_are_read_by_the_formats_own_parser() -> None:
    """Every kind has a number, 0 as well; a name of a machine is a label's text, whatever is in it, and stands there once."""
    quoted = 'a "b" \\ c'
    twice = (drift(quoted, vm_id=None), drift(quoted, vm_id=None), *FULL.drifts)
    text = render_prometheus(replace(FULL, drifts=twice))
    found = {family.name: family.samples for family in text_string_to_metric_families(text)}
    counts = {sample.labels["kind"]: sample.value for sample in found["placement_drift"]}
    assert set(counts) == {str(kind) for kind in DriftKind}
    assert (counts["placed elsewhere"], counts["host settings"], counts["missing"]) == (3, 1, 0)
    subjects = [sample.labels["subject"] for sample in found["placement_drift_of"]]
    assert subjects == [quoted, visible(NASTY), visible(NASTY), "hv2"]
    one = {name: samples[0].value for name, samples in found.items() if len(samples) == 1}
    assert (one["placement_snoozed"], one["placement_unknown_hosts"], one["placement_unknown_machines"]) == (
        1,
        1,
        1,
    )
    assert one["placement_drift_checked_seconds"] == datetime.fromisoformat(FULL.checked).timestamp()
    assert all(sample.labels["stack"] == "lab" for samples in found.values() for sample in samples)

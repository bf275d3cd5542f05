"""Whatever a stack's history is and wherever its log's files end: what is open is found, what was made is told, the chain is whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.audit.reading import put_away
from hyperv_placement.audit.store import opened
from hyperv_placement.audit.verifying import verify
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.audit_tail import last_words
from tests.clocks import FastClock
from tests.estates import guid

EVENTS = (
    "start",
    "adopted",
    "end",
    "refused",
    "found",
    "left",
    "staging",
    "staged",
    "unstaged",
    "stage found",
)
Told = tuple[str, int, str, bool]
"""Event, machine, destination, and whether it ended well."""
HISTORIES = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.integers(1, 3), st.sampled_from(("hv1", "hv2")), st.booleans()),
    min_size=1, max_size=90,
)  # fmt: skip


def entry(reported: Told) -> dict[str, Any]:
    """Return the line of an event."""
    event, number, to, well = reported
    result = "moved" if well and event in {"end", "found"} else ""
    return {"event": event, "id": guid(number), "to": to, "result": result, "config": ["old", f"new {to}"]}


def open_in(history: Iterable[Told]) -> dict[str, str]:
    """Return machine -> destination of each start that has no end: what the log must find, by other means."""
    last: dict[str, str] = {}
    for event, number, to, _ in history:
        if event in {"start", "adopted"}:
            last[guid(number)] = to
        elif event in {"end", "refused", "found"}:
            last.pop(guid(number), None)
    return last


def claims(history: Iterable[Told]) -> set[tuple[str, str]]:
    """Return machine and destination of each planned machine that may be ours."""
    ours: set[tuple[str, str]] = set()
    for reported in history:
        event, number, to, _ = reported
        if event in {"staging", "staged"}:
            ours.add((guid(number), to))
        elif event == "unstaged":
            ours.discard((guid(number), to))
        elif entry(reported)["result"]:
            ours = {each for each in ours if each[0] != guid(number)}
    return ours


def found(log: AuditLog) -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Return what the log itself finds of both."""
    starts = {str(each["id"]): str(each["to"]) for each in log.open_starts()}
    kept = log.entries()
    ours = {
        (str(each["id"]), str(each["to"])) for each in kept if each and each["event"] in {"staging", "staged"}
    }
    return starts, ours


@settings(max_examples=25, deadline=None)
@given(HISTORIES, st.integers(7_000, 12_000), st.data())
def test_any_history_is_found_over_any_files(history: list[Told], full: int, data: st.DataObject) -> None:
    """In one file or in several, also where the older ones are gone, and after lines were torn on the way."""
    torn = data.draw(st.sets(st.integers(0, len(history) - 1), max_size=3))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lab.jsonl"
        log = AuditLog(path, clock=FastClock(), full=full)
        for number, reported in enumerate(history):
            assert log.append(entry(reported)) is None
            if number in torn:
                with path.open("ab") as file:
                    file.write(b'{"prev": "0')
        assert log.append({"event": "run"}) is None
        verdict = verify(opened(path))
        assert verdict.is_whole, verdict.breaks
        assert len(verdict.gaps) == len(torn)
        assert found(log)[0] == open_in(history)
        moved = [str(entry(reported)["id"]) for reported in history if entry(reported)["result"]]
        assert [past.vm_id for past in log.moved().moves] == moved
        last = {guid(number): event for event, number, _, _ in history}
        assert {vm: word.event for vm, word in last_words(path).items()} == last
        old = put_away(path)
        for each in old:
            each.unlink()
        starts, ours = found(log)
        assert starts == open_in(history)
        assert claims(history) <= ours
        if old:
            assert not verify(opened(path)).is_whole

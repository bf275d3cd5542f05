"""What logs and state record of the past: a machine's ways, and a period of a stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hyperv_placement.model.names import HostName
from hyperv_placement.planning.past import Logs, PastDrift, PastEvent, StateMove, history_of, period_of
from tests.estates import guid

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def event(days: float, name: str, **more: Any) -> PastEvent:
    """Return a line of the log of `lab`, so many days after noon."""
    values: dict[str, Any] = {
        "time": NOON + days * DAY,
        "event": name,
        "stack": "lab",
        "who": "runner",
        **more,
    }
    return PastEvent(**values)


def moved(days: float, source: str, to: str, number: int = 1, **more: Any) -> PastEvent:
    """Return the good end of a move of a machine."""
    of = {"vm": f"VM{number:03d}", "vm_id": guid(number), "source": source, "to": to}
    return event(days, "end", result="moved", moved=True, **of, **more)


def found(subject: str, host: str, number: int = 1, who: str = "LAB\\operator") -> PastDrift:
    """Return a machine that drift has found elsewhere."""
    return PastDrift(kind="placed elsewhere", subject=subject, vm_id=guid(number), host=host, who=who)


def test_a_history_has_our_moves_those_of_others_and_those_that_state_keeps() -> None:
    """Each once: a move of both log and state is the log's, and what every morning's drift repeats stands there once."""
    logs = Logs(
        events=(
            moved(0, "hv1", "hv2", actor="alice", seconds=61.0, bytes=5),
            moved(0, "hv1", "hv3", number=2),
            event(1, "drift", drifts=1, found=(found("VM001", "hv3"),)),
            event(2, "drift", drifts=1, found=(found("VM001", "hv3"),)),
            event(3, "end", result="it failed", vm="VM001", vm_id=guid(1), source="hv3", to="hv2"),
            event(3, "start", vm="VM001", vm_id=guid(1), source="hv3", to="hv2"),
        )
    )
    same = StateMove(
        ended=NOON + timedelta(seconds=3), source=HostName("hv1"), to=HostName("hv2"), bytes=5, seconds=61.0
    )
    older = StateMove(
        ended=NOON - 9 * DAY, source=HostName("hv3"), to=HostName("hv1"), bytes=7, seconds=1.0, who="bob"
    )
    history = history_of("VM001", guid(1), logs, [same, older])
    assert [(each.source_of, each.source, each.to, each.by, each.moved) for each in history.stations] == [
        ("state", "hv3", "hv1", "bob", True),
        ("audit log", "hv1", "hv2", "runner (for alice)", True),
        ("drift", "", "hv3", "LAB\\operator", False),
        ("audit log", "hv3", "hv2", "runner", False),
    ]
    assert history.stations[-1].what == "not moved: it failed"


def test_a_machine_without_a_guid_is_known_by_its_name() -> None:
    """In any spelling of upper and lower case; another one's lines are not its own."""
    logs = Logs(events=(moved(0, "hv1", "hv2"), moved(0, "hv1", "hv2", number=2)))
    assert len(history_of("vm001", None, logs).stations) == 1
    assert history_of("VM003", None, logs).stations == ()


def test_a_period_counts_what_is_recorded_and_says_of_how_many_moves() -> None:
    """Bytes and pauses of an older version's lines are not recorded, which is not 0."""
    logs = Logs(
        events=(
            moved(-40, "hv9", "hv1"),
            moved(0, "hv1", "hv2", bytes=10, pause=1.5),
            moved(1, "hv2", "hv3"),
            moved(1, "hv1", "hv2", number=2, bytes=30, pause=2.0),
            event(2, "end", result="it failed", vm="VM002", vm_id=guid(2), source="hv2", to="hv1"),
            event(2, "left", result="interrupted", vm="VM002", vm_id=guid(2), source="hv2", to="hv1"),
            event(2, "hold", subject="hv1", until="2026-12-01", reason="a fan"),
            event(3, "release", subject="hv1"),
            event(3, "drain", subject="hv2"),
            event(3, "drift", drifts=0),
            event(4, "drift", drifts=1, found=(found("VM001", "hv1"),)),
            event(5, "drift", drifts=1, found=(found("VM001", "hv1"),)),
        )
    )
    period = period_of("lab", logs, NOON - 30 * DAY, NOON + 30 * DAY)
    assert (len(period.moves), len(period.failures)) == (3, 1)
    assert (period.bytes, period.pauses) == ((40, 2), (3.5, 2))
    assert period.is_covered
    assert (period.drifted, len(period.days_with_drift), len(period.looks)) == (1, 2, 3)
    assert [each.event for each in period.holds] == ["hold", "release"]
    assert [each.event for each in period.decisions] == ["drain"]
    assert [(each.name, each.came, each.left, each.bytes) for each in period.hosts] == [
        ("hv1", 0, 2, None),
        ("hv2", 2, 1, 40),
        ("hv3", 1, 0, None),
    ]
    assert [(each.name, each.moves, each.hosts) for each in period.machines] == [
        ("VM001", 2, ("hv1", "hv2", "hv3")),
        ("VM002", 1, ("hv1", "hv2")),
    ]


def test_a_period_without_a_look_at_drift_does_not_know_how_much_there_was() -> None:
    """And one whose log begins later does not cover it."""
    period = period_of("lab", Logs(events=(moved(0, "hv1", "hv2"),)), NOON - DAY, NOON + DAY)
    assert period.drifted is None
    assert not period.is_covered
    assert not period_of("lab", Logs(), NOON - DAY, NOON).is_covered

"""A plan as plain values, for scripts and for the stack's outputs."""

from __future__ import annotations

import json
from dataclasses import replace

from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.move import DiskMove
from hyperv_placement.model.plan import Choice, Standing
from hyperv_placement.model.units import GIB
from hyperv_placement.report.plan_record import plan_record

from .schedules import HOSTILE, STEERING, left_out, planned, scheduled

RULE = Finding.warning("rule-broken", "The rule in line 9 does not hold", "Mend it", topic=Topic.RULE)


def test_a_move_has_its_number_and_those_it_waits_for() -> None:
    """With wave, seconds and bytes; whole and in plain types."""
    first = scheduled(1, 0, 30.04, aside=True)
    disk = DiskMove(slot="scsi-0-0", instance_id="x", source="D:\\a.vhdx", target="E:\\a.vhdx")
    first = replace(first, move=replace(first.move, disks=(disk,)))
    record = plan_record(planned(first, scheduled(2, 30.04, 60, 0), findings=(RULE,)))
    assert json.loads(json.dumps(record)) == record
    assert record["moves"][0] == {
        "number": 0, "label": "VM001", "id": first.move.vm.id, "from": "hv1", "to": "hv2", "type": "live",
        "aside": True, "wave": 1, "start": 0, "end": 30.0, "seconds": 30.0, "bytes": GIB, "blackout": 0, "after": [],
        "spare": [], "behind": [],
        "reason": "declared in test.yaml:1",
        "folders": {name: getattr(first.move.roots, name) for name in ("config", "checkpoints", "paging", "guest_state")},
        "disks": [{"slot": "scsi-0-0", "from": "D:\\a.vhdx", "to": "E:\\a.vhdx"}],
    }  # fmt: skip
    assert (record["moves"][1]["wave"], record["moves"][1]["after"]) == (2, [0])
    assert record["totals"] == {
        "moves": 2, "bytes": 2 * GIB, "seconds": 60, "bound": 0, "blackout": 0, "waves": 2, "machines": {"move": 2},
    }  # fmt: skip
    assert record["findings"] == [
        {"id": "rule-broken", "severity": "warning", "text": RULE.text, "remedy": RULE.remedy, "rule": True}
    ]
    assert record["feasible"] is True


def test_machines_are_filed_by_how_they_stand() -> None:
    """Those in place, too."""
    others = left_out("WEB", Standing.IN_PLACE), left_out("DC01", Standing.REFUSED, RULE)
    record = plan_record(planned(scheduled(1, 0, 1), others=others))
    assert list(record["machines"]) == ["in place", "move", "refused"]
    assert [each["label"] for each in record["machines"]["refused"]] == ["DC01"]


def test_a_choice_says_how_good_it_is() -> None:
    """Bytes moved for it, bytes that every choice moves, and whether that is proved."""
    choice = Choice(machines=3, bytes=2 * GIB, least=GIB, proved=False)
    record = plan_record(replace(planned(scheduled(1, 0, 1)), choice=choice))
    assert record["choice"] == {"machines": 3, "bytes": 2 * GIB, "least": GIB, "proved": False}
    assert plan_record(planned(scheduled(1, 0, 1)))["choice"] is None


def test_names_are_kept_as_they_are() -> None:
    """Whoever shows them escapes them: a record is no text for a terminal; written out it is ASCII."""
    record = plan_record(planned(scheduled(1, 0, 1, label=STEERING), scheduled(2, 0, 1, label=HOSTILE)))
    assert [move["label"] for move in record["moves"]] == [STEERING, HOSTILE]
    assert json.dumps(record).isascii()
    assert json.dumps(record).isprintable()

"""The audit log: what it tells of our own moves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from providers.clock import SystemClock
from providers.hyperv.audit import AuditLog, audit_path
from providers.model.names import HostName
from providers.model.plan import Placement
from providers.planning.order import order
from tests.estates import guid, host, machine


def test_moves_that_ended_well_are_read_back(tmp_path: Path) -> None:
    """Starts and failures, torn and strange lines tell of no move; without a log there is none."""
    log = AuditLog(audit_path(tmp_path, "lab"), clock=SystemClock())
    assert log.moved() == ()
    wanted = Placement(host=HostName("hv2"), config="E:\\New", disks={"scsi-0-0": "E:\\New\\os.vhdx"})
    move = order(machine(1), wanted, host("hv1", machine(1)), host("hv2"))
    assert move is not None
    log.note("start", move)
    log.note("end", move, job="A", result="it failed")
    log.note("end", move, job="B", result="moved")
    with log.path.open("a", encoding="utf-8") as file:
        file.write('{"result": "moved", "id": "no GUID"}\n[1]\n{"result": "moved", "id"')
    (past,) = log.moved()
    assert dataclasses.replace(past, who="", time="") == dataclasses.replace(
        past, vm_id=guid(1), who="", time="", host=HostName("hv2"), config="E:\\New",
        disks=frozenset({"E:\\New\\os.vhdx"}), job="B",
    )  # fmt: skip
    assert past.who
    assert past.time.endswith("+00:00")


def test_a_log_that_is_no_text_tells_nothing(tmp_path: Path) -> None:
    """Whoever looks at drift is told what hosts know."""
    path = tmp_path / "lab.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    assert AuditLog(path, clock=SystemClock()).moved() == ()

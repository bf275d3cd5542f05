"""The program's part in the audit log: a ticket that is none ends a run at once, and a run with nothing to do leaves no line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.errors import AuditRefusedError, PlacementError
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.model.plan import Schedule
from hyperv_placement.model.policy import UNRESTRICTED, Policy, PolicyFile
from hyperv_placement.model.stack import Stack
from hyperv_placement.resources.run_audit import audit_of, open_audit
from hyperv_placement.workspace.handoff import fingerprint
from tests.clocks import FastClock
from tests.estates import host, inventory

NOTHING = inventory(host("hv1"))


def log(path: Path, *, required: bool = False, policy: Policy = UNRESTRICTED) -> AuditLog:
    """Return a stack's log."""
    stack = Stack(path=path / "lab.yaml", hosts={}, vms={}, audit_required=required, policy=policy)
    return audit_of(stack, path / "lab.jsonl", FastClock())


def test_a_ticket_that_is_none_is_an_error_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came from the environment of `bin/pulumi`."""
    monkeypatch.setenv("PLACEMENT_TICKET", "$(id)")
    with pytest.raises(PlacementError, match="is not a ticket"):
        open_audit(log(tmp_path), NOTHING, Schedule())


@pytest.mark.parametrize("required", [False, True])
def test_a_run_with_nothing_to_do_writes_where_it_must(tmp_path: Path, required: bool) -> None:
    """Required: that it can be written is proven, not hoped for."""
    one = log(tmp_path, required=required)
    open_audit(one, NOTHING, Schedule())
    assert [entry and entry["event"] for entry in one.entries()] == (["run"] if required else [])
    assert all(entry and entry["plan"] == fingerprint(Schedule()) for entry in one.entries())


def test_the_policy_may_require_it(tmp_path: Path) -> None:
    """Of every stack, whatever its file says."""
    one = log(tmp_path, policy=Policy(files=(PolicyFile(path="/etc/p.yaml", audit_required=True),)))
    one.path.mkdir()
    with pytest.raises(AuditRefusedError, match=r"Nothing was started: .* cannot be written"):
        open_audit(one, NOTHING, Schedule())


def test_who_lifts_the_guard_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`PLACEMENT_ALLOW` lets a run do what the reviewed file does not."""
    monkeypatch.setenv("PLACEMENT_ALLOW", "max_moves,freeze")
    one = log(tmp_path, required=True)
    open_audit(one, NOTHING, Schedule())
    (run,) = one.entries()
    assert run is not None
    assert run["allowed"] == ["freeze", "max_moves"]

"""`audit: required`: nothing starts that cannot be written down, and what runs is followed to its end all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hyperv_placement.errors import AuditLostError, AuditRefusedError
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.model.move import Move
from hyperv_placement.model.options import MigrationOptions
from lab.world.jobs import STAGE
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


class Required(AuditLog):
    """A log that must be written; something befalls it before the first line of an event."""

    def __init__(self, fabric: Fabric, event: str = "", befalls: Callable[[], object] = lambda: None) -> None:
        """`befalls`: called before that line."""
        super().__init__(fabric.audit.path, clock=fabric.clock, required=True)
        self._happenings = {event: befalls}

    def note(self, event: str, move: Move, **said: object) -> str | None:
        """Let it happen, then write the line."""
        self._happenings.pop(event, lambda: None)()
        return super().note(event, move, **said)  # type: ignore[arg-type]


def taken_away(fabric: Fabric) -> None:
    """Put a folder where the log was: a full disk, or a mount that has gone, looks no better."""
    if fabric.audit.path.exists():
        fabric.audit.path.rename(fabric.home / "log-as-it-was")
    fabric.audit.path.mkdir(parents=True)


@pytest.mark.parametrize("check", [None, "staged"])
def test_nothing_is_ordered_that_cannot_be_written_down(fabric: Fabric, check: str | None) -> None:
    """Not even the planned machine of `check: staged`; without `required` the move is made, and a warning says so once."""
    taken_away(fabric)
    lax, fabric.audit = fabric.audit, Required(fabric)
    move = replace(fabric.order("WEB01", "hv2"), options=MigrationOptions(check="staged" if check else None))
    with pytest.raises(AuditRefusedError, match=r"WEB01 was not started: The audit log .* cannot be written"):
        fabric.run(move)
    assert not fabric.world.state.jobs
    assert not fabric.log("start")
    fabric.audit = lax
    assert fabric.run(move).host == "hv2"
    assert [each.phase for each in fabric.progress if "cannot be written" in each.phase] == [
        f"The audit log {lax.path} cannot be written: Is a directory"
    ] * 2  # one of each log


def test_a_planned_machine_is_removed_whose_start_cannot_be_written_down(fabric: Fabric) -> None:
    """It was made while the log could be written."""
    fabric.audit = Required(fabric, "start", lambda: taken_away(fabric))
    with pytest.raises(AuditRefusedError, match="WEB01 was not started"):
        fabric.run(replace(fabric.order("WEB01", "hv2"), options=MigrationOptions(check="staged")))
    assert STAGE in {job.purpose for job in fabric.world.state.jobs}
    assert len(fabric.log("destroy")) == 1
    assert not any(host.planned for host in fabric.world.hosts.values())
    assert fabric.lab_vm("WEB01").host == "hv1"


def test_a_move_under_way_is_followed_and_the_run_fails(fabric: Fabric) -> None:
    """The log goes while one is made: it is seen to its end, said to be done and not noted, and no other starts."""
    fabric.audit = Required(fabric, "end", lambda: taken_away(fabric))
    orders = [fabric.order(name, "hv2") for name in ("WEB01", "WEB02")]
    with pytest.raises(AuditLostError, match=r"WEB01 .* is done, and not all of it is in the audit log"):
        fabric.run(orders[0])
    assert fabric.lab_vm("WEB01").host == "hv2"
    with pytest.raises(AuditRefusedError, match="WEB02 was not started"):
        fabric.run(orders[1])
    assert fabric.lab_vm("WEB02").host == "hv1"
    assert len(fabric.log("start")) == 1
    fabric.audit.path.rmdir()
    (fabric.home / "log-as-it-was").rename(fabric.audit.path)
    after = AuditLog(fabric.audit.path, clock=fabric.clock)
    assert after.close(fabric.inventory()) is None
    assert fabric.audited() == ["start", "found"]

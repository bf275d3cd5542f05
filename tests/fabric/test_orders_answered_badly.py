"""Whatever answers an order and is not the service's own word says nothing of it: the host is looked at, and no second order is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.errors import OrderLostError
from hyperv_placement.model.options import MigrationOptions
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_failures import Watching, person_moves, run_impatiently
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine on hv1."""
    return make_fabric(estate(machine("WEB01")))


@pytest.mark.outcome
@pytest.mark.parametrize("answer", [{"code": 503}, {"code": 401}, {"code": 500}, {"text": "broken"}])
@pytest.mark.parametrize("options", [MigrationOptions(), MigrationOptions(check="staged")])
def test_an_order_that_is_taken_and_answered_badly_is_looked_for(
    fabric: Fabric, options: MigrationOptions, answer: dict[str, Any]
) -> None:
    """Whatever is not the service's own answer says nothing of the order: its job is found, and it is sent once."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: fabric.fault("bad-answer", vm="WEB01", **answer),
    })  # fmt: skip
    assert fabric.run(replace(fabric.order("WEB01", "hv2"), options=options)).host == "hv2"
    assert "answer lost" in fabric.audited()
    assert "refused" not in fabric.audited()
    orders = [entry["operation"] for entry in fabric.log("request")]
    assert orders.count("MigrateVirtualSystemToHost") == (2 if options.check == "staged" else 1)
    assert not fabric.world.state.violations


def test_a_login_that_is_forgotten_is_found_before_the_order(fabric: Fabric) -> None:
    """A read comes first on the same connection: the order itself is neither refused nor sent twice."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: fabric.fault("login-lost", host="hv1", left=1),
    })  # fmt: skip
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert fabric.audited() == ["start", "end"]
    assert (
        len([entry for entry in fabric.log("request") if entry["operation"] == "MigrateVirtualSystemToHost"])
        == 1
    )


@pytest.mark.outcome
def test_a_lost_order_that_was_not_taken_says_where_the_machine_is(fabric: Fabric) -> None:
    """No job, no second order, and the machine's place in words."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: fabric.fault(
            "wsman-fault", host="hv1", operation="MigrateVirtualSystemToHost", code=0x80338012
        ),
    })  # fmt: skip
    with pytest.raises(OrderLostError, match="no job of it is seen; it is on hv1, running"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert not fabric.log("start")


@pytest.mark.outcome
def test_an_order_of_which_the_host_knows_nothing_is_looked_for(fabric: Fabric) -> None:
    """ReturnValue 32772 is Timeout and no refusal: whether a job runs is looked for, and it is not sent again."""
    fabric.fault("refuse-start", vm="WEB01", code=32772)
    with pytest.raises(
        OrderLostError, match=r"was lost \(ReturnValue 32772: timeout\), and no job of it is seen"
    ):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert fabric.audited() == ["start", "answer lost", "left"]
    orders = [entry["operation"] for entry in fabric.log("request")]
    assert orders.count("MigrateVirtualSystemToHost") == 1


@pytest.mark.parametrize("code", [5, 0x80338000])
def test_a_fault_that_comes_after_the_order_was_taken_is_no_refusal(fabric: Fabric, code: int) -> None:
    """What its code means says refused; the job at the source shows that it was not, and it is followed."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: (
            fabric.fault(
                "wsman-fault", host="hv1", operation="MigrateVirtualSystemToHost", code=code
            ),
            person_moves(fabric, "WEB01", "hv2"),
        ),
    })  # fmt: skip
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert fabric.audited() == ["start", "adopted", "end"]
    assert len(fabric.log("start")) == 1


@pytest.mark.outcome
def test_a_lost_order_of_a_host_that_falls_silent_is_not_called_unseen(fabric: Fabric) -> None:
    """Nobody has read whether its job runs: it does."""
    fabric.fault("stall", vm="WEB01", after=40)
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: fabric.fault("drop-answer", vm="WEB01"),
        "answer lost": lambda: fabric.fault("host-down", host="hv1"),
    })  # fmt: skip
    with pytest.raises(
        OrderLostError, match=r"whether a job of it runs was not read .*; it is not on hv2, and where it is"
    ):
        run_impatiently(fabric, "WEB01")
    assert fabric.audited() == ["start", "answer lost", "left"]

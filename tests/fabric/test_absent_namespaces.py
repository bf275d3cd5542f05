"""A sweep, a plan and a move of hosts that have no cluster, in each form in which they may say so, on each build."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import MoveRefusedError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.admission import Admission
from hyperv_placement.model.move import Moves
from hyperv_placement.planning.checks.move import refusals
from lab.estate.generated import SHARE
from lab.world.builds import BUILDS
from lab.world.objects import ABSENT_FORMS
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_moves import moved
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
_ON_EACH = -(-len(ABSENT_FORMS) // len(BUILDS))


def answer_in(fabric: Fabric, form: str) -> None:
    """Let all hosts answer in this form from now on, to a client that has asked nothing yet."""
    for host in fabric.world.hosts.values():
        host.absent_form = form
    fabric.estate.close()
    fabric.estate = Estate(fabric.specs, clock=fabric.clock)
    fabric.admission = Admission(fabric.estate, clock=fabric.clock)


@pytest.mark.parametrize(("number", "build"), list(enumerate(BUILDS.values())), ids=str)
def test_lone_hosts_are_swept_planned_and_moved_between(make_fabric: Maker, number: int, build: int) -> None:
    """Two forms on each build; that all of them are read alike on every build is a test without sockets."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01"), build=build))
    for form in ABSENT_FORMS[number * _ON_EACH : (number + 1) * _ON_EACH]:
        answer_in(fabric, form)
        move = fabric.order("WEB01", "hv2" if fabric.lab_vm("WEB01").host == "hv1" else "hv1")
        assert move.moves == Moves.HOST
        source, destination = (
            fabric.estate.known(name, max_age=3600) for name in (move.source, move.destination)
        )
        assert source is not None
        assert source.cluster is None
        found = refusals(move, source, destination, fabric.specs[move.destination])
        assert [str(each) for each in found if each.refuses] == []
        assert not {"devices-unread", "vtpm"} & {each.id for each in found}
        fabric.audit.path.unlink(missing_ok=True)
        moved(fabric, move)


def test_a_host_that_closes_root_says_which_right_is_missing(make_fabric: Maker) -> None:
    """Nothing is moved, and the refusal names the right that would settle it."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01"), closed_namespaces=("root",)))
    with pytest.raises(MoveRefusedError, match=r"the account may not read root on hv1.*Enable Account"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert fabric.lab_vm("WEB01").host == "hv1"

"""Somebody stops a machine over the wire, as administrators do, while we are about to move it or are moving it."""

from __future__ import annotations

import uuid

import pytest
from winrm.transport import Transport

from hyperv_placement.errors import MigrationFailedError
from hyperv_placement.wsman import (
    EndpointReference,
    Invoke,
    InvokeResponse,
    decode_response,
    encode_request,
    resource_uri,
)
from lab.world.objects import OFF, RUNNING
from tests.fabric.conftest import Fabric, Maker, until
from tests.fabric.test_failures import Watching
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
_TURN_OFF = 3


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine that runs on hv1."""
    return make_fabric(estate(machine("WEB01")))


def turn_off(fabric: Fabric, name: str) -> None:
    """Have another client turn a machine off, and wait until its host says that it is."""
    vm = fabric.lab_vm(name)
    url, keys = fabric.world.hosts[vm.host].url, {"CreationClassName": "Msvm_ComputerSystem", "Name": vm.id}
    target = EndpointReference(resource_uri("Msvm_ComputerSystem"), keys)
    message = Invoke(target=target, method="RequestStateChange", arguments={"RequestedState": _TURN_OFF})
    transport = Transport(
        endpoint=url, username=fabric.account.username, password=fabric.account.password, auth_method="ntlm",
        ca_trust_path=str(fabric.home / "ca.pem"), message_encryption="never", proxy=None,
    )  # fmt: skip
    answer = decode_response(
        transport.send_message(encode_request(message, to=url, message_id=str(uuid.uuid4())))
    )
    transport.close_session()
    assert isinstance(answer, InvokeResponse)
    assert answer.return_value == 4096
    until(lambda: fabric.lab_vm(name).enabled_state == OFF)


@pytest.mark.outcome
def test_turned_off_while_it_moves(fabric: Fabric) -> None:
    """The migration fails, the machine is at its source, off and whole; the next run moves it as it is."""
    sums, move = fabric.sums("WEB01"), fabric.order("WEB01", "hv2")
    fabric.fault("stall", vm="WEB01", after=40)
    moving = fabric.behind(lambda: fabric.run(move))
    until(lambda: any(job.percent >= 40 for job in fabric.world.state.jobs))
    turn_off(fabric, "WEB01")
    with pytest.raises(MigrationFailedError) as caught:
        moving.join()
    assert "was turned off while it was being migrated" in str(caught.value)
    assert "it is on hv1, off, was running" in str(caught.value)
    assert fabric.audited() == ["start", "end"]
    assert fabric.sums("WEB01") == sums
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert (fabric.lab_vm("WEB01").enabled_state, fabric.sums("WEB01")) == (OFF, sums)
    assert not fabric.world.state.violations


@pytest.mark.outcome
def test_turned_off_right_before_the_order(fabric: Fabric) -> None:
    """The order is carried out, and that the machine is off now is a warning."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {"start": lambda: turn_off(fabric, "WEB01")})
    move = fabric.order("WEB01", "hv2")
    assert move.vm.enabled_state == RUNNING
    done = fabric.timed(move)
    assert done.vm.host == "hv2"
    assert done.warnings == ("WEB01 (hv1 -> hv2): it is off, was running",)
    assert fabric.lab_vm("WEB01").enabled_state == OFF

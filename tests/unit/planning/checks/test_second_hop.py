"""What the hosts' settings tell of a second hop before anything is asked of a directory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.finding import Severity
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.planning.checks.preflight.delegation_settings import second_hop
from hyperv_placement.planning.machine.wanted_move import order
from tests.estates import facts, host, machine


@pytest.mark.parametrize(
    ("caller", "authentication", "said"),
    [
        ("kerberos", 1, ""), ("ntlm", 1, ""), ("credssp", 1, ""), ("credssp", 0, ""), (None, 0, ""),
        ("kerberos", 0, "is set to CredSSP"), ("ntlm", 0, "is set to CredSSP"),
        ("basic", 1, "an account of hv1 itself"), ("certificate", 0, "an account of hv1 itself"),
    ],
)  # fmt: skip
def test_who_cannot_be_acted_for_is_told_before(caller: str | None, authentication: int, said: str) -> None:
    """A local account never, and a host set to CredSSP only for who hands the password over."""
    source = facts("hv1", migration={"authentication": authentication}, credential_guard=False)
    move = order(machine(1), Placement(host=HostName("hv2")), host("hv1"), host("hv2"))
    assert move is not None
    found = list(second_hop(replace(move, caller=caller), source))
    assert [finding.severity for finding in found] == ([Severity.REFUSAL] if said else [])
    assert said in "".join(map(str, found))


@pytest.mark.parametrize(
    ("guarded", "severities", "said"),
    [
        (False, [], ""),
        (True, [Severity.REFUSAL], "Credential Guard of hv1"),
        (None, [Severity.WARNING], "DeviceGuard"),
    ],
)
def test_credential_guard_stops_credssp(guarded: bool | None, severities: list[Severity], said: str) -> None:
    """Of the source alone; where it cannot be read, that is told with the right that is missing."""
    move = order(machine(1), Placement(host=HostName("hv2")), host("hv1"), host("hv2"))
    assert move is not None
    found = list(second_hop(replace(move, caller="credssp"), facts("hv1", credential_guard=guarded)))
    assert [finding.severity for finding in found] == severities
    assert said in "".join(map(str, found))

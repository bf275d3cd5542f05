"""The sections maintenance: and hold:, and what is wrong in them."""

from __future__ import annotations

from datetime import date

import pytest

from hyperv_placement.model.stack import Hold, Maintenance

from .conftest import Findings, Load

HOSTS = """hosts:
  hv1: {address: hv1}
  hv2: {address: hv2}
  hv3: {address: hv3}
vms:
  A: {host: hv1}
  B:
"""


def test_a_host_by_its_name_or_with_all_that_can_be_said(load_text: Load) -> None:
    """And holds of both kinds."""
    stack = load_text(
        f"{HOSTS}maintenance:\n- hv2\n- {{host: hv1, until: 2026-12-01, reason: firmware, to: [hv3]}}\n"
        "hold:\n- {host: hv1, until: 2026-12-01, reason: x}\n- {vm: A, until: 2026-12-02, reason: y}\n"
    )
    assert stack.maintenance == {
        "hv2": Maintenance(),
        "hv1": Maintenance(until=date(2026, 12, 1), reason="firmware", to=("hv3",)),  # type: ignore[arg-type]
    }
    assert stack.holds == (
        Hold(until=date(2026, 12, 1), reason="x", host="hv1"),  # type: ignore[arg-type]
        Hold(until=date(2026, 12, 2), reason="y", label="A"),
    )


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("maintenance: [hv1, {host: hv1}]\n", "maintenance[1]: 'hv1' stands here twice"),
        ("maintenance: [{host: hv9}]\n", "maintenance[0]: 'hv9' is no host under hosts"),
        ("maintenance: [{host: hv1, to: [hv9]}]\n", "maintenance[0].to: 'hv9' is no host under hosts"),
        ("maintenance: [{host: hv2, to: [hv2]}]\n", "maintenance[0].to: 'hv2' is the host that must be empty"),
        ("maintenance: [{host: hv1, until: 2026-02-30}]\n", "maintenance[0].until: no calendar has 2026-02-30"),
        ("maintenance: [{until: 2026-12-01}]\n", "'host' is missing"),
        ("maintenance: [hv1, hv2, hv3]\n", "A may be nowhere else than on hv1 and hv2 and hv3; name hosts under to:"),
        ("maintenance: [{host: hv1, to: [hv2]}, hv2]\n", "A may be nowhere else than on hv1 and hv2"),
        ("hold: [{until: 2026-12-01, reason: x}]\n", "hold[0]: names neither a host nor a machine; write"),
        ("hold: [{host: hv1, vm: A, until: 2026-12-01, reason: x}]\n", "hold[0]: names both a host and a machine"),
        ("hold: [{vm: C, until: 2026-12-01, reason: x}]\n", "hold[0].vm: 'C' is no label under vms"),
        ("hold: [{host: C, until: 2026-12-01, reason: x}]\n", "hold[0].host: 'C' is no host under hosts"),
        ("hold: [{host: hv1, until: 2026-12-01, reason: x}, {host: hv1, until: 2026-12-02, reason: y}]\n", "hold[1]: 'hv1' stands here twice"),
        ("hold: [{host: hv1, reason: x}]\n", "'until' is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(findings: Findings, rest: str, expected: str) -> None:
    """One finding, at the line of the section."""
    (line,) = findings(HOSTS + rest)
    assert line.startswith("8: ")
    assert expected in line

"""Holds of the night: set and released in the shared state by name, with who and when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Hold
from hyperv_placement.operations.hold import hold, release, shared_of
from hyperv_placement.system import account
from hyperv_placement.workspace.holds import SharedHolds
from tests.estates import spec, stack
from tests.unit.workspace.test_holds import project

__all__ = ["project"]
NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
DAY = date(2026, 12, 1)
STACK = stack({**spec(1, "hv1"), "hv1": replace(spec(2)["VM002"], label="hv1", name="hv1")})


@pytest.fixture
def shared(project: Path) -> SharedHolds:
    """The state of a stack that has been run."""
    (project / "tags").write_text(json.dumps({"pulumi:project": "placement"}), encoding="utf-8")
    return SharedHolds(project, "lab", {"PULUMI_BACKEND_URL": "s3://bucket"})


def test_a_host_and_a_machine_are_held_and_released(shared: SharedHolds) -> None:
    """By the account of the system, at the moment of the command."""
    done = hold(STACK, shared, "hv2", DAY, "hands are at it", NOW)
    assert done.changed == Hold(
        until=DAY, reason="hands are at it", host=HostName("hv2"), by=account().name or account().id,
        since="2026-11-30T03:00:00+00:00",
    )  # fmt: skip
    assert hold(STACK, shared, "VM001", DAY, "x", NOW).changed in shared.read()
    assert [each.label for each in hold(STACK, shared, "vm:hv1", DAY, "x", NOW).shared] == [
        None,
        "VM001",
        "hv1",
    ]
    assert release(STACK, shared, "hv2").shared == shared.read()
    assert {each.label for each in shared.read()} == {"VM001", "hv1"}
    # The machine has left the file meanwhile: its hold can go, if it is said what it was.
    assert [each.label for each in release(stack({}), shared, "vm:VM001").shared] == ["hv1"]


@pytest.mark.parametrize(
    ("subject", "until", "reason", "why"),
    [
        ("hv9", DAY, "x", "hv9 is neither a host nor a machine"),
        ("hv1", DAY, "x", "hv1 is a host and a machine of .* Say host:hv1 or vm:hv1"),
        ("hv2", date(2026, 11, 29), "x", "2026-11-29 UTC is over"),
        ("hv2", DAY, " ", "without a reason"),
    ],
)
def test_what_cannot_be_held_is_said(
    shared: SharedHolds, subject: str, until: date, reason: str, why: str
) -> None:
    """And nothing is written."""
    with pytest.raises(PlacementError) as caught:
        hold(STACK, shared, subject, until, reason, NOW)
    caught.match(why)
    assert shared.read() == ()


def test_only_what_is_held_in_the_state_is_released(shared: SharedHolds) -> None:
    """A hold of the file is a line of it; and of another project's stack no state is kept."""
    with pytest.raises(PlacementError, match="hv2 is not held"):
        release(STACK, shared, "hv2")
    declared = replace(STACK, holds=(Hold(until=DAY, reason="x", host=HostName("hv2")),))
    with pytest.raises(PlacementError, match="Take its line out of hold:"):
        release(declared, shared, "hv2")
    with pytest.raises(PlacementError, match="is not a stack of this project"):
        shared_of(replace(STACK, path=Path("elsewhere.yaml")))

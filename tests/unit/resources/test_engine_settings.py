"""What the program says of the engine's own settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.model.plan import Schedule
from hyperv_placement.resources.engine_settings import few_hands, ignored_config
from hyperv_placement.workspace.engine import hands_of
from tests.unit.report.schedules import scheduled

FILE = Path("stacks/lab.yaml")


@pytest.mark.parametrize(
    ("command", "hands"),
    [
        (["python", "exec", "--engine", "127.0.0.1:1", "--parallel", "8", "."], 8),
        (["python", "exec", "--engine", "127.0.0.1:1", "."], None),
        (["python", "exec", "--parallel"], None),
        (["python", "exec", "--parallel", "-1", "."], None),
        ([], None),
    ],
)
def test_the_engines_hands_stand_in_the_programs_command_line(command: list[str], hands: int | None) -> None:
    """As Pulumi's language host writes it; another one may leave it out."""
    assert hands_of(command) == hands


def test_more_moves_than_hands_are_reported() -> None:
    """Each that waits holds a hand; two legs of one machine need one."""
    three = Schedule(moves=tuple(scheduled(number, 0, 1) for number in (1, 2, 3, 3)))
    (line,) = few_hands(three, 2)
    assert line.startswith("3 machines are to move, and the engine works on 2 resources at a time")
    assert line.endswith("PULUMI_PARALLEL=256")
    for hands in (3, 256, None, 0):
        assert not list(few_hands(three, hands))
    assert not list(few_hands(Schedule(), 1))


def test_config_that_nothing_reads_is_named_once() -> None:
    """By the words that were typed; the engine's own keys are its own."""
    (line,) = ignored_config(["p:foo", "other:x", "pulumi:tags"], "p", FILE)
    assert "Pulumi's config has foo, other:x, which nothing reads" in line
    assert line.endswith("bin/pulumi config rm foo")
    assert not list(ignored_config(["pulumi:disable-default-providers"], "p", FILE))

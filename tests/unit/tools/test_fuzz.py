"""The fuzzer itself: what it finds, what it saves, and that a seed makes the same inputs again."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from hyperv_placement.errors import ProtocolError
from tools.fuzz import worker
from tools.fuzz.groups import GROUPS, Group, Target
from tools.fuzz.run import fuzz
from tools.fuzz.targets import EXPECTED
from tools.fuzz.worker import Inputs, Resident, found


def careless(content: bytes) -> None:
    """Fail by another error than the one that is allowed, for some inputs."""
    if b"Msvm" in content:
        raise ValueError("careless")
    raise ProtocolError("no message")


def hanging(content: bytes) -> None:
    """Never come back."""
    del content
    threading.Event().wait()


def fatal(content: bytes) -> None:
    """End the whole process, as a fault in a C library does."""
    del content
    raise SystemExit(7)


def standing() -> float:
    """A clock by which no time passes: a run ends by what it found, however busy the machine is."""
    return 0.0


hurrying = partial(next, count(step=50))
"""A clock that is 50 seconds later each time that it is looked at: what does not move is stuck at the third look."""


def messages(target: Target) -> Group:
    """Return a reader of messages."""
    return dataclasses.replace(GROUPS[0], targets=(target,))


def test_the_first_inputs_of_a_seed_are_read_or_refused() -> None:
    """The start of what `make fuzz` does for longer, with all readers."""
    inputs = Inputs(7, GROUPS)
    assert [found(inputs[number], inputs.group(number).targets) for number in range(450)] == [[]] * 450


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_some_inputs_still_are_of_their_form(group: Group) -> None:
    """Changes that only ever break it would test the parser, and nothing behind it; unchanged it is read."""
    inputs, read = Inputs(7, [group]), 0
    for number in range(100):
        try:
            group.targets[0](inputs[number])
            read += 1
        except EXPECTED:
            continue
    assert read >= 2
    if group is not GROUPS[0]:  # of messages some are requests, and some are answers
        for content in group.files():
            group.targets[0](content)


def test_a_seed_and_a_number_make_an_input_again() -> None:
    """Whatever was read before it; another seed makes others."""
    first, again, other = (Inputs(seed, GROUPS) for seed in (1, 1, 2))
    assert [first[number] for number in (5, 3)] == [again[number] for number in (5, 3)]
    assert first[5] != other[5]


def test_an_error_of_another_kind_is_found_and_saved(tmp_path: Path) -> None:
    """With its input, and where it was raised."""
    report = fuzz([messages(careless)], seed=1, seconds=60, folder=tmp_path, most=1, now=standing)
    assert report.findings
    assert b"Msvm" in report.findings[0].read_bytes()
    assert "ValueError: careless" in report.findings[0].with_suffix(".txt").read_text("utf-8")
    assert "1 finding\n" in str(report)


@pytest.mark.parametrize(
    ("target", "now", "said"),
    [(hanging, hurrying, "stuck for"), (fatal, standing, "ended with 7")],
    ids=["hang", "crash"],
)
def test_what_never_comes_back_is_found(
    target: Target, now: Callable[[], float], said: str, tmp_path: Path
) -> None:
    """The reading process is ended, and the next one goes on with the next input."""
    report = fuzz([messages(target)], seed=1, seconds=100_000, folder=tmp_path, most=1, now=now)
    assert [said in path.with_suffix(".txt").read_text("utf-8") for path in report.findings[:1]] == [True]
    assert report.findings[0].name == "1-0.messages"


def test_memory_that_grows_is_found() -> None:
    """Beyond what caches take, and once for each time that it has grown."""
    resident = Resident()
    assert resident.grown(2000) == ""
    kept = [b"x" * worker.MAX_GROWTH, b"y" * (16 << 20)]
    assert "has grown" in resident.grown(2500)
    assert resident.grown(3000) == ""
    assert len(kept) == 2

"""The fuzzer itself: what it finds, what it saves, and that a seed makes the same inputs again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from providers.errors import ProtocolError
from tools.fuzz import worker
from tools.fuzz.run import fuzz
from tools.fuzz.targets import TARGETS
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


def test_the_first_inputs_of_a_seed_are_read_or_refused() -> None:
    """The start of what `make fuzz` does for longer, with all three readers."""
    inputs = Inputs(7)
    assert [found(inputs[number], TARGETS) for number in range(400)] == [[]] * 400


def test_some_inputs_still_are_messages() -> None:
    """Changes that only ever break the XML would test the parser, and nothing behind it."""
    inputs, read = Inputs(7), 0
    for number in range(200):
        try:
            TARGETS[0](inputs[number])
            read += 1
        except ProtocolError:
            continue
    assert read > 10


def test_a_seed_and_a_number_make_an_input_again() -> None:
    """Whatever was read before it; another seed makes others."""
    first, again, other = Inputs(1), Inputs(1), Inputs(2)
    assert [first[number] for number in (5, 3)] == [again[number] for number in (5, 3)]
    assert first[5] != other[5]


def test_an_error_of_another_kind_is_found_and_saved(tmp_path: Path) -> None:
    """With its input, and where it was raised."""
    report = fuzz([careless], seed=1, seconds=60, folder=tmp_path, most=1)
    assert report.findings
    assert b"Msvm" in report.findings[0].read_bytes()
    assert "ValueError: careless" in report.findings[0].with_suffix(".txt").read_text("utf-8")
    assert "1 finding\n" in str(report)


@pytest.mark.parametrize(
    ("target", "said"), [(hanging, "stuck for"), (fatal, "ended with 7")], ids=["hang", "crash"]
)
def test_what_never_comes_back_is_found(target: worker.Target, said: str, tmp_path: Path) -> None:
    """The reading process is ended, and the next one goes on with the next input."""
    report = fuzz([target], seed=1, seconds=60, folder=tmp_path, stuck=1, most=1)
    assert [said in path.with_suffix(".txt").read_text("utf-8") for path in report.findings[:1]] == [True]
    assert report.findings[0].name == "1-0.xml"


def test_memory_that_grows_is_found() -> None:
    """Beyond what caches take, and once for each time that it has grown."""
    resident = Resident()
    assert resident.grown(2000) == ""
    kept = [b"x" * worker.MAX_GROWTH, b"y" * (16 << 20)]
    assert "has grown" in resident.grown(2500)
    assert resident.grown(3000) == ""
    assert len(kept) == 2

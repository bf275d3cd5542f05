"""Rounds of `make chaos`: which ones there are, when their moments come, and how later runs add to what earlier ones have kept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tools.chaos.book import Book, table
from tools.chaos.cases import SHORT, case, seeds
from tools.chaos.disturbances import ALL, CLOCK
from tools.chaos.invariants import errors_of
from tools.chaos.moments import Moment, Triggers
from tools.chaos.own_clock import OwnClock, has_compiler
from tools.chaos.starts import HISTORIES, STARTS
from tools.chaos.verdict import Verdict

MANY = 100


def verdict(seed: int, *wrong: str, codes: tuple[int, ...] = (1, 0)) -> Verdict:
    """Return what became of a round."""
    return Verdict(
        seed=seed, shape="hosts", history="fresh", kinds=["kill-engine"], planned="", done=["kill-engine"],
        codes=list(codes), wrong=list(wrong), killed=codes[0] < 0,
    )  # fmt: skip


def test_each_start_comes_among_ten_rounds_and_each_disturbance_first_in_one_of_ten_times_as_many() -> None:
    """Wherever one begins: nothing is left to luck in what is covered."""
    assert len(STARTS) == 10
    for begin in (1, 4711):
        assert {case(seed).shape for seed in range(begin, begin + 10)} == set(STARTS)
        whole = [case(seed) for seed in range(begin, begin + 10 * len(ALL))]
        assert {each.kinds()[0] for each in whole} == set(ALL)
        assert {each.history for each in whole} == set(HISTORIES)
        assert {len(each.disturbances) for each in whole} == {1, 2, 3}


def test_a_seed_is_the_same_round_each_time_and_moves_something() -> None:
    """That is what REPLAY lives by."""
    for seed in range(MANY):
        assert case(seed) == case(seed)
        assert case(seed).start.movers()


def test_rounds_of_ci_are_of_each_start_and_of_twenty_kinds() -> None:
    """Two of each start, one disturbance each."""
    rounds = [case(seed) for seed in SHORT]
    assert Counter(each.shape for each in rounds) == dict.fromkeys(STARTS, 2)
    assert len({each.kinds()[0] for each in rounds}) == len(rounds) == 20
    assert {len(each.disturbances) for each in rounds} == {1}


def test_rounds_of_one_kind_can_be_chosen() -> None:
    """By start, history or disturbance; a kind that does not exist is reported with those that do."""
    for kind in ("cycle", "adopted", "cluster", "relay-garble", "drop-answer", CLOCK):
        found = seeds(1, kind)
        assert all(case(next(found)).is_of(kind) for _ in range(3))
    with pytest.raises(ValueError, match="there is no kind 'flood'; there are hosts"):
        next(seeds(1, "flood"))


@pytest.mark.skipif(not has_compiler(), reason="what turns the clock is compiled by cc")
def test_a_clock_that_is_turned_is_so_in_processes_that_run_and_monotonic_time_is_not(tmp_path: Path) -> None:
    """As on a computer whose time is set; by whole seconds, forward, back and right again."""
    clock = OwnClock(tmp_path)
    asked = "import time; input(); print(time.time(), time.monotonic(), flush=True)\n" * 3
    with subprocess.Popen(
        [sys.executable, "-c", asked], env={**os.environ, **clock.environment}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for seconds in (5400, -5400, 0):
            clock.turn(seconds)
            before = time.time(), time.monotonic()
            process.stdin.write("\n")
            process.stdin.flush()
            date, monotonic = map(float, process.stdout.readline().split())
            assert before[0] <= date - seconds <= time.time()
            assert before[1] <= monotonic <= time.monotonic()


def test_a_moment_is_the_nth_event_of_those_that_it_is_of() -> None:
    """Others do not count, and it comes once."""
    triggers, done = Triggers(), list[str]()
    third = Moment(event="progress", of={"vm": "VM007"}, count=3)
    assert str(third) == "3rd progress of VM007"

    def act() -> bool:
        done.append("there")
        return True

    triggers.at(third, act)
    for vm in ("VM007", "VM001", "VM007"):
        triggers.happened("progress", {"vm": vm})
    assert done == []
    for _ in range(2):
        triggers.happened("progress", {"vm": "VM007"})
    assert done == ["there"]


def test_what_cannot_be_done_at_its_moment_is_tried_with_each_later_event() -> None:
    """A machine that moves cannot be deleted, a process that has not started cannot be killed."""
    triggers, tried = Triggers(), list[int]()

    def act() -> bool:
        tried.append(1)
        return len(tried) == 3

    triggers.at(Moment(event="request", count=2), act)
    triggers.happened("request", {"host": "hv1"})
    assert tried == []
    for event in ("request", "step", "step", "step"):
        triggers.happened(event, {})
    assert len(tried) == 3


def test_later_runs_go_on_with_the_rounds_of_earlier_ones(tmp_path: Path) -> None:
    """The table sums all of them; a round whose file a kill has torn is played again."""
    book = Book(tmp_path)
    assert list(book.verdicts()) == []
    for seed in (2, 10, 1):
        book.add(verdict(seed))
    (tmp_path / "rounds" / "3.json").write_text('{"seed": 3, "sha', encoding="utf-8")
    again = Book(tmp_path)
    assert [each.seed for each in again.verdicts()] == [1, 2, 10]
    assert not (tmp_path / "rounds" / "3.json").exists()
    again.add(verdict(4, "realized_once: VM001 is realized 0 times", codes=(-9, 1, 0)))
    said = table(Book(tmp_path).verdicts())
    assert "hosts             4      3         4         4          3" in said
    assert "lost 1, moved twice 0, false success 0, not recovered 0" in said
    assert "killed without a last word 1: the first up afterwards ended with 0 in 0" in said
    assert "REPLAY=4  realized_once: VM001 is realized 0 times" in said


def test_logs_are_kept_of_rounds_that_were_not_passed(tmp_path: Path) -> None:
    """Nobody looks at the others."""
    book = Book(tmp_path)
    for each in (verdict(1), verdict(2, "no_jobs: a job is at work on VM001")):
        (book.logs(each.seed) / "run-1.log").write_text("error", encoding="utf-8")
        book.add(each)
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["2"]


LAST_WORDS = """
 ~  pulumi-python:hv:Vm VM002 **updating failed** [diff: ~host]; error: VM002: is on hv1
Diagnostics:
  pulumi-python:hv:Vm (VM002):
    error: the job failed
    VM002: is on hv1, goes to hv2

  pulumi:pulumi:Stack (hyperv-placement-lab):
    error: update failed
"""


def test_the_last_words_of_a_run_are_its_errors_with_their_owners() -> None:
    """What it has shown before, and that it failed at all, names no cause."""
    assert list(errors_of(LAST_WORDS)) == ["pulumi-python:hv:Vm (VM002): error: the job failed"]
    assert list(errors_of("error: the stack is currently locked by 1 lock(s)")) == [
        " error: the stack is currently locked by 1 lock(s)"
    ]
    full = [
        "error: 2 errors occurred:",
        "    1) write lock.json: no space left on device",
        "    2) Unknown",
        "done",
    ]
    assert list(errors_of("\n".join(full))) == [
        " error: 2 errors occurred: 1) write lock.json: no space left on device 2) Unknown"
    ]

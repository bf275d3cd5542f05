"""The machine of `make chaos` itself: it passes what is whole, and reports what is not, with the way to see it again."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools.chaos.cases import SHORT, case
from tools.chaos.disturbances import CLOCK, Disturbance
from tools.chaos.moments import Moment
from tools.chaos.own_clock import has_compiler
from tools.chaos.place import Place
from tools.chaos.playing import play
from tools.chaos.scene import Scene
from tools.chaos.starts import ADOPTED, FRESH
from tools.chaos.verdict import line
from tools.workspace import PROJECT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
STORAGE = 1
"""A seed whose start is a move of storage."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place of its own."""
    here = Place(tmp_path / "place")
    yield here
    here.close()


def test_a_machine_that_vanishes_fails_its_round_which_says_how_to_replay_it(
    place: Place, tmp_path: Path
) -> None:
    """A fault that no rule excuses: a machine is gone, and nobody has deleted it."""
    lost = "VM001"

    def vanish(scene: Scene) -> bool:
        vm = scene.lab.world.find(scene.label(lost))
        assert vm is not None
        del scene.lab.world.hosts[vm.host].realized[vm.id]
        return True

    drawn = replace(case(STORAGE), history=FRESH, disturbances=())
    verdict = play(
        drawn,
        place,
        tmp_path,
        also=lambda scene: scene.lab.triggers.at(Moment(event="state written"), lambda: vanish(scene)),
    )
    assert f"realized_once: {lost} is realized 0 times" in verdict.wrong
    assert f"REPLAY={STORAGE}" in line(verdict)


@pytest.mark.outcome
@pytest.mark.skipif(not has_compiler(), reason="what turns the clock is compiled by cc")
@pytest.mark.parametrize("number", [0, 5])
def test_a_clock_that_is_set_while_a_run_starts_costs_no_move(
    place: Place, tmp_path: Path, number: int
) -> None:
    """Back (0) and forward (5), after the plugin has begun and before the program has planned."""
    turned = Disturbance(
        kind=CLOCK, moment=Moment(event="request"), vm="VM001", host="hv1", steps=100_000, number=number
    )
    verdict = play(replace(case(STORAGE), history=ADOPTED, disturbances=(turned,)), place, tmp_path)
    assert (verdict.done, verdict.codes, verdict.wrong) == ([str(turned)], [0], [])


def test_a_signal_that_reaches_the_first_process_alone_ends_its_rounds_and_begins_no_other(
    tmp_path: Path,
) -> None:
    """`kill -INT`, as no terminal sends it: the pool has handed out one round more than are played."""
    words = [sys.executable, "-m", "tools.chaos", "--count", "9", "--jobs", "1", "--folder", str(tmp_path)]
    first = tmp_path / "logs" / "1" / "run-1.log"
    pause = threading.Event()
    with subprocess.Popen(
        words, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as chaos:
        while not first.exists() and chaos.poll() is None:
            pause.wait(0.1)
        chaos.send_signal(signal.SIGINT)
        _, said = chaos.communicate(timeout=60)
    assert chaos.returncode == 130, said
    assert "interrupted" in said
    assert not (tmp_path / "rounds").exists()
    assert [each.name for each in (tmp_path / "logs").iterdir()] == ["1"]


@pytest.mark.timeout(900)
def test_the_rounds_of_ci_are_passed() -> None:
    """`make chaos-short` as CI types it."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.chaos", "--short", "--jobs", "2"], cwd=PROJECT, check=False, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" passed") >= len(SHORT)

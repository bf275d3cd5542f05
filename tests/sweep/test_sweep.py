"""A fixed sample of the sweep: each request of one move of each kind, its answer broken in two ways. `make sweep` plays all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from .breaks import WAYS
from .cases import SURVIVED, whole
from .moves import KINDS
from .rounds import ORDER, play
from .wire import LOGIN, Case

pytestmark = pytest.mark.lab
SAMPLE = {
    "host": ("cut", "401"),
    "storage": ("cut", "401"),
    "staged check": ("cut", "401"),
    "parking, and back to paths that nobody declares": (),
}
"""Ways of the kinds that each test run plays, of others `cut` alone: their requests are the same; `--all` plays the rest."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that keeps its certificates from round to round."""
    return tmp_path_factory.mktemp("sweep")


@pytest.mark.outcome
@pytest.mark.parametrize(
    ("name", "way"),
    [
        pytest.param(name, way, marks=[] if way in SAMPLE.get(name, ("cut",)) else [pytest.mark.all])
        for name in KINDS
        for way in ("cut", "401")
    ],
)
def test_a_run_whose_every_answer_breaks_once_moves_its_machines_once(
    home: Path, name: str, way: str
) -> None:
    """Reads are asked once more, orders never; where the run fails all the same the next one reaches the map."""
    (verdict,) = play(KINDS[name], home, Case(way=way))
    assert not verdict.wrong
    names = {(host, asked) for host, all_ in verdict.asked.items() for asked in all_ if asked != LOGIN}
    assert verdict.met == len(names)
    assert verdict.codes == (0,)


def test_a_round_without_a_broken_answer_tells_of_none(home: Path) -> None:
    """What the judges say of a run that reaches its map elsewhere: exit 0 there is a false success, and they see it."""
    kind = replace(KINDS["share"], wanted={"WEB01": ("hv1", "")})
    (verdict,) = play(kind, home)
    assert verdict.met == 0
    assert [each.partition(":")[0] for each in verdict.wrong] == ["false success"]


def test_the_run_after_one_that_failed_goes_on(home: Path) -> None:
    """Cases that leave nothing begun follow each other in one lab, and the last one's next run reaches the map."""
    asked = play(KINDS["share"], home)[0].asked["hv1"]
    reads = [name for name in asked if name.startswith("SELECT")]
    cases = [Case(way="502", host="hv1", request=name) for name in (LOGIN, reads[2])]
    assert [(verdict.codes, verdict.wrong) for verdict in play(KINDS["share"], home, *cases)] == [
        ((1,), ()), ((1, 0), ()),
    ]  # fmt: skip


def test_a_whole_sweep_has_each_request_in_each_way() -> None:
    """What changes something alone, before and after it was carried out; a read alone where no run goes on after it."""
    cases = list(whole({"hv1": ["login", "SELECT 1", "SELECT 1", "SELECT 1", "SELECT 1", ORDER]}))
    of_order = [case for case in cases if (case.host, case.request) == ("hv1", ORDER)]
    assert {(case.way, case.carried_out) for case in of_order} == {
        (w, done) for w in WAYS for done in (True, False)
    }
    of_read = [case for case in cases if case.request == "SELECT 1"]
    assert {case.number for case in of_read} == {0, 1, 3}
    assert {case.way for case in of_read} == WAYS.keys() - set(SURVIVED)
    assert [case.way for case in cases if not case.host] == list(SURVIVED)

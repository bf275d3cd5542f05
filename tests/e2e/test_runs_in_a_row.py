"""Runs one after the other: what was before, in this run or in another, takes nothing of the order."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest

from tools.workspace import Workspace

from .conftest import Run, Site, until
from .test_order import SWAP, declare, placed, remembered

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("its first `up` adopts")]
CROSSED, BACK = {"LEFT": "hv2", "RIGHT": "hv1"}, {"LEFT": "hv1", "RIGHT": "hv2"}


@pytest.fixture
def adopted(workspace: Workspace) -> Iterator[Site]:
    """The swap's estate, taken in by a first `up` that moves nothing."""
    here = placed(workspace, SWAP, "--speed", "6")
    assert here.up().returncode == 0
    yield here
    for run in here.runs:
        run.stop()


def nothing(_: Site) -> None:
    """Do nothing before."""


def fail(site: Site) -> None:
    """Have a run in which the machine that steps aside does not leave."""
    declare(site, CROSSED)
    site.lab("fault", "add", "migration-fails", "--vm", "RIGHT")
    run = site.up()
    assert run.returncode != 0
    assert "needs the room that RIGHT was to free, and that move was not made" in run.stdout, run.stdout
    assert site.hosts() == {"LEFT": "hv1", "RIGHT": "hv2", "NEXT": "hv3"}


def refresh(site: Site) -> None:
    """Read what is known once more."""
    assert site.pulumi("refresh", "--yes").returncode == 0


def target(site: Site) -> None:
    """Run for one machine alone."""
    assert site.up("--target", "**::NEXT").returncode == 0


def cross_and_back(site: Site) -> None:
    """Have a run to the other map and one back."""
    for ends in (CROSSED, BACK):
        declare(site, ends)
        run = site.up()
        assert run.returncode == 0, run.stdout
        assert "parked" not in run.stdout or site.moved("RIGHT")


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(nothing, marks=pytest.mark.all),
        fail,
        pytest.param(refresh, marks=pytest.mark.all),
        pytest.param(target, marks=pytest.mark.all),
        pytest.param(cross_and_back, marks=pytest.mark.all),
    ],
)
def test_a_swap_is_made_whatever_was_before(adopted: Site, before: Callable[[Site], None]) -> None:
    """One machine steps aside for the other, each is estimated and remembered, and the file of the order is gone."""
    before(adopted)
    made = {name: len(moves) for name, moves in remembered(adopted).items()}
    declare(adopted, CROSSED)
    run = adopted.up()
    assert run.returncode == 0, run.stdout
    assert adopted.hosts() == {"LEFT": "hv2", "RIGHT": "hv1", "NEXT": "hv3"}
    assert re.search(r"moved in .*, estimated ", run.stdout), run.stdout
    assert re.search(r"run took .*, estimated .* %\)", run.stdout), run.stdout
    assert {name: len(moves) - made[name] for name, moves in remembered(adopted).items()} == {
        "LEFT": 1, "RIGHT": 2 - max(0, made["RIGHT"] + 2 - 4), "NEXT": 0,
    }  # fmt: skip
    assert adopted.status()["violations"] == []
    assert not list(adopted.file(".pulumi/schedules").glob("[0-9]*.json"))
    assert adopted.in_order()


def test_a_stack_file_saved_in_the_second_in_which_the_run_starts(adopted: Site) -> None:
    """The plugin has read it, the program has not: nothing is started, one line says why, the next run goes by it."""
    adopted.lab("fault", "add", "slow", "--host", "hv1", "--seconds", "2")
    port = urlsplit(adopted.status()["hosts"]["hv1"]["https"]).port
    run = adopted.start("up", "--yes", "--skip-preview")
    until(lambda: port in dialled(run), within=180, what="the plugin asks hv1, so it has read the file")
    declare(adopted, CROSSED)
    adopted.lab("fault", "clear")
    assert run.ended(within=180) != 0
    diagnostics = run.text().partition("Diagnostics:")[2].splitlines()
    said = [line for line in diagnostics if "was saved while this run was starting" in line]
    assert len(said) == 1, run.text()
    assert "lab.yaml was saved while this run was starting: nothing was started. Run again" in said[0]
    assert "Traceback" not in run.text()
    assert adopted.status()["jobs"] == []
    again = adopted.up()
    assert again.returncode == 0, again.stdout
    assert adopted.hosts() == {"LEFT": "hv2", "RIGHT": "hv1", "NEXT": "hv3"}


@pytest.mark.skipif(os.name != "posix", reason="it takes the place of a folder by a file")
@pytest.mark.all
def test_an_order_that_cannot_be_left_is_one_line(adopted: Site) -> None:
    """Nothing is started; a run that moves nothing does not need it."""
    folder = adopted.file(".pulumi/schedules")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("in the way", encoding="utf-8")
    assert adopted.up().returncode == 0
    declare(adopted, CROSSED)
    run = adopted.up()
    assert run.returncode != 0
    assert "The order of this run's moves cannot be written to .pulumi/schedules/" in run.stdout, run.stdout
    assert "Traceback" not in run.stdout
    assert adopted.status()["jobs"] == []


def dialled(run: Run) -> set[int]:
    """Return the ports to which the run's plugins have connections."""
    found: set[int] = set()
    for plugin in run.plugins():
        with suppress(psutil.Error):
            found.update(
                each.raddr.port for each in plugin.net_connections() if each.status == psutil.CONN_ESTABLISHED
            )
    return found

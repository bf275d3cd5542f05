"""What a run under way reads of the state that it shares: requests to yield that are for it, and holds set since its plan."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hyperv_placement.errors import MoveRefusedError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.resources.watching import SharedWatch
from hyperv_placement.workspace.holds import SharedHolds
from hyperv_placement.workspace.yielding import TAG
from tests.clocks import FastClock
from tests.estates import host, machine
from tests.unit.workspace.test_holds import ENGINE

BEGUN = datetime(2026, 11, 30, 3, tzinfo=UTC)
HELD = {
    "host": "hv2",
    "until": "2099-12-31",
    "reason": "firmware",
    "by": "anna",
    "since": "2026-11-30T03:00:00+00:00",
}


class Project:
    """A project whose engine keeps tags in a file, as a folder or elsewhere."""

    def __init__(self, folder: Path, *, in_folder: bool) -> None:
        """Nothing is asked, and nothing held."""
        (folder / "bin").mkdir()
        (folder / "bin" / "pulumi").write_text(ENGINE, encoding="utf-8")
        (folder / "Pulumi.yaml").write_text("name: placement\nruntime: python\n", encoding="utf-8")
        self.file = folder / "tags"
        self.tags: dict[str, str] = {}
        kept = folder / ".pulumi" / "stacks" / "placement" / "lab.pulumi-tags"
        if in_folder:
            kept.parent.mkdir(parents=True)
        self.kept = kept if in_folder else None
        url = folder.as_uri() if in_folder else "s3://bucket"
        self.shared = SharedHolds(folder, "lab", {"PULUMI_BACKEND_URL": url})
        self.over = threading.Event()
        self.told = list[str]()
        self.write()

    def write(self, **tags: object) -> None:
        """Have these tags and no other."""
        self.tags = {name.replace("__", ":"): json.dumps(value) for name, value in tags.items()}
        self.file.write_text(json.dumps(self.tags), encoding="utf-8")
        if self.kept is not None:
            self.kept.write_text(json.dumps({"version": 1, "tags": self.tags}), encoding="utf-8")

    def request(self, id_: str, at: datetime) -> dict[str, object]:
        """Return a request as somebody leaves it."""
        return {"id": id_, "by": "anna@ops1", "at": at.isoformat(), "reason": "firmware"}


@pytest.fixture(params=[True, False], ids=["folder", "elsewhere"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """One whose state is in a folder, and one that only the engine reads."""
    made = Project(tmp_path, in_folder=request.param)
    yield made
    made.over.set()


class Brisk(FastClock):
    """Waits a moment, so that whoever watches does not keep a processor busy."""

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait a moment, and count it as `seconds`."""
        return super().wait(seconds) or (until or threading.Event()).wait(0.05)


def watching(project: Project) -> tuple[SharedWatch, list[str], Callable[[], bool]]:
    """Begin to watch; return with it what has left, and what waits for that."""
    left, heard = list[str](), threading.Event()

    def leave(whom: str) -> None:
        left.append(whom)
        heard.set()

    watch = SharedWatch(project.shared, Brisk(), BEGUN)
    watch.begin(leave, project.over, tell=project.told.append)
    return watch, left, lambda: heard.wait(20)


def test_a_request_that_comes_while_a_run_goes_on_is_for_it(project: Project) -> None:
    """Whoever made it reads as its answer that it is gone."""
    _, left, heard = watching(project)
    project.write(placement__yield=project.request("a", BEGUN + timedelta(hours=1)))
    assert heard()
    assert left == ["anna@ops1 (firmware)"]
    assert TAG not in json.loads(project.file.read_text(encoding="utf-8"))


def test_one_that_was_made_since_the_run_began_is_for_it_also_where_it_is_read_first(
    project: Project,
) -> None:
    """A run reads hosts before it moves any machine, and tags only then."""
    project.write(placement__yield=project.request("a", BEGUN + timedelta(seconds=1)))
    assert watching(project)[2]()


def test_an_older_one_stops_no_run(project: Project) -> None:
    """As one that was left over; the next one, by a clock that is behind, does."""
    project.write(placement__yield=project.request("a", BEGUN - timedelta(hours=1)))
    watch, left, heard = watching(project)
    seen = threading.Event()
    for _ in range(200):
        if watch._seen or seen.wait(0.05):
            break
    assert left == []
    project.write(placement__yield=project.request("b", BEGUN - timedelta(minutes=1)))
    assert heard()
    assert len(left) == 1


def test_what_is_no_request_stops_no_run(project: Project) -> None:
    """A torn one is not one, and a later one is read all the same."""
    project.write(placement__yield="torn")
    _, left, heard = watching(project)
    project.write(placement__yield={"id": "x", "by": "y", "at": "2026-11-30T05:00:00", "reason": ""})
    project.write(placement__yield=project.request("b", BEGUN + timedelta(minutes=1)))
    assert heard()
    assert len(left) == 1


def test_a_hold_that_was_set_since_the_plan_keeps_its_machines(project: Project) -> None:
    """Nothing more comes to a held host, and a held machine is not moved; others are."""
    watch, _, _ = watching(project)
    project.write(
        placement__hold__0=HELD,
        placement__hold__1={**{k: v for k, v in HELD.items() if k != "host"}, "vm": "VM003"},
    )
    away = order(machine(1), Placement(host=HostName("hv2")), host("hv1", machine(1)), host("hv2"))
    other = order(machine(1), Placement(host=HostName("hv3")), host("hv1", machine(1)), host("hv3"))
    assert away is not None
    assert other is not None
    pause = threading.Event()
    for _ in range(400):
        if watch._holds or pause.wait(0.05):
            break
    with pytest.raises(MoveRefusedError, match="hv2 is held until 2099-12-31 UTC: firmware, by anna"):
        watch.check("VM001", away)
    with pytest.raises(MoveRefusedError, match="VM003 is held"):
        watch.check("VM003", other)
    watch.check("VM001", other)

"""A move that is refused the right to act at its destination: what the directory says decides whether it waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hyperv_placement.errors import (
    InterruptedRunError,
    MigrationFailedError,
    MovedByOthersError,
    MoveRefusedError,
)
from hyperv_placement.migration.known_delegation import Delegation
from hyperv_placement.model.directory import MissingEntry
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import MigrationOptions
from tests.fabric.conftest import Fabric, Maker, until
from tests.fabric.test_failures import person_moves
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
ACCOUNT = "CN=HV1,CN=Computers,DC=lab,DC=example"
COMPLETE = Delegation(account=ACCOUNT)
ELSEWHERE = Delegation(account=ACCOUNT, elsewhere=("sofs.lab.example",))
LACKING = Delegation(
    account=ACCOUNT,
    missing=(MissingEntry(source=HostName("hv1"), destination="hv2", entry="cifs/hv2.lab.example"),),
)


class Told:
    """A directory that says one thing before a start and another after a failure."""

    def __init__(self, before: Delegation | None, after: Delegation | None, wait: float = 900.0) -> None:
        """`wait`: seconds that moves may wait."""
        self.wait = wait
        self._before, self._after = before, after
        self.then: Callable[[], object] = lambda: None
        """What happens while it is asked after a failure."""

    def delegation(self, _move: Move, *, fresh: bool) -> Delegation | None:
        """Say it."""
        if not fresh:
            return self._before
        self.then()
        return self._after


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


def waits(fabric: Fabric) -> list[str]:
    """Return what the live tree said of waiting for tickets."""
    return [each.phase for each in fabric.progress if "old tickets" in each.phase]


@pytest.mark.parametrize("options", [MigrationOptions(), MigrationOptions(check="staged")])
def test_a_move_waits_for_the_tickets_of_its_host(fabric: Fabric, options: MigrationOptions) -> None:
    """The directory has it all, so it is tried again, ever later, saying why; staged or not."""
    fabric.fault("migration-fails", vm="WEB01", left=2)
    move = replace(fabric.order("WEB01", "hv2"), options=options)
    assert fabric.run(move, Told(COMPLETE, COMPLETE)).host == "hv2"
    assert [text.split(":")[0] for text in waits(fabric)] == ["waiting 5 s", "waiting 10 s"]
    assert all("klist purge -li 0x3e7" in text for text in waits(fabric))
    assert not fabric.world.state.violations


def test_a_file_server_of_which_nothing_is_known_is_named_while_it_waits(fabric: Fabric) -> None:
    """The hosts' tickets may be what is missing, so it waits; that it may be in vain is said at once."""
    fabric.fault("migration-fails", vm="WEB01", left=1)
    assert fabric.run(fabric.order("WEB01", "hv2"), Told(ELSEWHERE, ELSEWHERE)).host == "hv2"
    (text,) = waits(fabric)
    assert "between the hosts" in text
    assert "may not act at sofs.lab.example (delegation.shares does not list it)" in text


@pytest.mark.parametrize(
    ("after", "wait", "reported", "remedy"),
    [
        (LACKING, 900, f"on {ACCOUNT}: hv1 -> hv2: cifs/hv2.lab.example", "Declare delegation:"),
        (Delegation(unknown="it is down"), 900, "could not be read (it is down)", "cifs/hv2.lab.example"),
        (None, 900, "0x8009030E", "cifs/hv2.lab.example"),
        (ELSEWHERE, 0, f"no entry for sofs.lab.example on {ACCOUNT}", "under delegation.shares"),
        (COMPLETE, 0, f"all that is needed on {ACCOUNT}", "On hv1 run klist purge -li 0x3e7"),
        (Delegation(barred="alice is sensitive", way_out="Use bob"), 900, "alice is sensitive", "Use bob"),
    ],
)
def test_only_what_the_directory_proves_is_waited_for(
    fabric: Fabric, after: Delegation | None, wait: float, reported: str, remedy: str
) -> None:
    """Entries that lack, a silent directory, none at all, or no leave to wait: one attempt, and an error that says it."""
    fabric.fault("migration-fails", vm="WEB01", left=None)
    with pytest.raises(MigrationFailedError) as caught:
        fabric.run(fabric.order("WEB01", "hv2"), Told(None, after, wait))
    assert reported in caught.value.message
    assert remedy in caught.value.remedy
    assert caught.value.codes == (0x8009030E,)
    assert len(fabric.log("start")) == 1
    assert fabric.lab_vm("WEB01").host == "hv1"


def test_it_waits_no_longer_than_it_may(fabric: Fabric) -> None:
    """After each wait one more attempt, at the end of `delegation_wait` the error that names the tickets."""
    fabric.fault("migration-fails", vm="WEB01", left=None)
    with pytest.raises(MigrationFailedError, match="most likely still uses old tickets"):
        fabric.run(fabric.order("WEB01", "hv2"), Told(COMPLETE, COMPLETE, 7))
    assert 1 <= len(waits(fabric)) <= 2
    assert len(fabric.log("start")) == len(waits(fabric)) + 1


def test_another_failure_is_not_waited_for(fabric: Fabric) -> None:
    """The directory is asked for a refused second hop alone."""
    fabric.fault("migration-fails", vm="WEB01", text="The disk is on fire. (0x80070070)")
    with pytest.raises(MigrationFailedError, match="on fire"):
        fabric.run(fabric.order("WEB01", "hv2"), Told(COMPLETE, COMPLETE))
    assert len(fabric.log("start")) == 1


def test_what_lacks_beforehand_starts_nothing(fabric: Fabric) -> None:
    """The entries are named without an attempt."""
    with pytest.raises(MoveRefusedError, match=r"hv1 -> hv2: cifs/hv2\.lab\.example"):
        fabric.run(fabric.order("WEB01", "hv2"), Told(LACKING, LACKING))
    assert fabric.log("start") == []


def test_ctrl_c_ends_the_wait(fabric: Fabric) -> None:
    """At once, with nothing started since the refusal."""
    fabric.fault("migration-fails", vm="WEB01", left=None)
    move = fabric.order("WEB01", "hv2")
    waiting = fabric.behind(lambda: fabric.run(move, Told(COMPLETE, COMPLETE)))
    until(lambda: bool(waits(fabric)))
    fabric.cancelled.set()
    with pytest.raises(InterruptedRunError):
        waiting.join(10)
    assert len(fabric.log("start")) == 1


def test_somebody_else_s_move_meanwhile_is_seen(fabric: Fabric) -> None:
    """The hosts are looked at before each start: a machine that has gone elsewhere is not ordered again."""
    fabric.fault("migration-fails", vm="WEB01")
    reported, move = Told(COMPLETE, COMPLETE), fabric.order("WEB01", "hv2")
    waiting = fabric.behind(lambda: fabric.run(move, reported))
    until(lambda: bool(waits(fabric)))
    job = person_moves(fabric, "WEB01", "hv3")
    with pytest.raises((MovedByOthersError, MoveRefusedError)):  # it is on its way, or there already
        waiting.join()
    until(lambda: not job.running)
    assert fabric.lab_vm("WEB01").host == "hv3"
    assert not fabric.world.state.violations


def test_who_waits_for_tickets_holds_no_room(fabric: Fabric) -> None:
    """The only slot of both hosts serves another move meanwhile."""
    for host in ("hv1", "hv2"):
        fabric.world.hosts[host].max_live = 1
    fabric.fault("migration-fails", vm="WEB01", left=None)
    first, second = fabric.order("WEB01", "hv2"), fabric.order("WEB02", "hv2")
    waiting = fabric.behind(lambda: fabric.run(first, Told(COMPLETE, COMPLETE)))
    until(lambda: bool(waits(fabric)))
    fabric.behind(lambda: fabric.run(second)).join(30)
    assert fabric.lab_vm("WEB02").host == "hv2"
    fabric.cancelled.set()
    with pytest.raises(InterruptedRunError):
        waiting.join(10)
    assert not fabric.world.state.violations

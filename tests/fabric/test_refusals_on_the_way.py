"""A host that refuses us while a job runs there is no silent host: it is said at once, and once."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from hyperv_placement.errors import JobUnknownError, VerificationError
from lab.home import credentials
from tests.fabric.conftest import Behind, Fabric, Maker, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
SOON = 90_000
"""Seconds, by the fast clock, within which a refusal must be known; silence would be borne for 15 minutes."""
NEW = "n3w-Passw0rd"


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


def moving(fabric: Fabric, *names: str) -> list[Behind]:
    """Start moves to hv2 and return when all of them stand at 40 %."""
    for name in names:
        fabric.fault("stall", vm=name, after=40)
    moves = [fabric.order(name, "hv2") for name in names]
    work = [fabric.behind(partial(fabric.run, move)) for move in moves]
    until(lambda: sum(job.percent >= 40 for job in fabric.world.state.jobs) == len(names))
    until(lambda: sum(bool(progress.percent) for progress in fabric.progress) >= len(names))
    return work


def refused(fabric: Fabric, work: Behind) -> str:
    """Return what a move says that could not be followed any more, and was not waited for much longer."""
    before = fabric.clock.waits()
    with pytest.raises(JobUnknownError) as caught:
        work.join()
    assert max((fabric.clock.waits() - before).values(), default=0) < SOON
    assert re.search(
        r"job does now is not known \(it was at \d+ % when it was last read, \d+ s ago\)", str(caught.value)
    )
    return str(caught.value)


@pytest.mark.outcome
@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("login-refused", "hv1 refused the credential of"),
        ("certificate-changed", "The certificate of hv1 is not trusted"),
        ("right-lost", "hv1 refused a Get of Msvm_MigrationJob"),
    ],
)
def test_a_refusal_is_said_at_once_and_once(fabric: Fabric, kind: str, cause: str) -> None:
    """The first move of the host says what it is and what to do, the others in short; their jobs go on."""
    work = moving(fabric, "WEB01", "WEB02")
    fabric.fault(kind, host="hv1")
    said = [refused(fabric, each) for each in work]
    assert sum(cause in each for each in said) == 1
    assert sum("hv1 is not asked any more, as said of another move" in each for each in said) == 1
    assert fabric.audited().count("left") == 2
    fabric.world.faults.clear()
    until(lambda: {vm.host for vm in fabric.world.vms()} == {"hv2"})
    assert len(fabric.log("start")) == 2


@pytest.mark.outcome
def test_a_password_that_its_file_follows_is_read_again(fabric: Fabric) -> None:
    """An operator has changed both: the job is followed to its end."""
    (work,) = moving(fabric, "WEB01")
    write_password(fabric.home / credentials.FILE, NEW)
    fabric.fault("password-changed", host="hv1", text=NEW)
    fabric.world.faults.clear(1)
    fabric.fault("password-changed", host="hv2", text=NEW)
    work.join()
    assert fabric.lab_vm("WEB01").host == "hv2"
    assert fabric.audited() == ["start", "end"]


def test_a_password_that_its_file_does_not_follow_is_not_tried_again(fabric: Fabric) -> None:
    """One attempt with the old secret, one with another that is wrong, too: no account is locked by looking."""
    (work,) = moving(fabric, "WEB01")
    write_password(fabric.home / credentials.FILE, "wrong")
    fabric.fault("password-changed", host="hv1", text=NEW)
    assert "hv1 refused the credential of" in refused(fabric, work)


@pytest.mark.outcome
def test_an_end_that_cannot_be_read_is_not_called_anything_else(fabric: Fabric) -> None:
    """The job has ended; where the machine is was not read, and nobody waits a minute for a refusal to pass."""
    (work,) = moving(fabric, "WEB01")
    fabric.fault("right-lost", host="hv2")
    fabric.world.faults.clear(1)
    with pytest.raises(
        VerificationError, match="what it has done could not be read: it is not on hv1, and where it is"
    ):
        work.join()


def write_password(path: Path, password: str) -> None:
    """Have the credentials file name another password."""
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^password:.*$", f"password: {password}", text), encoding="utf-8")

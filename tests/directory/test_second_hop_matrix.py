"""Who gets from one host to another: build, host setting, caller, attribute and flag, over the wire, with real tickets."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

from lab.world.builds import BUILDS, SERVER_2012_R2
from tests.unit.lab.conftest import estate, machine

from .conftest import Site
from .hopping import CALLERS, CIFS, MIGRATION, Caller, Hopping, hopping

pytestmark = pytest.mark.lab
Attribute = Literal["unset", "cifs", "migration", "both"]
ATTRIBUTES: dict[Attribute, list[str]] = {
    "unset": [], "cifs": [CIFS], "migration": [MIGRATION], "both": [MIGRATION, CIFS],
}  # fmt: skip
Setting = Literal["Kerberos", "CredSSP"]
SETTINGS: dict[Setting, int] = {"CredSSP": 0, "Kerberos": 1}
"""AuthenticationType of both hosts (win32 page of Msvm_VirtualSystemMigrationServiceSettingData)."""
OLD, NEW = ("2012R2",), ("2016", "2019", "2022", "2025")
ANY_BUILD = OLD + NEW
ANYTHING = tuple(ATTRIBUTES)
PARTLY: tuple[Attribute, ...] = ("unset", "cifs", "migration")
EITHER = (False, True)

SET_UP = '"Set up hosts for live migration without Failover Clustering" (learn.microsoft.com)'
BLOG = '"Live Migration via Constrained Delegation with Kerberos in Windows Server 2016" (Microsoft virtualization blog)'
LOCAL = '"Authentication for Remote Connections" (learn.microsoft.com): basic and certificates are of local accounts'
SECOND_HOP = (
    '"Making the second hop in PowerShell Remoting" (learn.microsoft.com): CredSSP hands the password over'
)
PROXY = "MS-SFU 3.2.5.2: the service has to be in msDS-AllowedToDelegateTo (Samba's KDC refuses with KDC_ERR_BADOPTION)"
TRANSITION = (
    "MS-SFU 3.2.5.1.2: without TrustedToAuthenticateForDelegation the ticket of S4U2Self is not forwardable"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is expected of a part of the matrix, and who says so."""

    builds: tuple[str, ...] = ANY_BUILD
    settings: tuple[Setting, ...] = ("Kerberos", "CredSSP")
    callers: tuple[Caller, ...]
    attributes: tuple[Attribute, ...] = ANYTHING
    flags: tuple[bool, ...] = EITHER
    reached: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination."""

    build: str
    setting: Setting
    caller: Caller
    attribute: Attribute
    flag: bool


KERBEROS_HOSTS: tuple[Setting, ...] = ("Kerberos",)
TABLE = (
    Row(callers=("basic", "certificate"), reached=False, source=LOCAL),
    Row(callers=("credssp",), reached=True, source=f"{SET_UP}; {SECOND_HOP}"),
    Row(
        settings=("CredSSP",), callers=("kerberos", "ntlm"), reached=False,
        source=f"{SET_UP}: with CredSSP one has to be logged on at the source",
    ),
    Row(
        builds=OLD, settings=KERBEROS_HOSTS, callers=("kerberos",), attributes=("both",), reached=True,
        source=f"{SET_UP}; {BLOG}: before 2016 'Use Kerberos only' was enough",
    ),
    Row(
        builds=NEW, settings=KERBEROS_HOSTS, callers=("kerberos",), attributes=("both",), flags=(True,), reached=True,
        source=f"{BLOG}: 'Use any authentication protocol'",
    ),
    Row(
        builds=NEW, settings=KERBEROS_HOSTS, callers=("kerberos",), attributes=("both",), flags=(False,), reached=False,
        source=f"{BLOG}: WinRM cannot pass the caller's ticket to the migration service; {TRANSITION}",
    ),
    Row(
        settings=KERBEROS_HOSTS, callers=("ntlm",), attributes=("both",), flags=(True,), reached=True,
        source=f"{SET_UP}; MS-SFU 1.3.2: protocol transition",
    ),
    Row(
        settings=KERBEROS_HOSTS, callers=("ntlm",), attributes=("both",), flags=(False,), reached=False, source=TRANSITION,
    ),
    Row(
        settings=KERBEROS_HOSTS, callers=("kerberos", "ntlm"), attributes=PARTLY, reached=False,
        source=f"{PROXY}; {SET_UP}: both services where storage moves along",
    ),
)  # fmt: skip


def row_of(cell: Cell) -> Row:
    """Return the one row that a cell is in."""
    (found,) = [
        row
        for row in TABLE
        if cell.build in row.builds
        and cell.setting in row.settings
        and cell.caller in row.callers
        and cell.attribute in row.attributes
        and cell.flag in row.flags
    ]
    return found


@pytest.fixture(scope="module")
def ground(running: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hopping]:
    """Hosts that keep no tickets, with a machine on hv1 whose version all of them take."""
    with hopping(
        running, estate(machine("WEB01"), versions=("9.0",)), tmp_path_factory.mktemp("hop") / "lab"
    ) as one:
        yield one


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("flag", EITHER)
@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_the_matrix(ground: Hopping, attribute: Attribute, build: str, *, flag: bool) -> None:
    """A move of machine and storage gets to the other host exactly where the table says; else it ends in 0x8009030E."""
    ground.delegate(ATTRIBUTES[attribute], trusted=flag)
    wrong = []
    for setting, caller in [(setting, caller) for setting in SETTINGS for caller in CALLERS]:
        for host in ground.world.hosts.values():
            host.build, host.authentication = BUILDS[build], SETTINGS[setting]
        cell = Cell(build=build, setting=setting, caller=caller, attribute=attribute, flag=flag)
        if ground.got_there(ground.order(caller)) != (row := row_of(cell)).reached:
            wrong.append((cell, row.source, str(ground.reported()[-1:])))
        ground.world.state.jobs.clear()
    assert not wrong


@pytest.mark.parametrize("build", BUILDS)
def test_a_ticket_counts_as_the_own_one_on_2012_r2_alone(ground: Hopping, build: str) -> None:
    """How the host asks is in the lab's log: in the caller's name by S4U2Self, on 2012 R2 with the caller's ticket."""
    ground.delegate(ATTRIBUTES["both"], trusted=True)
    for host in ground.world.hosts.values():
        host.build, host.authentication = BUILDS[build], 1
    ways = {}
    for caller in CALLERS[:3]:
        before = len(ground.reported())
        assert ground.got_there(ground.order(caller))
        reported = ground.reported()[before:]
        assert [entry["to"] for entry in reported] == [MIGRATION, CIFS]
        assert {entry["answer"] for entry in reported} == {"reached"}
        (ways[caller],) = {entry["way"] for entry in reported}
    own = BUILDS[build] == SERVER_2012_R2
    assert ways == {
        "kerberos": "own ticket" if own else "S4U2Self",
        "ntlm": "S4U2Self",
        "credssp": "password",
    }

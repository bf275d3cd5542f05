"""Each fault on docs/lab.md, by the command that stands there: what a client sees is another thing than without it."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from hyperv_placement.wsman import Fault, Get, Instance, Invoke, InvokeResponse, Response
from lab.background.verbs import verbs
from lab.commands import arguments
from tests.unit.lab.conftest import estate, machine

from .conftest import Dialled, Maker, Wire, keys, reference
from .test_migration import METHOD, SERVICE, order

PAGE = Path(__file__).parents[3] / "docs" / "lab.md"
EXAMPLES = re.findall(
    r"^\| `([a-z-]+)` \|.*\| `bin/lab (fault add .*)` \|$", PAGE.read_text("utf-8"), re.MULTILINE
)
_TERMINATE = 4
PATIENCE = 3
"""Seconds for an answer: a host that says nothing costs them once."""


class Session:
    """What one client writes down of a lab: one line a step."""

    def __init__(self, wire: Wire) -> None:
        """Log on at hv3 before anything goes wrong."""
        self.wire = wire
        self.seen: list[str] = []
        self.old = self.dial("hv3")
        self.old.send(of_hv3())

    def dial(self, host: str) -> Dialled:
        """Return a client that waits PATIENCE and writes down each status."""
        client = self.wire.dial(host)
        client.transport.read_timeout_sec = PATIENCE
        session = client.transport.build_session()
        client.transport.session = session
        session.hooks["response"].append(lambda answer, *_, **__: self.seen.append(statuses(answer)))
        return client

    def step(self, name: str, act: Callable[[], object]) -> None:
        """Write down what comes of a step: what it says, or which error ends it."""
        try:
            self.seen.append(f"{name}: {act()}")
        except requests.Timeout:
            self.seen.append(f"{name}: nothing comes")
            raise
        except Exception as error:  # noqa: BLE001 - whatever a client meets is what is written down
            self.seen.append(f"{name}: {type(error).__name__}")

    def all(self, expected: list[str] | None = None) -> list[str]:
        """Go through everything, or as far as it is `expected`; a host that says nothing ends it."""
        with suppress(requests.Timeout):
            for name, act in self.steps():
                self.step(name, act)
                if expected is not None and self.seen != expected[: len(self.seen)]:
                    break
        return self.seen

    def steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Yield the steps: reads, a setting, a check, a migration, one that is cancelled, and what is there in the end."""
        yield "read", lambda: said(self.old.send(of_hv3(), operation_timeout=timedelta(seconds=1)))
        yield "read nobody", lambda: said(self.old.get("Msvm_ComputerSystem", **keys("NOBODY")))
        yield "enumerate", lambda: names(self.old.select("SELECT * FROM Msvm_ComputerSystem"))
        yield "log on", lambda: said(self.dial("hv3").send(of_hv3()))
        yield "setting", self.set_compression
        yield "check", lambda: self.job("CheckVirtualSystemIsMigratable")
        yield "move", lambda: self.job(METHOD)
        yield "move back, cancelled", lambda: self.job(METHOD, cancelled=True)
        for host in self.wire.world.hosts:
            yield f"{host} in the end", lambda host=host: self.shown(host)  # type: ignore[misc]
            files = self.wire.world.home / "hosts" / host
            yield "files", lambda files=files: sorted(each.name for each in files.rglob("*.vhdx"))  # type: ignore[misc]

    def set_compression(self) -> str:
        """Turn compression off, and return what the host shows of it then."""
        client = self.dial("hv1")
        text = Instance("Msvm_VirtualSystemMigrationServiceSettingData", {"EnableCompression": False})
        answer = client.send(
            Invoke(target=SERVICE, method="ModifyServiceSettings", arguments={"ServiceSettingData": text})
        )
        (row,) = client.select("SELECT * FROM Msvm_VirtualSystemMigrationServiceSettingData")
        return f"{said(answer)} {row.properties['EnableCompression']}"

    def job(self, method: str, *, cancelled: bool = False) -> str:
        """Order something of a machine, and return what its job has come to after two minutes."""
        client = self.dial(self.wire.vm("VM002").host)
        destination = "hv1" if cancelled else "hv2"
        answer = client.send(
            Invoke(target=SERVICE, method=method, arguments=order(self.wire, "VM002", destination))
        )
        if cancelled and isinstance(answer, InvokeResponse) and answer.return_value == 4096:
            asked: Any = answer.outputs["Job"]
            client.call(asked, "RequestStateChange", RequestedState=_TERMINATE, TimeoutPeriod=None)
        self.wire.pass_time(120)
        if not isinstance(answer, InvokeResponse) or answer.return_value != 4096:
            return said(answer)
        job: Any = answer.outputs["Job"]
        read: Any = client.get(job.class_name, **job.selectors)
        if isinstance(read, Fault):
            return said(read)
        row = read.instance
        return f"{row.number('JobState')} {row.number('ErrorCode')} {row.text('ErrorDescription')} {row.properties['StartTime']}"

    def shown(self, host: str) -> str:
        """Return what a host shows of its machines and volumes."""
        client = self.dial(host)
        rows = client.select("SELECT * FROM CIM_ComputerSystem") + client.select(
            "SELECT * FROM Msvm_HeartbeatComponent"
        )
        volumes = client.select("SELECT * FROM Win32_Volume", "root/cimv2")
        free = [int(row.properties["FreeSpace"] or 0) >> 30 for row in volumes]
        return f"{names(rows)} {free}"


def statuses(answer: requests.Response) -> str:
    """Return the statuses of an answer and of those before it, a login's."""
    return " ".join(str(each.status_code) for each in (*answer.history, answer))


def of_hv3() -> Get:
    """Return a Get of the host itself."""
    return Get(target=reference("Msvm_ComputerSystem", **keys("HV3")))


def said(answer: Response) -> str:
    """Return the kind of an answer, and a fault's code or a method's result."""
    code = answer.wsman_code if isinstance(answer, Fault) else getattr(answer, "return_value", "")
    return f"{type(answer).__name__} {code}"


def names(rows: list[Any]) -> list[str]:
    """Return what tells rows apart: class, name, states."""
    return sorted(
        f"{row.class_name} {row.text('ElementName')} {row.properties.get('EnabledState')} {row.properties.get('OperationalStatus')}"
        for row in rows
        if isinstance(row, Instance)
    )


def lab(make_wire: Maker) -> Wire:
    """Return three hosts, the machine of the page's examples on the first."""
    return make_wire(estate(machine("VM002")))


@pytest.fixture(scope="module")
def plain() -> list[str]:
    """What a session sees of a lab without faults; filled by the first that needs it."""
    return []


@pytest.fixture(autouse=True)
def _without_faults(make_wire: Maker, plain: list[str]) -> None:
    if not plain:
        plain += Session(lab(make_wire)).all()
    assert any(line.startswith("move: 7 0 ") for line in plain), plain
    assert not [line for line in plain if "Error" in line]


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_an_example_of_the_page_does_what_a_client_sees(
    make_wire: Maker, plain: list[str], kind: str, example: str
) -> None:
    """The command is understood, and the same session meets something else; once the rule is cleared hosts answer."""
    wire = lab(make_wire)
    session = Session(wire)
    ask = verbs(wire.world, wire.account, threading.Event())
    rule = ask["fault-add"](
        **arguments.fault_of(arguments.parser().parse_args(shlex.split(example.replace("\\|", "|"))))
    )
    assert rule["kind"] == kind
    wire.pass_time(0.1)
    assert session.all(plain) != plain
    assert ask["fault-clear"](fault_id=None) == 1
    wire.pass_time(0.1)
    assert said(wire.dial("hv3").send(of_hv3())) == "GetResponse "

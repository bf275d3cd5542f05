"""What every command answers with `--json`, asked of a lab, is as its schema says: each key, and no other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperv_placement import __version__
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.workspace.inventory_file import Recorded, write
from lab.world import person
from tests.answers import checked, names
from tests.fabric.conftest import Fabric, until
from tests.forking import Forks, forks
from tests.lines import too_wide
from tests.unit.lab.conftest import estate, machine
from tests.unit.operations.test_yield_run import PULUMI
from tests.unit.workspace.test_holds import ENGINE
from tests.unit.workspace.test_locks import ended_process, write_lock

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.name != "posix", reason="commands are run by forks"),
]
WHEEL = f"hyperv_placement-{__version__}-py3-none-any.whl"
STACK = """\
timezone: Europe/Berlin
connection: {{credentials: '{home}/credentials.yaml', ca: '{home}/ca.pem'}}
hosts:
  hv1: {{address: '{hv1}', storage: {{fast: 'E:\\Hyper-V'}}}}
  hv2: {{address: '{hv2}'}}
  hv3: {{address: '{hv3}'}}
vms:
  WEB01: {{host: hv1}}
  WEB02: {{host: hv3}}
  DB01: {{host: hv1, storage: fast}}
  GONE: {{host: hv2}}
"""
ASKED: dict[str, tuple[str, ...]] = {
    "check": ("check", "lab", "--inventory", "hosts.json", "--base", "before.yaml"),
    "inventory": ("inventory", "lab"),
    "plan": ("plan", "lab"),
    "drift": ("drift", "lab"),
    "result": ("result", "lab"),
    "doctor": ("doctor", "lab"),
    "review": ("review", "lab", "--base", "before.yaml", "--inventory", "hosts.json"),
    "init": ("init", "own", "--wheel", WHEEL),  # which is copied, and not looked into
    "fleet": ("fleet", "--expect", "lab"),
    "history": ("history", "WEB01", "--no-state"),
    "report": ("report", "lab"),
    "explain": ("explain", "vtpm"),
    "discover": ("discover", "--from", "lab", "--stack", "new", "--output", "new.yaml"),
    "record": ("record", "hv1", "--output", "hv1.zip"),
    "hold": ("hold", "hv2", "--until", "2099-12-31", "--reason", "firmware"),
    "release": ("release", "hv2"),
    "drain": ("drain", "hv3", "--reason", "firmware"),
    "drain-rolling": ("drain", "--rolling", "hv1,hv2", "lab", "--inventory", "hosts.json"),
    "return": ("return", "hv3"),
    "rebalance": ("rebalance", "lab", "--inventory", "hosts.json"),
    "accept-host": ("accept-host", "hv1"),
    "adopt": ("adopt", "WEB01", "--id", "{WEB01}"),
    "audit-note": ("audit", "note", "lab", "--text", "looked into"),
    "audit-verify": ("audit", "verify", "lab"),
    "recover": ("recover", "lab"),
    "yield": ("yield", "lab", "--no-wait"),
    "unlock": ("unlock", "lab"),
    "jobs": ("jobs", "lab"),
    "watch": ("watch", "lab", "--once"),
    "jobs-cancel": ("jobs", "cancel", "WEB02", "lab", "--others"),
    "drift-accept": ("drift", "lab", "--json", "--accept"),
}
"""Schema -> words, in an order in which each finds something; `--json` stands behind them."""


SHARED = {"hold", "release"}
"""Answers about what the engine keeps for everybody: of a local backend it would be read from its own files."""


ZONED = {
    "check", "plan", "drift", "result", "doctor", "review", "history", "report", "hold", "release", "drain", "drain-rolling",
    "return", "rebalance",
}  # fmt: skip
"""Answers with days in their sentences."""


def zones_in(answer: object) -> Iterator[object]:
    """Yield what stands under `timezone` anywhere in an answer."""
    if isinstance(answer, dict):
        if "timezone" in answer:
            yield answer["timezone"]
        answer = list(answer.values())
    if isinstance(answer, list):
        for each in answer:
            yield from zones_in(each)


class Project:
    """A project with one stack over a lab; what shares its state is an engine that keeps tags in a file."""

    def __init__(self, folder: Path, fabric: Fabric, processes: Forks) -> None:
        """Run commands in `folder`."""
        self.folder, self.fabric, self.processes = folder, fabric, processes

    def asked(self, name: str) -> dict[str, object]:
        """Return the answer of a command, which its schema has been held against."""
        words = [word.format(WEB01=self.fabric.lab_vm("WEB01").id) for word in ASKED[name]]
        words = words if "--json" in words else [*words, "--json"]
        done = self.processes.run(
            words, environ={"PULUMI_BACKEND_URL": "s3://bucket" if name in SHARED else self.folder.as_uri()}
        )
        assert done.output, done.errors
        return checked(name, done.output)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Three hosts, of which one is busy with a migration that a person has begun; a machine elsewhere, one that is gone."""
    folder = tmp_path_factory.mktemp("project")
    fabric = Fabric(
        estate(machine("WEB01"), machine("WEB02"), machine("DB01"), machine("OTHER", "hv2")), folder / "lab"
    )
    (folder / "Pulumi.yaml").write_text("name: hyperv-placement\nruntime: python\n", encoding="utf-8")
    (folder / "stacks").mkdir()
    hosts = {name: host.url for name, host in fabric.world.hosts.items()}
    declared = STACK.format(home=fabric.home, **hosts)
    (folder / "stacks" / "lab.yaml").write_text(declared, encoding="utf-8")
    before = declared.replace("WEB02: {host: hv3}", "WEB02: {host: hv2}").replace(hosts["hv3"], hosts["hv2"])
    (folder / "before.yaml").write_text(before, encoding="utf-8")
    read = Recorded(read=datetime(2026, 1, 1, tzinfo=UTC), inventory=fabric.estate.read(Detail.FULL))
    write(folder / "hosts.json", read)
    (folder / WHEEL).write_bytes(b"")
    (folder / "bin").mkdir()
    (folder / "bin" / "pulumi").write_text(ENGINE, encoding="utf-8")
    (folder / "tags").write_text('{"pulumi:project": "hyperv-placement"}', encoding="utf-8")
    kept = folder / ".pulumi" / "stacks" / "hyperv-placement"
    kept.mkdir(parents=True)
    (kept / "lab.pulumi-tags").write_text('{"version": 1, "tags": {}}', encoding="utf-8")
    try:
        with forks(folder) as processes:
            yield Project(folder, fabric, processes)
    finally:
        fabric.close()


def test_every_shape_of_answer_is_asked_for() -> None:
    """Whoever adds one says here how it is asked for."""
    assert set(ASKED) == set(names())


@pytest.mark.parametrize(
    "name", [name for name in ASKED if name not in {"yield", "unlock", "jobs", "jobs-cancel", "drift-accept"}]
)
def test_an_answer_is_as_its_schema_says(project: Project, name: str) -> None:
    """Each key with its type, and no key that the schema does not have; days are said to be by the stack's clocks."""
    zones = {found for found in zones_in(project.asked(name)) if found is not None}
    assert zones == ({"Europe/Berlin"} if name in ZONED else set())


def test_a_run_under_way_and_locks_are_answered(project: Project, tmp_path: Path) -> None:
    """A process that is called as the engine is holds the lock; once it is gone the lock is removed."""
    script = tmp_path / "pulumi"
    script.write_text(PULUMI, encoding="utf-8")
    script.chmod(0o700)
    with subprocess.Popen([script]) as process:
        write_lock(project.folder / ".pulumi", "lab", process.pid)
        assert project.asked("yield")["free"] is False
        process.kill()
    write_lock(project.folder / ".pulumi", "lab", ended_process())
    locks = project.asked("unlock")["locks"]
    assert isinstance(locks, list)
    assert {each["removed"] for each in locks} == {True}


def test_migrations_are_answered(project: Project) -> None:
    """One that a person has begun and that stands still, and its end."""
    project.fabric.fault("stall", vm="WEB02", after=20)
    person.move(project.fabric.world, "WEB02", "hv2")
    until(lambda: any(each.percent >= 20 for each in project.fabric.world.state.jobs if each.running))
    jobs = project.asked("jobs")["jobs"]
    assert isinstance(jobs, list)
    [job] = jobs
    assert (job["vm"], job["from"], job["to"], job["ours"]) == ("WEB02", "hv1", "hv2", None)
    assert project.asked("drift")["unknown"] is not None
    assert project.asked("jobs-cancel")["proven"] is True
    assert project.asked("drift-accept")["labels"]


@pytest.mark.parametrize(
    "name", [name for name in ASKED if name not in {"review", "jobs-cancel", "drift-accept", "yield"}]
)
def test_what_people_read_is_folded_to_their_terminal(project: Project, name: str) -> None:
    """At 80 columns, errors as well: a command that was asked before may find nothing to do, and says so in as few."""
    words = [word.format(WEB01=project.fabric.lab_vm("WEB01").id) for word in ASKED[name]]
    done = project.processes.run(
        words, environ={"COLUMNS": "80", "PULUMI_BACKEND_URL": project.folder.as_uri()}
    )
    assert done.output or done.errors
    assert too_wide(done.output) + too_wide(done.errors) == []

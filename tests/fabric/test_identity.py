"""Two entries for one computer, and machines that hosts show twice: nothing is said of copies before all else is excluded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import cli
from hyperv_placement.errors import NotPlannedError, VmMissingError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Schedule, Standing
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.doctor.examine import examine
from hyperv_placement.operations.drift import read_drift
from hyperv_placement.operations.plan import compare
from hyperv_placement.resources.call import Call, current
from hyperv_placement.resources.fleets import Fleets
from hyperv_placement.resources.vm_placement import VmPlacement
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.handoff import HandedOff, Handoff
from lab.world import LabJob, person
from tests.clocks import FastClock
from tests.estates import guid
from tests.fabric.conftest import Fabric, Maker, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


@pytest.fixture
def declared(fabric: Fabric, tmp_path: Path) -> Callable[..., Stack]:
    """Return what writes `stacks/lab.yaml`: machines by host, and further hosts by address."""

    def write(vms: Mapping[str, str], **more: str) -> Stack:
        path = tmp_path / "stacks" / "lab.yaml"
        path.parent.mkdir(exist_ok=True)
        hosts = {name: host.url for name, host in fabric.world.hosts.items()} | more
        path.write_text(
            f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
            "hosts:\n"
            + "".join(f"  {name}: {{address: '{url}'}}\n" for name, url in hosts.items())
            + "vms:\n"
            + "".join(f"  {name}: {{host: {host}}}\n" for name, host in vms.items()),
            encoding="utf-8",
        )
        return load(path)

    return write


def by_another_name(fabric: Fabric, name: str) -> str:
    """Return an address that leads to the same host, as an alias in DNS does."""
    return fabric.world.hosts[name].url.replace("127.0.0.1", "localhost")


def test_two_entries_for_one_computer_are_said_and_nothing_about_copies(
    fabric: Fabric, declared: Callable[..., Stack], capsys: pytest.CaptureFixture[str]
) -> None:
    """Plan and doctor say what discover says: two names of one host are no reason to remove a machine."""
    stack = declared({"WEB01": "hv1alias", "WEB02": "hv3"}, hv1alias=by_another_name(fabric, "hv1"))
    assert cli.main(["plan", str(stack.path)]) == 3
    reported = capsys.readouterr().out
    assert "refusal: hv1 and hv1alias are one host, hv1.lab.example. Name it once" in reported
    assert (
        "WEB01 cannot be identified: hv1 and hv1alias are one host, hv1.lab.example. Name it once" in reported
    )
    assert "Remove-VM" not in reported
    assert "copy" not in reported
    assert cli.main(["doctor", str(stack.path)]) == 2
    reported = capsys.readouterr().out
    assert "hv1 and hv1alias are one host, hv1.lab.example" in reported
    assert "Name it once" in reported


def test_two_computers_with_one_machine_are_told_with_what_to_look_at_first(
    fabric: Fabric, declared: Callable[..., Stack]
) -> None:
    """The remedy names the machine and the command, and what must be known before."""
    world = fabric.world
    vm = fabric.lab_vm("WEB01")
    world.hosts["hv2"].realized[vm.id] = replace(vm, host="hv2", enabled_state=3)
    stack = declared({"WEB01": "hv3", "WEB02": "hv1"})
    _, plan = compare(stack, fabric.estate)
    step = plan.steps[0]
    assert step.standing == Standing.AMBIGUOUS
    (finding,) = step.findings
    assert f"WEB01 exists more than once, with one GUID ({vm.id}): on hv1 (running, " in finding.text
    assert "on hv2 (off, " in finding.text
    assert finding.remedy.startswith("Nothing is done with either. Compare them on both hosts: Get-VM")
    assert finding.remedy.endswith(f"Get-VM -Id {vm.id} | Remove-VM, which leaves its disk files")


def moved_by_a_person(fabric: Fabric, name: str, host: str) -> None:
    """Let a person at its host move a machine, to the end."""
    job: LabJob = person.move(fabric.world, name, host)
    until(lambda: not job.running)


def before_that(fabric: Fabric, stack: Stack, engine: str) -> tuple[Handoff, Inventory]:
    """Return a sweep of this moment as the other process of the run has left it, to be found later."""
    handoff = Handoff(project=stack.path.parent.parent, engine=engine, stack=stack)
    seen = fabric.estate.read(Detail.PLACEMENT)
    handoff.leave(HandedOff(inventory=seen, begun=fabric.clock.utc()))
    return handoff, seen


def test_the_declared_move_made_by_a_person_is_no_copy_for_the_plan(
    fabric: Fabric, declared: Callable[..., Stack]
) -> None:
    """A sweep from before it and facts from after it show the machine twice: it is looked at anew, and is in place."""
    stack = declared({"WEB01": "hv2", "WEB02": "hv1"})
    handoff, seen = before_that(fabric, stack, "127.0.0.1:4711")
    moved_by_a_person(fabric, "WEB01", "hv2")
    assert seen.named("WEB01")[0].host == "hv1"
    _, plan = compare(stack, fabric.estate, handoff)
    assert [(step.standing, step.findings) for step in plan.steps] == [(Standing.IN_PLACE, ())] * 2


def call(said: list[str]) -> Call:
    """Return a call of the engine for WEB01."""

    def say(_level: str, text: str, *, ephemeral: bool = False) -> None:
        said.extend([] if ephemeral else [text])

    urn = "urn:pulumi:lab::hyperv-placement::pulumi-python:hv:Vm::WEB01"
    return Call(urn=urn, say=say, cancelled=threading.Event())


def test_the_declared_move_made_by_a_person_is_adopted_as_arrived(
    fabric: Fabric, declared: Callable[..., Stack], tmp_path: Path
) -> None:
    """The plugin saw it at its source, then at its destination: both are read again, and there is one machine, in its place."""
    stack = declared({"WEB01": "hv2", "WEB02": "hv1"})
    engine, clock, said = (
        "127.0.0.1:4713",
        SystemClock(),
        list[str](),
    )  # a sweep is young for five of our seconds
    Handoff(project=tmp_path, engine=engine, stack=stack).leave_schedule(Schedule(), clock.utc())
    fleets = Fleets(tmp_path, clock, engine=engine)
    fleet = fleets.of("lab")
    vm = fleet.readings.sweep().inventory.named("WEB01")[0]
    token = current.set(call(said))
    try:
        provider = VmPlacement(lambda: fleets)
        olds = provider.read(vm.id, {"vmId": vm.id, "name": "WEB01"}).outs or {}
        moved_by_a_person(fabric, "WEB01", "hv2")
        outputs = provider.update(vm.id, olds, {"name": "WEB01", "vmId": vm.id, "host": "hv2"}).outs or {}
    finally:
        current.reset(token)
        fleet.estate.close()
    assert outputs["host"] == "hv2"
    assert outputs["moves"] == 0
    assert "was moved to hv2 by somebody else meanwhile, as declared" in said


def test_the_planned_twin_of_a_running_migration_is_no_leftover(
    fabric: Fabric, declared: Callable[..., Stack]
) -> None:
    """What lies at the destination belongs to the migration: no word of removing it."""
    stack = declared({"WEB01": "hv2", "WEB02": "hv1"})
    handoff, _ = before_that(fabric, stack, "127.0.0.1:4712")
    fabric.fault("stall", vm="WEB01", after=50)
    person.move(fabric.world, "WEB01", "hv2")
    until(lambda: fabric.lab_vm("WEB01").id in fabric.world.hosts["hv2"].planned)
    _, plan = compare(stack, fabric.estate, handoff)
    step = plan.steps[0]
    assert (step.standing, step.under_way) == (Standing.MOVE, True)
    assert "remove" not in str(step.findings).casefold()


def test_a_host_replaced_under_its_name_is_another_computer(
    fabric: Fabric, declared: Callable[..., Stack]
) -> None:
    """Said once, and nothing moves to it; of a host that was never read nothing is said."""
    stack = declared({"WEB01": "hv2", "WEB02": "hv3"})
    known = Kept(hosts=fabric.estate.uuids([HostName("hv1"), HostName("hv2")]))
    assert set(known.hosts) == {"hv1", "hv2"}
    fabric.world.hosts["hv2"].uuid = "6E1F4E8C-0A5B-4F0D-9C39-2F6B7C1D0A11"
    fresh = Estate(stack.hosts, clock=fabric.clock)
    _, plan = compare(stack, fresh, known=known)
    said = [str(each) for each in plan.findings if "another computer" in each.text]
    assert said == [(
        "hv2 is another computer than in the last run (its UUID is 6E1F4E8C-0A5B-4F0D-9C39-2F6B7C1D0A11, it was"
        f" {known.hosts[HostName('hv2')]}): nothing moves to it or from it. If it was replaced on purpose:"
        " bin/placement accept-host hv2"
    )]  # fmt: skip
    assert [step.standing for step in plan.steps] == [Standing.REFUSED, Standing.MOVE]
    found, *_ = examine(stack, fabric.clock, known)
    assert [str(each.subject) for each in found if "another computer" in each.text] == ["hv2"]
    drift = read_drift(stack, fresh, fabric.audit, known).report
    assert [each.subject for each in drift.unknown if "another computer" in each.text] == ["hv2"]
    fresh.close()


@pytest.fixture
def plugin(
    declared: Callable[..., Stack], tmp_path: Path
) -> Iterator[tuple[VmPlacement, Inventory, list[str]]]:
    """What serves the engine for WEB01, what its hosts showed at first, and what it says."""
    declared({"WEB01": "hv1", "WEB02": "hv1"})
    fleets, said = Fleets(tmp_path, SystemClock()), list[str]()
    token = current.set(call(said))
    yield VmPlacement(lambda: fleets), fleets.of("lab").readings.sweep().inventory, said
    current.reset(token)
    fleets.of("lab").estate.close()


def test_a_preview_without_state_says_what_the_run_would_refuse(
    plugin: tuple[VmPlacement, Inventory, list[str]],
) -> None:
    """The program has planned by name alone, with --refresh=false in a new checkout: the plugin knows better."""
    provider, seen, said = plugin
    one, other = (seen.named(name)[0].id for name in ("WEB01", "WEB02"))
    olds = {"vmId": other, "name": "WEB01", "host": "hv1", "reachable": True}
    found = provider.diff(other, olds, {"name": "WEB01", "vmId": one, "host": "hv1"})
    assert found.detailed == {"vmId": 4}
    assert said == [(
        f"WEB01 now means the machine {one}, this stack manages {other} under that key. To take it over write its id into"
        f" the stack file: bin/placement adopt WEB01 --id {one}"
    )]  # fmt: skip


def test_a_machine_that_is_gone_stays_in_state_with_its_guid(
    plugin: tuple[VmPlacement, Inventory, list[str]],
) -> None:
    """The engine would forget it else, and take the next machine of its name for it."""
    provider, seen, said = plugin
    gone, other = guid(7), seen.named("WEB01")[0].id
    found = provider.read(gone, {"vmId": gone, "name": "WEB01", "host": "hv1"})
    problem = (
        f"WEB01 is missing: no machine with id {gone} (managed under that key) on any of 3 hosts; 'WEB01' is another machine"
        f" now, {other} on hv1. That one is left alone. Restore the one that is meant, or take the other over:"
        f" bin/placement adopt WEB01 --id {other}"
    )
    assert (found.id, said) == (gone, [problem])
    outputs = found.outs or {}
    assert (outputs["vmId"], outputs["reachable"], outputs["problem"]) == (gone, False, problem)


def test_an_id_that_no_machine_has_is_an_error_though_the_old_machine_is_in_its_place(
    declared: Callable[..., Stack], tmp_path: Path
) -> None:
    """The entry means a machine that is missing: that another one, which state has, stands there proves nothing."""
    stack = declared({"WEB01": "hv1", "WEB02": "hv1"})
    text = stack.path.read_text(encoding="utf-8")
    stack.path.write_text(
        text.replace("WEB01: {host: hv1", f"WEB01: {{id: {guid(7)}, host: hv1"), encoding="utf-8"
    )
    fleets, said = Fleets(tmp_path, SystemClock()), list[str]()
    token = current.set(call(said))
    try:
        provider, fleet = VmPlacement(lambda: fleets), fleets.of("lab")
        old = fleet.readings.sweep().inventory.named("WEB01")[0].id
        olds = {"vmId": old, "name": "WEB01", "host": "hv1", "reachable": True}
        with pytest.raises(VmMissingError, match=f"WEB01 is missing: no machine with id {guid(7)} on any of"):
            provider.update(old, olds, {"name": "WEB01", "standing": "missing"})
    finally:
        current.reset(token)
        fleets.of("lab").estate.close()


def test_who_has_been_taken_away_by_the_time_of_the_run_is_not_in_place(
    fabric: Fabric, declared: Callable[..., Stack], tmp_path: Path
) -> None:
    """The sweep that shows its migration, and still shows it at home, does not tell where it is when that has ended."""
    declared({"WEB01": "hv1", "WEB02": "hv1"})
    clock, said = FastClock(), list[str]()
    fleets = Fleets(tmp_path, clock)
    fleet = fleets.of("lab")
    stalled = fabric.fault("stall", vm="WEB01", after=50)
    job = person.move(fabric.world, "WEB01", "hv2")
    vm = fleet.readings.sweep().inventory.named("WEB01")[0]
    assert (vm.host, fleet.readings.is_moving(vm.id)) == ("hv1", True)
    fabric.world.faults.clear(stalled)
    until(lambda: not job.running)
    clock.wait(START_MAX_AGE_S + 1)
    token = current.set(call(said))
    try:
        wanted = {"name": "WEB01", "vmId": vm.id, "host": "hv1", "standing": "moved by others"}
        with pytest.raises(NotPlannedError, match="WEB01 is on hv2 now, and was moved by others"):
            VmPlacement(lambda: fleets).update(vm.id, {"vmId": vm.id, "host": "hv1"}, wanted)
    finally:
        current.reset(token)
        fleet.estate.close()

"""A sweep is handed over once, within one run, for one stack file, while it is young."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hyperv_placement.model.identity import Home
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.workspace.engine import engine_of, engine_started, run_of
from hyperv_placement.workspace.handoff import LIMIT, HandedOff, Handoff, Order
from tests.estates import guid, host, inventory, machine, stack
from tests.strangers import AS_ROOT, link_of_another, of_another

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SWEEP = HandedOff(inventory=inventory(host("hv1", machine(1))), begun=NOW)


@pytest.fixture
def here(tmp_path: Path) -> Handoff:
    """The meeting place of one run."""
    path = tmp_path / "stack.yaml"
    path.write_text("hosts: {}\n", encoding="utf-8")
    return Handoff(
        project=tmp_path, engine="127.0.0.1:4711", stack=replace(stack({}), path=path, digest="a1")
    )


def saved(here: Handoff) -> Handoff:
    """Return the same meeting place for a process that has read the stack file after it was saved once more."""
    return replace(here, stack=replace(here.stack, digest="b2"))


def left(here: Handoff) -> list[Path]:
    """Return the files that lie there."""
    return sorted((here.project / ".pulumi" / "sweeps").glob("*"))


def test_what_was_left_is_taken_once(here: Handoff) -> None:
    """Then the file is gone: nobody else can take it for his own."""
    here.leave(SWEEP)
    assert here.take(NOW + timedelta(seconds=2)) == SWEEP
    assert left(here) == []
    assert here.take(NOW + timedelta(seconds=2)) is None


@pytest.mark.parametrize("age", [-1.0, LIMIT + 1])
def test_an_old_sweep_is_not_taken(here: Handoff, age: float) -> None:
    """Nor one of the future: a clock was set."""
    here.leave(SWEEP)
    assert here.take(NOW + timedelta(seconds=age)) is None


def test_an_engine_with_the_port_of_an_earlier_one_does_not_take_its_sweep(here: Handoff) -> None:
    """What was left before the engine was started tells of hosts as they were before the run in between moved machines."""
    here.leave(SWEEP)
    assert replace(here, since=NOW + timedelta(seconds=5)).take(NOW + timedelta(seconds=10)) is None
    assert left(here) == []
    here.leave(SWEEP)
    assert replace(here, since=NOW - timedelta(seconds=1)).take(NOW + timedelta(seconds=10)) == SWEEP


@pytest.mark.skipif(os.name == "nt", reason="a script is no program of its own name there")
def test_the_engine_above_tells_when_it_was_started(tmp_path: Path) -> None:
    """Whatever stands between it and the program; where there is none, nothing is told."""
    assert engine_started() is None
    engine = tmp_path / "pulumi"
    ask = "from hyperv_placement.workspace.engine import engine_started as at; print(at().timestamp())"
    engine.write_text(f"#!/bin/sh\n{sys.executable} -c '{ask}'\nexit 0\n", encoding="utf-8")
    engine.chmod(0o755)
    before = time.time()
    done = subprocess.run([engine], capture_output=True, text=True, check=True, timeout=60)
    assert before - 2 <= float(done.stdout) <= time.time() + 2


def test_another_run_does_not_take_it(here: Handoff) -> None:
    """The engine's address tells the runs apart; without one there is no run."""
    here.leave(SWEEP)
    assert replace(here, engine="127.0.0.1:4712").take(NOW) is None
    assert replace(here, engine="").take(NOW) is None
    assert replace(here, engine="../../../etc/passwd").take(NOW) is None
    assert here.take(NOW) == SWEEP


def test_another_stack_file_does_not_take_it(here: Handoff) -> None:
    """It may have changed between the two processes."""
    here.leave(SWEEP)
    assert saved(here).take(NOW) is None


def test_a_stack_file_that_was_saved_as_the_run_started_is_noticed(here: Handoff) -> None:
    """By what the other process has read, and not by what an earlier run on the same port has left."""
    run = replace(here, since=NOW - timedelta(seconds=5))
    assert not run.read_otherwise(NOW)
    run.leave(SWEEP)
    assert not run.read_otherwise(NOW)
    assert saved(run).read_otherwise(NOW)
    assert not replace(saved(run), since=NOW + timedelta(seconds=5)).read_otherwise(
        NOW + timedelta(seconds=6)
    )
    assert not replace(saved(run), since=None).read_otherwise(NOW)
    left(here)[0].write_text('{"begun": ', encoding="utf-8")
    assert not saved(run).read_otherwise(NOW)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"begun": 1}', '{"begun": "x", "stack": "", "inventory": {}}']
)
def test_what_cannot_be_read_is_no_sweep(here: Handoff, content: str) -> None:
    """Then the hosts are read."""
    here.leave(SWEEP)
    left(here)[0].write_text(content, encoding="utf-8")
    assert here.take(NOW) is None


@pytest.mark.skipif(os.name != "posix", reason="other permissions")
def test_only_the_owner_may_read_it(here: Handoff) -> None:
    """It tells where everything is."""
    here.leave(SWEEP)
    assert stat.S_IMODE(left(here)[0].stat().st_mode) == 0o600


def test_what_nobody_fetched_is_removed_later(here: Handoff) -> None:
    """A run that was killed leaves its file."""
    here.leave(SWEEP)
    old = left(here)[0]
    os.utime(old, (NOW.timestamp() - 2 * LIMIT,) * 2)
    replace(here, engine="127.0.0.1:4712").leave(SWEEP)
    assert [path.name for path in left(here)] == ["4712-stack.json"]


def test_where_it_cannot_be_left_nothing_happens(here: Handoff) -> None:
    """The hosts are read twice then, which is all."""
    (here.project / ".pulumi").write_text("in the way", encoding="utf-8")
    here.leave(SWEEP)
    assert here.take(NOW) is None


def test_the_program_finds_the_engine_in_its_command_line() -> None:
    """As Pulumi's language host writes it."""
    line = ["python3", "-u", "exec", "--monitor", "127.0.0.1:1", "--engine", "127.0.0.1:2", "--project", "x"]
    assert engine_of(line) == "127.0.0.1:2"
    assert engine_of(["python3", "program.py"]) == ""
    assert engine_of(["--engine"]) == ""


def test_nothing_but_the_sweep_is_in_the_file(here: Handoff) -> None:
    """No endpoint, no credential."""
    here.leave(SWEEP)
    assert set(json.loads(left(here)[0].read_text(encoding="utf-8"))) == {"begun", "stack", "inventory"}


PAST = (
    PastMove(
        ended=1_767_225_600,
        source=HostName("hv1"),
        destination=HostName("hv2"),
        bytes=10**12,
        seconds=61.5,
        estimated=60.0,
    ),
)


def test_past_moves_of_all_machines_are_taken_once(here: Handoff) -> None:
    """Each machine's are told by a call of its own."""
    here.leave_past(PAST)
    here.leave_past(PAST * 2)
    assert here.take_past() == PAST * 3
    assert here.take_past() == ()
    assert replace(here, engine="").take_past() == ()


def test_past_moves_of_another_stack_are_left_out(here: Handoff) -> None:
    """A port may come again, and a host of the same name be another one; so are lines that a kill has torn."""
    other = replace(here, stack=replace(here.stack, path=here.stack.path.with_name("other.yaml")))
    other.leave_past(PAST)
    here.leave_past(PAST)
    path = here.project / ".pulumi" / "past" / "4711-stack.json"
    with path.open("a", encoding="utf-8") as file:
        file.write('[]\n{"stack": "stack.yaml", "past": [{"ended"')
    assert here.take_past() == PAST


@pytest.mark.skipif(os.name != "posix", reason="other permissions")
def test_only_the_owner_may_read_past_moves(here: Handoff) -> None:
    """They tell which hosts there are; those that nobody has fetched for a week are removed."""
    here.leave_past(PAST)
    path = here.project / ".pulumi" / "past" / "4711-stack.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    os.utime(path, (NOW.timestamp() - 30 * 86400,) * 2)
    replace(here, engine="127.0.0.1:4712").leave_past(PAST)
    assert [each.name for each in path.parent.iterdir()] == ["4712-stack.json"]


def test_where_past_moves_cannot_be_left_the_plan_goes_without(here: Handoff) -> None:
    """Nothing fails."""
    (here.project / ".pulumi").write_text("in the way", encoding="utf-8")
    here.leave_past(PAST)
    assert here.take_past() == ()


def planned() -> Schedule:
    """Return a schedule with one move."""
    vm = machine(1)
    move = Move(vm=vm, moves=Moves.HOST, source=vm.host, destination=HostName("hv2"), roots=vm.roots)
    each = ScheduledMove(
        label="VM001",
        move=move,
        placement=Placement(host=HostName("hv2")),
        start=0,
        end=4,
        after=(0,),
        spare=(0,),
        evacuates=True,
    )
    return Schedule(moves=(each,), bound=4)


def test_the_schedule_of_a_run_is_taken_once_and_by_that_run(here: Handoff) -> None:
    """Another engine finds none; by which stack file it was planned stands beside it."""
    assert here.take_schedule() is None
    here.leave_schedule(planned(), NOW)
    assert replace(here, engine="127.0.0.1:4712").take_schedule() is None
    assert saved(here).take_schedule() == Order(schedule=planned(), stack="a1")
    assert here.take_schedule() is None


def test_a_schedule_that_is_half_written_is_not_there_yet(here: Handoff) -> None:
    """It is left where it lies, and is there once it is whole."""
    here.leave_schedule(planned(), NOW)
    assert here.orders is not None
    whole = here.orders.read_bytes()
    for torn in (b"", whole[:1], whole[: len(whole) // 2], whole[:-1], b"\xff", b"[]", b"{}", b'{"at": 1}'):
        here.orders.write_bytes(torn)
        assert here.take_schedule() is None
    here.orders.write_bytes(whole)
    assert here.take_schedule() == Order(schedule=planned(), stack="a1")


def test_the_schedule_of_an_earlier_run_on_the_same_port_is_none(here: Handoff) -> None:
    """A run that was killed leaves its own; the program of this run writes over it."""
    here.leave_schedule(Schedule(), NOW)
    now = replace(here, since=NOW + timedelta(seconds=60))
    assert now.take_schedule() is None
    now.leave_schedule(planned(), NOW + timedelta(seconds=62))
    assert now.take_schedule() == Order(schedule=planned(), stack="a1")


def test_a_preview_is_remembered_for_the_run_that_follows(here: Handoff) -> None:
    """Not for long, not for another stack file, and once."""
    here.leave_preview(planned(), NOW)
    assert replace(here, engine="127.0.0.1:4712").take_preview(NOW + timedelta(minutes=5)) == planned()
    assert here.take_preview(NOW) is None
    here.leave_preview(planned(), NOW)
    assert here.take_preview(NOW + timedelta(days=2)) is None
    here.leave_preview(planned(), NOW)
    assert saved(here).take_preview(NOW) is None


def test_torn_files_are_none(here: Handoff) -> None:
    """A power cut leaves half of what was handed over, or zeros; a line that is torn costs itself only."""
    here.leave(SWEEP)
    here.leave_preview(planned(), NOW)
    [sweep], preview = left(here), here._preview()
    for path, take in ((sweep, here.take), (preview, here.take_preview)):
        whole = path.read_bytes()
        for torn in (b"", whole[:1], whole[: len(whole) // 2], whole[:-1], bytes(len(whole))):
            path.write_bytes(torn)
            assert take(NOW + timedelta(seconds=2)) is None
    here.leave_past(PAST)
    lines = here._path(Path(".pulumi") / "past")
    assert lines is not None
    lines.write_bytes(lines.read_bytes()[:-20])
    here.leave_past(PAST)
    assert here.take_past() == PAST


def test_identities_are_taken_once_and_of_this_run_alone(here: Handoff) -> None:
    """Key by key; torn lines, another stack's, and those of an earlier engine on the same port say nothing."""
    assert here.take_identities(NOW) == ({}, {})
    here.leave_identity("WEB", guid(1), NOW)
    here.leave_identity("DB", guid(2), NOW)
    (path,) = (here.project / ".pulumi" / "known").glob("*")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"stack": "stack.yaml", "label": "TO\n[]\n{"stack": "other.yaml"}\n')
    home = Home(host=HostName("hv1"), entry="0a")
    here.leave_identity("APP", guid(3), NOW, home)
    assert here.take_identities(NOW) == (
        {"WEB": guid(1), "DB": guid(2), "APP": guid(3)},
        {guid(1): None, guid(2): None, guid(3): home},
    )
    assert here.take_identities(NOW) == ({}, {})
    here.leave_identity("WEB", guid(1), NOW)
    later = replace(here, since=NOW + timedelta(seconds=5))
    assert later.take_identities(NOW + timedelta(seconds=6)) == ({}, {})
    assert replace(here, engine="").take_identities(NOW) == ({}, {})


@AS_ROOT
def test_what_another_user_has_left_is_not_taken(here: Handoff) -> None:
    """By whatever way it came there: it names hosts, machines and the order of moves."""
    here.leave(SWEEP)
    here.leave_identity("WEB", guid(1), NOW)
    here.leave_past(PAST)
    here.leave_schedule(Schedule(), NOW)
    here.leave_preview(Schedule(), NOW)
    for path in here.project.glob(".pulumi/*/*.json*"):
        of_another(path)
    assert (here.take(NOW), here.take_identities(NOW), here.take_past()) == (None, ({}, {}), ())
    assert (here.take_schedule(), here.take_preview(NOW)) == (None, None)


@pytest.mark.skipif(os.name != "posix", reason="other permissions")
def test_what_others_may_have_changed_is_not_taken(here: Handoff) -> None:
    """A file that everybody may write."""
    here.leave_schedule(Schedule(), NOW)
    assert here.orders is not None
    here.orders.chmod(0o666)
    assert here.take_schedule() is None
    here.orders.chmod(0o600)
    assert here.take_schedule() is not None


@AS_ROOT
def test_nothing_is_left_where_another_user_would_find_it(here: Handoff) -> None:
    """In a folder of his, or beyond a link of his: the run says so, for without a schedule nothing moves."""
    (here.project / "elsewhere").mkdir()
    link_of_another(here.project / ".pulumi", here.project / "elsewhere")
    here.leave(SWEEP)
    here.leave_past(PAST)
    with pytest.raises(OSError, match="link of another user"):
        here.leave_schedule(Schedule(), NOW)
    assert list((here.project / "elsewhere").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="other permissions")
def test_the_folders_of_a_run_are_its_users_alone(here: Handoff) -> None:
    """Those that an earlier version has made wider are closed."""
    (here.project / ".pulumi" / "sweeps").mkdir(parents=True, mode=0o755)
    (here.project / ".pulumi" / "sweeps").chmod(0o777)
    here.leave(SWEEP)
    assert stat.S_IMODE((here.project / ".pulumi" / "sweeps").stat().st_mode) == 0o700
    assert here.take(NOW) == SWEEP


def test_a_run_takes_only_what_bears_its_number(here: Handoff) -> None:
    """Nobody who does not know it can leave something for it, and an engine on the same port has another one."""
    number = "0123456789abcdef" * 2
    mine = replace(here, run=run_of({"PLACEMENT_RUN": number}))
    for other in (here, replace(here, run="f" * 32)):
        other.leave_schedule(Schedule(), NOW)
        assert mine.take_schedule() is None
    mine.leave_schedule(Schedule(), NOW)
    assert mine.take_schedule() is not None


@pytest.mark.parametrize("set_back", [timedelta(minutes=3), timedelta(days=8)])
def test_a_clock_that_is_set_back_while_a_run_starts_takes_nothing_from_it(
    here: Handoff, set_back: timedelta
) -> None:
    """What bears the run's number is of this run, whatever its time says; a sweep has no known age then, and is not taken."""
    began = NOW + set_back
    mine = replace(here, run=run_of({"PLACEMENT_RUN": "0123456789abcdef" * 2}), since=began)
    mine.leave_schedule(planned(), NOW)
    assert mine.take_schedule() == Order(schedule=planned(), stack="a1")
    mine.leave_identity("WEB", guid(1), began)
    assert mine.take_identities(NOW) == ({"WEB": guid(1)}, {guid(1): None})
    mine.leave(replace(SWEEP, begun=began))
    assert mine.take(NOW) is None


@pytest.mark.parametrize("number", ["", "x", "../../etc", "A" * 32, "0" * 31, "0" * 32 + "\n"])
def test_what_no_wrapper_has_drawn_is_no_number(number: str) -> None:
    """It becomes part of a path."""
    assert run_of({"PLACEMENT_RUN": number}) == ""

"""ReturnValue 32773 alone, and hosts that show that nothing was begun, let one more order follow, with the short text of new settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hyperv_placement.errors import (
    MigrationStartError,
    MovedByOthersError,
    MoveRefusedError,
    PlacementError,
)
from hyperv_placement.migration.migrate import migrate
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.wsman import decode_embedded
from lab.estate.generated import SHARE
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_failures import Watching, person_moves
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
ROOTS = {"ConfigurationDataRoot", "SnapshotDataRoot", "SwapFileDataRoot"}


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine on hv1."""
    return make_fabric(estate(machine("WEB01")))


def orders(fabric: Fabric) -> int:
    """Return how many orders hv1 has got."""
    sent = [entry["operation"] for entry in fabric.log("request")]
    return sent.count("MigrateVirtualSystemToHost")


def at_start(fabric: Fabric, happens: Callable[[], object]) -> None:
    """Let something happen when the order is about to be sent."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {"start": happens})


def sent_text(fabric: Fabric, job: int = -1) -> set[str]:
    """Return the properties of the new settings with which a job was ordered."""
    return set(decode_embedded(fabric.world.state.jobs[job].system_text or "").properties)


def words(fabric: Fabric) -> str:
    """Return what the operator is warned of."""
    return " | ".join(progress.phase for progress in fabric.progress if progress.warns)


def test_a_host_that_refuses_the_whole_text_gets_the_short_one(fabric: Fabric) -> None:
    """InstanceID and folders; the operator reads it, and the audit log has both orders and the reason."""
    fabric.fault("refuse-whole-settings", host="hv1")
    move = fabric.order("WEB01", "hv2", config="E:\\VMs\\WEB01")
    after = fabric.run(move)
    assert (after.host, after.roots) == ("hv2", move.roots)
    assert orders(fabric) == 2
    assert ROOTS | {"InstanceID"} <= sent_text(fabric)
    assert all(name == "InstanceID" or name.endswith("DataRoot") for name in sent_text(fabric))
    assert "ordered once more, with InstanceID and folders alone" in words(fabric)
    assert fabric.audited() == ["start", "refused", "start", "end"]
    assert "(ReturnValue 32773)" in fabric.audit.path.read_text(encoding="utf-8")
    assert not fabric.world.state.violations


def test_a_storage_move_gets_the_short_one_too(fabric: Fabric) -> None:
    """There is one host to look at."""
    fabric.fault("refuse-whole-settings", host="hv1")
    assert fabric.run(fabric.order("WEB01", config="E:\\VMs\\WEB01")).roots.config == "E:\\VMs\\WEB01"
    assert orders(fabric) == 2


def test_a_planned_machine_is_ordered_once_more_too(fabric: Fabric) -> None:
    """Its order carries the same text; the move into it carries none."""
    fabric.fault("refuse-whole-settings", host="hv1")
    move = replace(fabric.order("WEB01", "hv2"), options=MigrationOptions(check="staged"))
    assert fabric.run(move).host == "hv2"
    assert orders(fabric) == 3
    assert fabric.audited() == ["staging", "refused", "staging", "staged", "start", "end"]


def test_no_other_return_value_lets_an_order_follow(fabric: Fabric) -> None:
    """Each of them may mean that something was begun, or that no text would help."""
    for number, value in enumerate((32768, 32769, 32774, 32775, 32776), start=1):
        fabric.fault("refuse-start", vm="WEB01", code=value)
        with pytest.raises(MigrationStartError) as caught:
            fabric.run(fabric.order("WEB01", "hv2"))
        assert (caught.value.return_value, orders(fabric)) == (value, number)
        assert "once more" not in str(caught.value) + words(fabric)


def test_an_order_without_new_settings_is_not_sent_again(make_fabric: Maker) -> None:
    """There is nothing to shorten: a move of the host alone."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01")))
    fabric.fault("refuse-start", vm="WEB01", code=32773)
    with pytest.raises(MigrationStartError):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1


def test_a_job_to_our_target_is_followed_instead(fabric: Fabric) -> None:
    """Somebody was faster."""
    fabric.fault("refuse-whole-settings", host="hv1")
    at_start(fabric, lambda: person_moves(fabric, "WEB01", "hv2"))
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert orders(fabric) == 1


def test_a_job_that_leads_elsewhere_is_left_alone(fabric: Fabric) -> None:
    """And the machine is that of whoever ordered it."""
    fabric.fault("refuse-whole-settings", host="hv1")
    at_start(fabric, lambda: person_moves(fabric, "WEB01", "hv3"))
    with pytest.raises(MovedByOthersError):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1


def test_a_job_that_has_failed_since_shows_that_the_order_was_taken(fabric: Fabric) -> None:
    """The answer says refused, the host shows a job that came with it."""

    def taken_and_failed() -> None:
        fabric.fault("migration-fails", vm="WEB01")
        job = person_moves(fabric, "WEB01", "hv2")
        while job.running:
            fabric.clock.wait(0.1)

    fabric.fault("refuse-whole-settings", host="hv1")
    at_start(fabric, taken_and_failed)
    with pytest.raises(MigrationStartError, match="hv1 shows a job of the machine"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1


@pytest.mark.parametrize("host", ["hv1", "hv2"])
def test_a_planned_copy_at_either_end_stands_against_it(fabric: Fabric, host: str) -> None:
    """Something has been prepared."""

    def plan() -> None:
        vm = fabric.lab_vm("WEB01")
        fabric.world.hosts[host].planned[vm.id] = replace(vm, host=host, staged=True)

    fabric.fault("refuse-start", vm="WEB01", code=32773)
    at_start(fabric, plan)
    with pytest.raises(MigrationStartError, match=f"{host} shows a planned system of the machine"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1


def test_a_machine_that_is_not_as_it_was_stands_against_it(fabric: Fabric) -> None:
    """Somebody has given it other folders."""

    def change() -> None:
        vm = fabric.lab_vm("WEB01")
        vm.roots = replace(vm.roots, checkpoints="E:\\Elsewhere")

    fabric.fault("refuse-start", vm="WEB01", code=32773)
    at_start(fabric, change)
    with pytest.raises(MigrationStartError, match="the machine is not shown as it was"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (32776, "is being backed up"),
        (32774, "is being migrated"),
        (32778, "is moving its storage"),
        (32795, "is stopped"),
    ],
)
def test_a_machine_that_is_busy_or_fails_meanwhile_stands_against_it(
    fabric: Fabric, status: int, words: str
) -> None:
    """What the reading before the first order would have refused refuses the second one, too: no job need show it."""

    def begin() -> None:
        fabric.lab_vm("WEB01").busy = status

    fabric.fault("refuse-start", vm="WEB01", code=32773)
    at_start(fabric, begin)
    with pytest.raises(MigrationStartError, match=f"settings: WEB01 {words}"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1


def test_a_host_that_cannot_be_read_stands_against_it(fabric: Fabric) -> None:
    """What it would show is not known."""
    fabric.fault("refuse-start", vm="WEB01", code=32773)
    at_start(fabric, lambda: fabric.fault("host-down", host="hv2"))
    with pytest.raises(MigrationStartError, match="it was not read whether the host has begun with it"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1


def test_it_is_sent_once_more_and_no_further(fabric: Fabric) -> None:
    """The short text is refused as well; the next run begins with the whole one."""
    fabric.fault("refuse-start", vm="WEB01", code=32773, left=2)
    with pytest.raises(MigrationStartError, match="ReturnValue 32773"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 2
    assert fabric.audited() == ["start", "refused", "start", "refused"]
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert orders(fabric) == 3
    assert "VirtualSystemType" in sent_text(fabric)


def test_a_later_attempt_of_the_run_begins_with_the_short_text(fabric: Fabric) -> None:
    """Its job was read as ended in a lost race for a slot; the whole text is known to be refused."""
    fabric.fault("refuse-whole-settings", host="hv1")
    lost = "virtual machine migration limit '2' was reached, please wait for completion"
    fabric.fault("migration-fails", vm="WEB01", text=lost)
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert orders(fabric) == 3
    assert sent_text(fabric, 0) == sent_text(fabric, 1)


def test_a_move_that_begins_anew_in_the_run_has_had_its_one_more_order(fabric: Fabric) -> None:
    """As after a backup that was waited for: the short text is its first, and another refusal the last."""
    fabric.fault("refuse-start", vm="WEB01", code=32773, left=3)
    shared, move = fabric.collaborators(), fabric.order("WEB01", "hv2")
    for sent in (2, 3):
        with pytest.raises(MigrationStartError, match="ReturnValue 32773"):
            migrate(move, shared, report=fabric.progress.append, cancelled=fabric.cancelled)
        assert orders(fabric) == sent
    migrate(move, shared, report=fabric.progress.append, cancelled=fabric.cancelled)
    assert "VirtualSystemType" not in sent_text(fabric)


class Killed(BaseException):
    """The end of a process: nothing of a run catches it."""


def kill() -> None:
    """End the run here."""
    raise Killed


@pytest.mark.parametrize("event", ["refused", "start"])
def test_a_run_that_is_killed_between_the_two_orders_is_finished_by_the_next(
    fabric: Fabric, event: str
) -> None:
    """Before the line of the refusal, or before that of the second order: one order was sent, and the machine rests."""
    fabric.fault("refuse-whole-settings", host="hv1")
    move = fabric.order("WEB01", "hv2")
    plain = fabric.audit
    happenings: dict[str, Callable[[], object]] = {}

    def after_the_first_order() -> None:
        if event == "refused":
            kill()
        happenings["start"] = kill

    happenings["refused"] = after_the_first_order
    fabric.audit = Watching(plain, fabric.clock, happenings)
    with pytest.raises(Killed):
        fabric.run(move)
    assert (orders(fabric), fabric.lab_vm("WEB01").host) == (1, "hv1")
    fabric.audit = plain
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert orders(fabric) == 3
    assert plain.open_starts() == ()


def test_an_interrupted_run_does_not_send_it(fabric: Fabric) -> None:
    """Ctrl-C while the refusal was on its way: nothing new starts."""
    fabric.fault("refuse-whole-settings", host="hv1")
    at_start(fabric, fabric.cancelled.set)
    with pytest.raises(PlacementError, match="was interrupted"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert orders(fabric) == 1
    assert fabric.audited() == ["start", "refused"]


def test_a_staged_order_that_others_have_prepared_is_not_sent_again(fabric: Fabric) -> None:
    """The planned system came with the order that was refused."""

    def plan() -> None:
        vm = fabric.lab_vm("WEB01")
        fabric.world.hosts["hv2"].planned[vm.id] = replace(vm, host="hv2", staged=True)

    fabric.fault("refuse-whole-settings", host="hv1")
    fabric.audit = Watching(fabric.audit, fabric.clock, {"staging": plan})
    move = replace(fabric.order("WEB01", "hv2"), options=MigrationOptions(check="staged"))
    with pytest.raises(MoveRefusedError, match="hv2 shows a planned system of the machine"):
        fabric.run(move)
    assert orders(fabric) == 1

"""What admission decides of one moment, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.migration.admission_decision import SETTLED_S, Wait, carried_out, decide
from hyperv_placement.migration.admission_states import Event, Gate, Key, Look, Participant, State
from hyperv_placement.migration.needs import needs_of
from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import Reserve
from tests.estates import facts

from .test_admission import move

RESERVES = dict.fromkeys(map(HostName, ("hv1", "hv2", "hv3")), Reserve())


def waiting(number: int, *, rank: float = 0.0, look: Look | None = None) -> Participant:
    """Return a machine that asks to go from hv1 to hv2."""
    one = move(number, "hv1", "hv2")
    return Participant(state=State.WAITING, move=one, needs=needs_of(one), rank=rank, look=look)


def gate(*participants: Participant, free_mib: int, now: float) -> Gate:
    """Return a gate at which both hosts have just been read."""
    found = Gate()
    for key, each in enumerate(participants, start=1):
        found = found.entered(key, each, 0.0)
    for host in ("hv1", "hv2"):
        shown = replace(facts(host, memory_free_mib=free_mib), read_at=now)
        found = found.read(HostName(host), shown, ends=0)
    return found


def test_who_has_just_read_lets_the_one_go_first_that_is_planned_earlier() -> None:
    """There is room for one: it waits without being hopeless, and in the same moment the other one starts."""
    look = Look(hosts=(HostName("hv1"),), max_age=0.5, begun=0.0)
    both = gate(waiting(1, rank=1.0, look=look), waiting(2, rank=0.0), free_mib=2048, now=50.0)
    decision = decide(both, RESERVES, 50.0)
    assert (decision.waits, decision.starts) == ({1: Wait(reason="VM002 goes first", yields=True)}, (2,))
    assert decision.hopeless == ()


def test_hosts_take_one_order_after_the_other() -> None:
    """Though there is room for both."""
    both = gate(waiting(1), waiting(2), free_mib=65536, now=1.0)
    decision = decide(both, RESERVES, 1.0)
    assert decision.starts == (1,)
    assert decide(carried_out(both, decision, 1.0), RESERVES, 1.0).starts == ()


@pytest.mark.parametrize(("state", "hopeless"), [(None, (1,)), (State.EXPECTED, ()), (State.PRESENT, ())])
def test_nobody_gives_up_before_the_rest_has_come(state: State | None, hopeless: tuple[Key, ...]) -> None:
    """The machine that is still looked up may free the room."""
    later = () if state is None else (Participant(state=state),)
    decision = decide(gate(waiting(1), *later, free_mib=0, now=SETTLED_S), RESERVES, SETTLED_S)
    assert decision.hopeless == hopeless


def test_what_the_table_does_not_know_is_a_bug() -> None:
    """Nobody starts who was not let."""
    with pytest.raises(KeyError):
        gate(waiting(1), free_mib=0, now=0.0).after(1, Event.ORDERED, 0.0)

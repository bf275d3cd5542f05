"""What `recover` says and how it ends: a person before a move that goes on, and that before nothing."""

from __future__ import annotations

import json
from dataclasses import replace

from hyperv_placement.commands.recovery_shown import code_of, headline, recovery_record, render_recovery
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.recover.lock import LockFound, LockState
from hyperv_placement.operations.recover.values import EngineFound, HostsFound, Pending, Recovery
from hyperv_placement.planning.interrupted import Became, Fate
from tests.estates import guid

NOTHING = Recovery(stack="lab")


def fate(became: Became, **more: object) -> Fate:
    """Return what became of VM001."""
    return replace(Fate(name="VM001", vm_id=guid(1), became=became, text="it is on hv1, running"), **more)  # type: ignore[arg-type]


def with_fates(*fates: Fate, silent: tuple[str, ...] = ()) -> Recovery:
    """Return a recovery of these machines."""
    return replace(NOTHING, hosts=HostsFound(fates=fates, silent=silent))


def test_the_gravest_decides() -> None:
    """1 before 2 before 0; what is silent only counts where something may be there."""
    moving, moved = fate(Became.GOES_ON, percent=7), fate(Became.MOVED)
    held = replace(NOTHING, lock=LockFound(state=LockState.HELD, kept=("a run holds the lock",)))
    unknown = replace(NOTHING, lock=LockFound(state=LockState.NOT_KNOWN, kept=("by whom is not known",)))
    silent = replace(NOTHING, hosts=HostsFound(silent=("hv3 did not answer",)))
    assert [code_of(each) for each in (NOTHING, with_fates(moved), silent)] == [0, 0, 0]
    assert [code_of(each) for each in (with_fates(moved, moving), held)] == [2, 2]
    left = fate(Became.NOT_MOVED, files=("E:\\a.vhdx",), files_on=HostName("hv2"))
    needing = (
        with_fates(moving, fate(Became.UNKNOWN)), with_fates(fate(Became.TWICE)), with_fates(fate(Became.NOT_SEEN)),
        with_fates(left), with_fates(fate(Became.NOT_MOVED, planned=HostName("hv2"))), unknown,
        replace(NOTHING, troubles=("the log cannot be written",)), replace(NOTHING, hosts=HostsFound(none_read=True)),
        replace(NOTHING, engine=EngineFound(known=True, trouble="the state cannot be read: EOF")),
    )  # fmt: skip
    assert {code_of(each) for each in needing} == {1}
    for each in needing:
        assert "  to do: " in render_recovery(each) or each is unknown


def test_one_line_says_it_all() -> None:
    """Nothing more is claimed than hosts have shown."""
    assert headline(NOTHING) == "lab: nothing was interrupted"
    assert (
        headline(with_fates(silent=("hv3 did not answer",)))
        == "lab: nothing was interrupted, as far as hosts answered"
    )
    assert headline(with_fates(fate(Became.MOVED))) == "lab: nothing is half done any more"
    assert headline(with_fates(fate(Became.GOES_ON))) == "lab: 1 move goes on"
    assert headline(with_fates(fate(Became.TWICE))) == "lab: a person is needed: VM001"
    assert headline(replace(NOTHING, lock=LockFound(state=LockState.HELD))) == "lab: a run goes on"


def test_of_a_state_that_was_not_refreshed_that_is_not_said() -> None:
    """While a run goes on nothing of it is touched; where no host was read a refused password would be tried twice."""
    begun = replace(
        NOTHING, engine=EngineFound(known=True, pending=(Pending(label="VM001", operation="updating"),))
    )
    said = "the engine had begun VM001 (updating)"
    assert f"  state: brought up to date; {said}" in render_recovery(begun).splitlines()
    held = replace(begun, lock=LockFound(state=LockState.HELD))
    for each in (held, replace(begun, hosts=HostsFound(none_read=True))):
        assert f"  state: {said}" in render_recovery(each).splitlines()
    assert "to do: nothing; the run that holds the lock goes on by itself" in render_recovery(held)


def test_names_of_machines_steer_no_terminal_and_the_record_is_json() -> None:
    """A machine may be called anything."""
    strange = with_fates(replace(fate(Became.MOVED), name="\x9b2J"))
    assert "\x9b" not in render_recovery(strange)
    whole = replace(
        strange, engine=EngineFound(known=True, pending=(Pending(label="VM001", operation="creating"),))
    )
    record = json.loads(json.dumps(recovery_record(whole, code_of(whole))))
    assert (record["exit_code"], record["interrupted"], record["pending"]) == (
        0, True, [{"label": "VM001", "operation": "creating"}],
    )  # fmt: skip
    assert record["machines"][0]["became"] == "moved"

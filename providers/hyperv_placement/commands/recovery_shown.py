"""An interrupted run, looked into, as lines of a terminal and as a record for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.commands.exit_codes import DONE, FAILED, NOT_WELL
from hyperv_placement.model.units import counted
from hyperv_placement.operations.recover.lock import LockState
from hyperv_placement.operations.recover.values import Recovery
from hyperv_placement.planning.interrupted import Became, Fate
from hyperv_placement.visible import visible


def code_of(found: Recovery) -> int:
    """Return the exit code: 1 where a person is needed, else 2 where a move or a run goes on, else 0."""
    if found.needs_a_person:
        return FAILED
    return NOT_WELL if found.goes_on else DONE


def render_recovery(found: Recovery) -> str:
    """Return the line that says it all, then what was done, what became of each machine, and what to do."""
    return "\n".join(visible(line) for line in (headline(found), *_lines(found)))


def headline(found: Recovery) -> str:
    """Return one line that says it all."""
    fates = found.hosts.fates
    moving = sum(fate.became is Became.GOES_ON for fate in fates)
    needing = [fate for fate in fates if fate.needs_a_person]
    if found.needs_a_person:
        names = f": {', '.join(fate.name for fate in needing)}" if needing else ""
        return f"{found.stack}: a person is needed{names}"
    if moving:
        return f"{found.stack}: {counted(moving, 'move goes', 'moves go')} on"
    if found.goes_on:
        return f"{found.stack}: a run goes on"
    unless = ", as far as hosts answered" if found.hosts.silent else ""
    if found.interrupted:
        return f"{found.stack}: nothing is half done any more{unless}"
    return f"{found.stack}: nothing was interrupted{unless}"


def _lines(found: Recovery) -> Iterator[str]:
    yield from (f"  lock: {text}" for text in (*found.lock.removed, *found.lock.kept))
    yield from (f"  mended: {text}" for text in found.mended)
    if found.tidied:
        yield f"  removed: {counted(len(found.tidied), 'file')} in .pulumi that no run takes any more"
    if found.engine.pending and not found.engine.trouble:
        begun = ", ".join(f"{each.label} ({each.operation})" for each in found.engine.pending)
        updated = found.lock.state is LockState.FREE and not found.hosts.none_read
        yield f"  state: {'brought up to date; ' if updated else ''}the engine had begun {begun}"
    for fate in found.hosts.fates:
        yield f"  {fate.became}: {fate.name}: {fate.text}{_files(fate)}"
    yield from (f"  {text}" for text in found.hosts.silent)
    yield from (f"  whether files are left on {host} was not read" for host in found.hosts.unlooked)
    yield from (f"  to do: {text}" for text in _to_do(found))


def _files(fate: Fate) -> str:
    return f"; left behind on {fate.files_on}: {', '.join(fate.files)}" if fate.files else ""


def _to_do(found: Recovery) -> Iterator[str]:
    """Yield what is to be done next, the gravest first."""
    again = quoting.own("bin/placement recover {}", found.stack)
    yield from found.troubles
    if found.engine.trouble:
        yield f"{found.engine.trouble}; mend that, then run {again} again"
    if found.hosts.none_read:
        yield f"no host was read; mend what the lines above name, then run {again} again"
    for fate in found.hosts.fates:
        yield from _for(fate, again)
    if found.lock.state is LockState.HELD and not found.needs_a_person:
        yield "nothing; the run that holds the lock goes on by itself"
    elif found.goes_on and not found.needs_a_person:
        yield f"nothing; the next {_up(found)} follows what goes on, and {again} --wait waits for it"
    elif found.interrupted and not found.needs_a_person:
        yield f"{_up(found)} does what is left"


def _for(fate: Fate, again: quoting.Command) -> Iterator[str]:
    if fate.became is Became.UNKNOWN and fate.needs_a_person:
        yield f"{fate.name}: bring back the host that does not answer, then run {again} again"
    elif fate.became in {Became.TWICE, Became.NOT_SEEN}:
        yield f"{fate.name}: find out where it is, and which copy is the true one, before anything is started or removed"
    if fate.planned:
        yield f"{fate.name}: see whether anybody prepares a move of it to {fate.planned}; otherwise remove the planned machine there"
    if fate.files:
        yield f"{fate.name}: see whether anybody uses the files that are left on {fate.files_on}; otherwise remove them"


def _up(found: Recovery) -> quoting.Command:
    return quoting.own("bin/pulumi up --yes --stack {}", found.stack)


def recovery_record(found: Recovery, code: int) -> dict[str, Any]:
    """Return it as plain values.

    summary      the first line
    exit_code    0 nothing is half done, 2 a move or a run goes on, 1 a person is needed
    stack        its name; interrupted: whether anything of an interrupted run was found
    lock         {state: free, held or not known; removed, kept: a line each}
    mended       what was torn and is whole again, a line each
    tidied       files in .pulumi that no run takes any more, removed
    pending      [{label, operation}] that the engine had begun, by the state
    machines     [{name, id, became, text, host, percent, planned_on, files, files_on, needs_a_person}]
    silent       why hosts were not read, a line for each cause
    to_do        a line each
    """
    return {
        "summary": headline(found),
        "exit_code": code,
        "stack": found.stack,
        "interrupted": found.interrupted,
        "lock": {
            "state": found.lock.state.value,
            "removed": list(found.lock.removed),
            "kept": list(found.lock.kept),
        },
        "mended": list(found.mended),
        "tidied": list(found.tidied),
        "pending": [{"label": each.label, "operation": each.operation} for each in found.engine.pending],
        "machines": [_record(fate) for fate in found.hosts.fates],
        "silent": list(found.hosts.silent),
        "to_do": list(_to_do(found)),
    }


def _record(fate: Fate) -> dict[str, Any]:
    return {
        "name": fate.name,
        "id": fate.vm_id,
        "became": fate.became.value,
        "text": fate.text,
        "host": fate.host,
        "percent": fate.percent,
        "planned_on": fate.planned,
        "files": list(fate.files),
        "files_on": fate.files_on,
        "needs_a_person": fate.needs_a_person,
    }

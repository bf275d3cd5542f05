"""What a run has come to, as lines of a terminal and as a record for scripts."""

from __future__ import annotations

from typing import Any

from hyperv_placement.model.calendar import spelled, zone_name
from hyperv_placement.model.units import counted
from hyperv_placement.planning.outcome import Outcome
from hyperv_placement.planning.what_counts import Proof
from hyperv_placement.visible import visible

from .records import record


def render_outcome(outcome: Outcome) -> str:
    """Return the line that says it all, then one for each machine that is not in its place, and why hosts are not known."""
    lines = [headline(outcome)]
    for each in outcome.left:
        where = f" (on {each.host})" if each.host else ""
        line, word = f"  {each.standing}: {each.label}{where}: {each.text}", each.last
        if word is not None:
            said = f"{word.event}: {word.result}" if word.result else word.event
            line += f"; our log: {word.source} -> {word.to}, {spelled(word.time, outcome.zone)}, {said}"
        lines.append(line)
    lines += (f"  {cause}" for cause in outcome.causes)
    lines += (f"  hold: {each}" for each in outcome.holds)
    return "\n".join(map(visible, lines))


def headline(outcome: Outcome) -> str:
    """Return one line that says it all."""
    parts = list[str]()
    missed = sum(each.proof == Proof.MISSED for each in outcome.left)
    unread = sum(each.proof == Proof.UNREAD for each in outcome.left)
    quiet = len(outcome.left) - missed - unread
    whole = counted(outcome.machines, "machine")
    match outcome.proof:
        case Proof.REACHED:
            parts.append(f"{outcome.stack}: reached: {outcome.machines - quiet} of {whole} in place")
        case Proof.MISSED:
            parts.append(f"{outcome.stack}: not reached: {missed} of {whole} not in place")
        case Proof.UNREAD:
            parts.append(f"{outcome.stack}: reached as far as hosts answered")
    if unread:
        parts.append(f"{unread} of {whole} unknown")
    if quiet:
        parts.append(f"{counted(quiet, 'does', 'do')} not count for now")
    if silent := [name for name in outcome.silent if name not in outcome.unread]:
        parts.append(f"did not answer: {', '.join(silent)}")
    if outcome.unread:
        parts.append(f"not read: {', '.join(outcome.unread)}")
    return "; ".join(parts)


def outcome_record(outcome: Outcome, exit_code: int) -> dict[str, Any]:
    """Return an outcome as plain values.

    summary    the first line
    exit_code  0 reached, 2 not reached, 4 reached as far as hosts answered
    stack      the file's name without its ending; timezone: by whose clocks days in sentences are; machines: how many it declares; silent: hosts of which nothing was read;
               causes: why, a line for each; holds: those in force, a line each
    left       [{label, standing, proof (reached: it does not count for now; not reached; not known), text, host, vm_id,
               last: null or {time, event, source, to, result} of our audit log}]
    """
    return {
        "summary": headline(outcome),
        "exit_code": exit_code,
        "stack": outcome.stack,
        "timezone": zone_name(outcome.zone),
        "machines": outcome.machines,
        "silent": list(outcome.silent),
        "causes": list(outcome.causes),
        "holds": list(outcome.holds),
        "left": [record(each) for each in outcome.left],
    }

"""A plan as plain values: what `--json` prints.

feasible   whether it may run: no finding of the whole plan is a refusal
totals     moves, bytes, seconds, bound (seconds that no order beats), blackout (seconds, estimated, of all
           machines together), waves, machines {standing: count}
moves      in the order of their starts: number, label, id (GUID), from, to, type (live, storage, live+storage; of a
           machine that is off or saved offline, offline+storage), aside (only makes room), wave, start, end and seconds (from the start of the run), bytes, blackout, after
           [numbers], spare [numbers: those of after that it waits for so that a rule n_plus_1 holds], behind [numbers:
           those whose links it takes over], reason, folders {config, checkpoints, paging, guest_state} after it,
           disks [{slot, from, to}]
choice     where hosts are left to choose: machines (how many), bytes (moved for it), least (of every choice), proved;
           null where every machine has one host
others     machines on the hosts that are somebody else's: count, by [{whose, count}], machines [{id, name, host, whose, reason}],
           unread [sibling stacks whose file could not be read]; null where the stack file has no `others:`
known      what machines are recognised by: the GUIDs of the last run and when that was, or names
timezone   of the stack: by whose clocks days and moments in sentences are
findings   of the whole plan: id (`bin/placement explain ID`), severity (warning, refusal), text, remedy, rule (a rule would not hold in the end)
machines   {standing: [{label, id, host, to, excused, findings}]}; standing as in totals; id and host null where not found;
           excused: why it does not count (a snooze, a host that is away), else null
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.plan import Plan, ScheduledMove, Standing, Step

from .others import others_record

_FOLDERS = ("config", "checkpoints", "paging", "guest_state")


def plan_record(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain values."""
    schedule, waves, choice = plan.schedule, plan.schedule.waves, plan.choice
    standings = [step.standing for step in plan.steps]
    return {
        "feasible": not plan.refusals,
        "totals": {
            "moves": len(schedule.moves),
            "bytes": schedule.bytes,
            "seconds": round(schedule.seconds, 1),
            "bound": round(schedule.bound, 1),
            "blackout": round(schedule.blackout, 2),
            "waves": max(waves, default=0),
            "machines": {kind.value: count for kind in Standing if (count := standings.count(kind))},
        },
        "moves": [_move(number, each, waves[number]) for number, each in enumerate(schedule.moves)],
        "choice": None
        if choice is None
        else {
            "machines": choice.machines,
            "bytes": choice.bytes,
            "least": choice.least,
            "proved": choice.proved,
        },
        "known": plan.known.reported(plan.zone),
        "timezone": zone_name(plan.zone),
        "others": others_record(plan.others),
        "findings": _findings(plan.findings),
        "machines": {
            kind.value: [_machine(step) for step in plan.steps if step.standing == kind]
            for kind in Standing
            if kind in standings
        },
    }


def _move(number: int, each: ScheduledMove, wave: int) -> dict[str, Any]:
    return {
        "number": number,
        "label": each.label,
        "id": each.move.vm.id,
        "from": each.move.source,
        "to": each.move.destination,
        "type": each.move.kind,
        "aside": each.aside,
        "wave": wave,
        "start": round(each.start, 1),
        "end": round(each.end, 1),
        "seconds": round(each.seconds, 1),
        "bytes": each.bytes,
        "blackout": round(each.blackout, 2),
        "after": list(each.after),
        "spare": list(each.spare),
        "behind": list(each.behind),
        "reason": each.reason,
        "folders": {name: getattr(each.move.roots, name) for name in _FOLDERS},
        "disks": [
            {"slot": disk.slot, "from": disk.source, "to": disk.target} for disk in each.move.all_disks
        ],
    }


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "severity": each.severity.value,
            "text": each.text,
            "remedy": each.remedy,
            "rule": each.breaks_a_rule,
        }
        for each in findings
    ]


def _machine(step: Step) -> dict[str, Any]:
    return {
        "label": step.label,
        "id": step.vm_id,
        "host": step.vm.host if step.vm else None,
        "to": step.move.destination if step.move else None,
        "excused": step.excused or None,
        "findings": _findings(step.findings),
    }

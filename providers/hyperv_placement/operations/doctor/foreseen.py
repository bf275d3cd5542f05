"""The doctor's errors about the hosts and pairs of one plan's moves, and no others."""

from __future__ import annotations

from datetime import datetime

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.own_name import own_name
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack

from .hosts import host_diagnoses
from .pairs import caller_diagnoses, pair_diagnoses
from .symptoms import HostReading, Reading


def foreseen(stack: Stack, reading: Reading, plan: Plan) -> tuple[Finding, ...]:
    """Return the errors of callers, of hosts that moves leave or reach, and between the two ends of each.

    Moves that the plan refuses count as well: they are declared. Findings about single machines are in the plan itself.
    """
    moves = [step.move for step in plan.steps if step.move is not None]
    moves += [each.move for each in plan.schedule.moves]
    between = dict.fromkeys((move.source, move.destination) for move in moves if move.changes_host)
    touched = dict.fromkeys(end for pair in between for end in pair)
    found = list(caller_diagnoses(reading)) if between else []
    for name in touched:
        found += host_diagnoses(reading, stack.hosts[name])
    for source, destination in between:
        found += pair_diagnoses(stack, reading, source, destination)
    return tuple(dict.fromkeys(each for each in found if each.refuses))


def as_reported(inventory: Inventory, at: datetime) -> Reading:
    """Return an inventory as the doctor's reading: directory, clocks and certificates are not in it."""
    known = {name: host.facts for name, host in inventory.hosts.items()}
    hosts = {
        name: HostReading(
            name=name,
            full_name=facts.full_name if facts else "",
            own_name=own_name(facts) if facts else None,
            credential_guard=facts.credential_guard if facts else None,
        )
        for name, facts in known.items()
    }
    return Reading(hosts=hosts, inventory=inventory, now=at)

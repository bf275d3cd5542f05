"""A host emptied and taken back by one line of the stack file: written, held against the same hosts, and never carried out here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.calendar import Day
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Maintenance, Stack
from hyperv_placement.operations.plan import live_plan, recorded_plan
from hyperv_placement.planning.rolling import Rolling, rolling
from hyperv_placement.stackfile.editing import Editor, Value
from hyperv_placement.stackfile.rewriting import rewriting
from hyperv_placement.winrm.credentials import check_some
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.inventory_file import read
from hyperv_placement.workspace.stacks import PROJECT

SECTION = "maintenance"


class DrainError(PlacementError):
    """The line cannot be written; the stack file stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What was written, and what the next run would do by it."""

    host: HostName
    diff: str
    """Unified, of the stack file; empty where it said so before."""
    plan: Plan


def drain(stack: Stack, host: HostName, wanted: Maintenance, recorded: Path | None = None) -> Edited:
    """Write that `host` must be empty into the stack file, over a line that says so already.

    `recorded`: an inventory to plan by, in place of the hosts. Raises PlacementError, the file as it was.
    """
    known, today = stack.maintenance.get(host), stack.day(SystemClock().utc())
    if wanted.until is not None and wanted.until < today:
        raise DrainError(
            f"{Day.by(wanted.until, stack.zone)} is over: such a line would count for nothing",
            remedy=f"Give a day that is to come; today it is {today}",
        )

    def edit(editor: Editor) -> None:
        entry = _entry(host, wanted)
        if known is not None:
            editor.replace(entry, list(stack.maintenance).index(host), SECTION)
        elif stack.maintenance:
            editor.append(entry, SECTION)
        else:
            editor.put([entry], SECTION)

    declared = {**stack.maintenance, host: wanted}
    return _written(stack, host, None if known == wanted else edit, declared, recorded)


def take_back(stack: Stack, host: HostName, recorded: Path | None = None) -> Edited:
    """Take the line of `host` out of maintenance, which is the return. Raises as `drain`."""
    if host not in stack.maintenance:
        raise DrainError(
            f"{host} is not in maintenance in {stack.path}", remedy="There is nothing to take back"
        )
    position = list(stack.maintenance).index(host)
    declared = {name: entry for name, entry in stack.maintenance.items() if name != host}
    return _written(stack, host, lambda editor: editor.remove(position, SECTION), declared, recorded)


def _entry(host: HostName, wanted: Maintenance) -> Value:
    entry: dict[str, Value] = {"host": str(host)}
    if wanted.until is not None:
        entry["until"] = wanted.until.isoformat()
    if wanted.reason:
        entry["reason"] = wanted.reason
    if wanted.to:
        entry["to"] = [str(name) for name in wanted.to]
    return str(host) if len(entry) == 1 else entry


def _written(
    stack: Stack,
    host: HostName,
    edit: Callable[[Editor], None] | None,
    declared: dict[HostName, Maintenance],
    recorded: Path | None,
) -> Edited:
    """Change the file by `edit`, if there is something to change, once it loads as `declared` and is planned by."""
    if edit is None:
        return Edited(host=host, diff="", plan=_planned(stack, recorded))
    with rewriting(stack, DrainError) as change:
        edit(change.editor)
        new = change.proven(replace(stack, maintenance=declared), "Write it by hand")
        # Before it is kept: where the hosts cannot be asked the file stays as it is.
        plan = _planned(new, recorded)
        change.keep()
    return Edited(host=host, diff=change.difference(), plan=plan)


def rolled(stack: Stack, group: Sequence[HostName], recorded: Path | None = None) -> Rolling:
    """Return a sequence in which each host of `group` is emptied once; nothing is written. Raises PlacementError.

    What every host and machine shows is read whole, as for a recording: each step may send any machine to any host.
    """
    strange = [name for name in group if name not in stack.hosts]
    if strange or not group:
        near = NearNames(stack.hosts).question(strange[0]) if strange else ""
        raise DrainError(
            f"{', '.join(strange) or 'nobody'} is no host of {stack.path}",
            remedy=f"{near}Name keys under hosts:",
        )
    known = kept_of(stack, PROJECT)
    inventory, moment = read_whole(stack, known, recorded)
    return rolling(stack.at(moment), inventory, group, known)


def read_whole(stack: Stack, known: Kept, recorded: Path | None) -> tuple[Inventory, datetime]:
    """Return all that every host and machine shows, for plans in which any machine may go to any host, and when.

    Raises PlacementError.
    """
    if recorded is not None:
        return recorded_plan(stack, recorded)[0], read(recorded).read
    check_some({name: host.connection for name, host in stack.hosts.items()})
    with closing(Estate(stack.hosts, clock=SystemClock())) as estate:
        estate.expect(known.hosts)
        moment = estate.clock.utc()
        return estate.read(Detail.FULL), moment


def _planned(stack: Stack, recorded: Path | None) -> Plan:
    if recorded is not None:
        return recorded_plan(stack, recorded)[1]
    check_some({name: host.connection for name, host in stack.hosts.items()})
    return live_plan(stack)[1]

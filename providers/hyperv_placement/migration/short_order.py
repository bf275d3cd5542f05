"""One more order, with the short text of new settings, where a host has refused the whole one and shows that it did nothing.

The one case in which an order is sent again although no job of it was read as ended: after ReturnValue 32773 alone, once
for each move of a run, and only where both hosts, read anew, show no job, no planned system and the machine unmoved. The whole
text is what Microsoft's sample sends over COM (Windows-classic-samples, StorageMigration.cs); a host was seen to refuse
read-only properties that were sent back in ModifySystemSettings (r4sd/go-wsman). That one refuses them here is unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.hyperv.rows import job_of
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.planning.checks.state import state_findings
from hyperv_placement.wsman import Argument, Instance

from .both_ends import Ends
from .mover import MoveContext

INVALID_PARAMETER = 32773
"""ReturnValue: Invalid parameter (MigrateVirtualSystemToHost page)."""
_SETTINGS = "NewSystemSettingData"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An order as it was sent."""

    order: Mapping[str, Argument]
    short: Instance
    """The short text of the new settings that it has, or could have."""
    known: frozenset[str]
    """InstanceIDs of the machine's jobs that its source showed before."""
    event: str
    """What the audit log calls such an order."""


@dataclass(slots=True, kw_only=True)
class ShortOrders:
    """Which text of its machine's new settings a move sends: the whole one, until a host has refused that."""

    sent: bool = False
    """Whether the short text has been sent in this run: it is then the text of every later attempt."""

    def first(self, order: Mapping[str, Argument], short: Instance) -> dict[str, Argument]:
        """Return the order to begin with."""
        return _with(order, short) if self.sent else dict(order)

    def once_more(
        self, context: MoveContext, refused: PlacementError, return_value: int, sent: Sent
    ) -> dict[str, Argument] | None:
        """Return the order to send once more after `refused`, noted in the audit log; None where there is none.

        Where the hosts show a reason against it, `refused` names it. Raises PlacementError where nothing may be started any more.
        """
        if return_value != INVALID_PARAMETER or self.sent or _SETTINGS not in sent.order:
            return None
        if against := _against(context, sent.known):
            refused.message = (
                f"{refused.message}; not ordered once more with the short text of its settings: {against}"
            )
            return None
        context.check_cancelled()
        context.check_permitted()
        context.record.note("refused", result=str(refused))
        reason = (
            f"{context.move.source} refused the whole text of the machine's settings (ReturnValue {return_value}), and the hosts"
            " show no job, no planned system and the machine unmoved: ordered once more, with InstanceID and folders alone"
        )
        context.report(Progress(phase=reason, lasting=True, warns=True))
        self.sent = True
        context.shared.shortened.add(key_of(context.move))
        context.record.announce(sent.event, result=reason)
        return _with(sent.order, sent.short)


def key_of(move: Move) -> tuple[VmId, HostName, HostName]:
    """Return by what a move is known again that begins anew in the same run: its files may have other names by then."""
    return move.vm.id, move.source, move.destination


def _with(order: Mapping[str, Argument], short: Instance) -> dict[str, Argument]:
    return {**order, _SETTINGS: short} if _SETTINGS in order else dict(order)


def _against(context: MoveContext, known: frozenset[str]) -> str:
    """Return why the order may have been taken, or the machine is not as it was; empty where both hosts show otherwise."""
    move = context.move
    try:
        for host in dict.fromkeys((move.source, move.destination)):
            if found := _shown(context, host, known):
                return found
    except PlacementError as error:
        return f"it was not read whether the host has begun with it ({error.message})"
    look = Ends(estate=context.estate, move=move).look()
    if look.unread:
        return look.unread
    if look.planned is None:
        return f"whether {move.destination} has a planned system of the machine was not read"
    # What stands against a first order stands against this one: a machine that is migrated may show no job of it.
    if state := next(
        (each.text for vm in look.machines() for each in state_findings(vm) if each.refuses), ""
    ):
        return state
    return "" if look.at_rest(move) else "the machine is not shown as it was"


def _shown(context: MoveContext, host: HostName, known: frozenset[str]) -> str:
    client, vm = context.estate.client(host), context.move.vm.id
    for row in inventory.jobs_of(client, vm):
        # Of a destination the jobs before the order were not read, so that an ended one counts there, too.
        if job_of(row) is not None or row.text("InstanceID") not in known:
            return f"{host} shows a job of the machine"
    return f"{host} shows a planned system of the machine" if vm in inventory.read_planned(client) else ""

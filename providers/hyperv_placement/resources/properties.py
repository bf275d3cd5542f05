"""A machine's placement as Pulumi properties: one name for what is wanted (input) and what is (output)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Standing, Step
from hyperv_placement.planning.machine.difference import observed

from .past_moves import HOME, LAST_MOVES, MoveHistory, plain_home, plain_past

PLACED = ("host", "config", "checkpoints", "paging", "disks")
"""Properties that are wanted as inputs and observed as outputs."""
STANDING = "standing"
"""The input of a machine that this run leaves out; no host reports it, so it is no output."""
MOVE = "move"
"""The input of a machine that this run moves, for policy packs: `from`, its host, and `of`, how many machines move. No host reports it."""
OUTSIDE = "no part of the run"
"""What `standing` says of a machine that `--target` or `--exclude` leaves out."""
OUTPUTS = (*PLACED, "name", "vmId", "state", "reachable", "moves", LAST_MOVES, HOME)


def inputs_of(step: Step, *, outside: bool = False) -> dict[str, Any]:
    """Return the inputs of a declared machine.

    Of a machine that is not identified for certain only its name: then this run orders nothing for it.
    The GUID goes along, so that a name that means another machine one day is noticed. Where the machine is left out of
    the plan and that counts, `standing` says how it stands: a change to the engine, so that a run asks our update,
    which ends with the machine's error unless it is in its place by then (ADR 0023). So does one that is not planned for:
    it is no part of the run (`outside`), and where the engine asks for it all the same it must not go unplanned.
    """
    inputs: dict[str, Any] = {"name": step.vm.name if step.vm else step.label}
    if step.fails:
        inputs[STANDING] = step.standing.value
    elif outside and step.standing == Standing.MOVE:
        inputs[STANDING] = OUTSIDE
    if step.vm is None:
        return inputs
    inputs["vmId"] = step.vm.id
    # Once it goes back there, state forgets it with that move.
    inputs.update({} if step.returns else plain_home(step.home))
    if step.left_out and step.excused:
        return inputs  # no place is named, so that nothing of it differs
    inputs.update(_placed(step.placement))
    if step.placement.allowed:
        inputs["allowed"] = list(step.placement.allowed)
    return inputs


def move_inputs(ways: Sequence[Move], of: int) -> dict[str, Any]:
    """Return the input that declares a machine's move, by its legs; none where it stays. `of`: machines that move in the run."""
    return {MOVE: {"from": ways[0].source, "of": of}} if ways else {}


def outputs_of(vm: VirtualMachine, past: MoveHistory) -> dict[str, Any]:
    """Return what the hosts show of `vm`; `past`: what this stack has moved of it so far."""
    return {
        **_placed(observed(vm)),
        "name": vm.name,
        "vmId": vm.id,
        "state": vm.state.name.lower(),
        "reachable": True,
        **plain_past(past),
    }


def placement_of(properties: Mapping[str, Any]) -> Placement:
    """Return inputs, or outputs, as a placement."""
    host = properties.get("host")
    return Placement(
        host=HostName(host) if host else None,
        allowed=tuple(HostName(name) for name in properties.get("allowed") or ()),
        config=properties.get("config"),
        checkpoints=properties.get("checkpoints"),
        paging=properties.get("paging"),
        disks=dict(cast("Mapping[str, str]", properties.get("disks") or {})),
    )


def _placed(placement: Placement) -> dict[str, Any]:
    values: dict[str, Any] = {
        "host": placement.host,
        "config": placement.config,
        "checkpoints": placement.checkpoints,
        "paging": placement.paging,
        "disks": dict(placement.disks) or None,
    }
    return {name: value for name, value in values.items() if value is not None}

"""The page's parts put together: template, style, script, and the data, which no name in it can leave."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.memory import shown_mib
from hyperv_placement.model.names import natural
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.units import MIB
from hyperv_placement.planning.proposal import Review
from hyperv_placement.report.review_record import review_record
from hyperv_placement.visible import visible_lines

_HERE = Path(__file__).parent
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What could end a script element, or begin a comment in it (HTML, 4.12.1.3); JSON reads the escapes as the same."""


def page(review: Review, code: int) -> str:
    """Return the page: HTML with style, script and data in it, which asks no network for anything."""
    style, script = _part("page.css"), _part("page.js")
    # Hashes, not unsafe-inline: no other script runs, whatever a name manages to become (CSP Level 3, hash sources).
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}';"
        " base-uri 'none'; form-action 'none'"
    )
    shown = _part("page.html")
    written = json.dumps(
        _shown(page_data(review, code)), separators=(",", ":")
    )  # ASCII: other characters are escapes already
    data = "".join(_UNSAFE.get(character, character) for character in written)
    parts = {"policy": policy, "style": style, "script": script, "data": data}
    for name, part in parts.items():  # data last: what stands in it replaces nothing
        shown = shown.replace(f"{{{{{name}}}}}", part)
    return shown


def page_data(review: Review, code: int) -> dict[str, Any]:
    """Return what the page shows: the review's record, the estate as it is before the run, and moves without an order.

    estate: hosts [{name, silent, memory, free}] (bytes; null where not reported), machines [[id, name, host, MiB that it
    takes, state, label or null where it is not declared, standing or null]], by host and name.
    wanted: [{label, id, from, to, type, reason, disks}] as in the plan's moves, of machines that the schedule lacks.
    unread: why what was declared before is not known, where it is not.
    """
    plan = review.plan
    return {
        **review_record(review, code), "estate": _estate(review.inventory, plan), "wanted": list(_wanted(plan)),
        "unread": None if review.base is None else review.base.unread,
    }  # fmt: skip


def _wanted(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield what is wanted and has no order or no room: refused for that alone, or nobody reported what room there is."""
    scheduled = {each.label for each in plan.schedule.moves}
    for step in plan.steps:
        stuck = any(each.lacks_order for each in step.findings)
        if step.move is None or step.label in scheduled or (step.standing != Standing.MOVE and not stuck):
            continue
        move = step.move
        yield {
            "label": step.label, "id": move.vm.id, "from": move.source, "to": move.destination,
            "type": move.kind, "reason": step.reason,
            "disks": [{"slot": each.slot, "from": each.source, "to": each.target} for each in move.all_disks],
        }  # fmt: skip


def _estate(inventory: Inventory, plan: Plan) -> dict[str, Any]:
    declared = {step.vm_id: step for step in plan.steps if step.vm_id is not None}
    hosts: list[dict[str, Any]] = []
    machines: list[list[Any]] = []
    for name, host in sorted(inventory.hosts.items(), key=lambda each: natural(each[0])):
        facts = host.facts
        memory, free = (facts.memory_mib, facts.memory_free_mib) if facts else (None, None)
        hosts.append({"name": name, "silent": False, "memory": _bytes(memory), "free": _bytes(free)})
        for vm in sorted(host.vms, key=lambda vm: (natural(vm.name), vm.id)):
            step = declared.get(vm.id)
            stands = (None, None) if step is None else (step.label, step.standing.value)
            machines.append([vm.id, vm.name, vm.host, shown_mib(vm), vm.state.name.lower(), *stands])
    hosts += [
        {"name": name, "silent": True, "memory": None, "free": None} for name in sorted(inventory.unreachable)
    ]
    return {"hosts": hosts, "machines": machines}


def _bytes(mib: int | None) -> int | None:
    return None if mib is None else mib * MIB


def _shown(value: Any) -> Any:
    """Return plain values with every text as it may be seen: a browser turns the direction of a line as a terminal does."""
    match value:
        case str():
            return visible_lines(value)
        case dict():
            return {_shown(key): _shown(each) for key, each in value.items()}
        case list() | tuple():
            return [_shown(each) for each in value]
        case _:
            return value


def _part(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8").strip()


def _hash(part: str) -> str:
    digest = hashlib.sha256(part.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"

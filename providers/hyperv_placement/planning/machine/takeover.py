"""An entry that now means another machine than the stack managed under its key: taken over, or refused."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.names import VmId, same
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.model.unreachable import who

from .adoption import adopting
from .computers import REPLICAS
from .identify import namesakes


def takeover(
    label: str, managed: VmId | None, wanted: VmId, stack: Stack, inventory: Inventory
) -> Iterator[Finding]:
    """Yield a warning if `wanted` replaces `managed` under a key, a refusal if it must not.

    It does if the stack file declares it as `id:`, and the old machine is gone from every host or declared under
    another key. Forgetting a machine that still exists needs an explicit declaration.
    """
    if managed is None or managed == wanted:
        return
    # Silently forgotten, the old machine would run on unmanaged, and nobody would have said so.
    spec = stack.vms.get(label)
    now_means = f"{label} now means the machine {wanted}, this stack manages {managed} under that key"
    if spec is None or spec.id != wanted:
        yield Finding.refusal(
            "takeover-undeclared",
            now_means,
            f"To take it over write its id into the stack file: {adopting(label, wanted)}",
            topic=Topic.IDENTITY,
        )
        return
    other = next((each.label for each in stack.vms.values() if each.id == managed), None)
    there = [vm for vm in inventory.with_id(managed) if vm.replication_mode not in REPLICAS]
    if other is not None:
        yield Finding.warning(
            "machine-taken-over",
            f"{label}: the machine {wanted} is taken over; {managed} is declared as {other} now",
            topic=Topic.IDENTITY,
        )
    elif there:
        yield Finding.refusal(
            "takeover-still-there",
            f"{now_means}, and that one is {there[0].name!r} on {there[0].host}",
            f"Declare it under a key of its own (id: {managed}), or write id: {managed} back under {label}",
            topic=Topic.IDENTITY,
        )
    # Not seen is not gone: a host that is silent now may have it.
    elif inventory.unreachable:
        yield Finding.refusal(
            "takeover-out-of-sight",
            f"{now_means}, and that one may be out of sight: {who(inventory.unreachable.values())}",
            "Run again when every host answers",
            topic=Topic.IDENTITY,
        )
    # Between two readings a machine that changes hosts may be on neither.
    elif any(job.vm_id == managed for host in inventory.hosts.values() for job in host.jobs):
        yield Finding.refusal(
            "takeover-migrating",
            f"{now_means}, and a migration names that one",
            "Run again when that migration has ended",
            topic=Topic.IDENTITY,
        )
    else:
        yield Finding.warning(
            "machine-taken-over",
            f"{label}: the machine {managed} is on no host any more; {wanted} is taken over in its place",
            topic=Topic.IDENTITY,
        )


def renamed(spec: VmSpec, vm: VirtualMachine, inventory: Inventory) -> Iterator[Finding]:
    """Yield a warning if a machine that is known by its GUID has another name than its entry; it stays the one that is meant.

    A key beside an `id:` is not a name.
    """
    # Without `name:` the key doubles as the name; beside an `id:` it only labels the entry.
    named_by_key = spec.name == spec.label
    if same(spec.name, vm.name) or (spec.id and named_by_key):
        return
    yield Finding.warning(
        "machine-renamed",
        f"{spec.label}: the machine {vm.id} is now named {vm.name!r}, the stack file says {spec.name!r}"
        f"{namesakes(spec, inventory)}",
        f"Write name: {vm.name!r} under {spec.label} in the stack file",
        topic=Topic.IDENTITY,
    )

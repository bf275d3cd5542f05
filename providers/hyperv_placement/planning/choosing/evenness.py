"""How evenly hosts are loaded, by what the stack file wants balanced: memory, processors, the more uneven one of both, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hyperv_placement.model.estate import HostFacts, Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.memory import in_memory
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.stack import Balance

STEPS = 32
"""Steps in which a host's load is compared: less than a thirty-second of what it has is no difference."""
FULLEST = 64 * STEPS
"""Steps up to which loads are told apart: machines may have many times the processors of their host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evenness:
    """What counts as an even load."""

    memory: bool = True
    slack: int = 1
    """Steps above the level at which all would be equally full that are no difference yet."""
    used: tuple[int, ...] = ()
    """By host: virtual processors of the machines that run there whatever is chosen."""
    total: tuple[int, ...] = ()
    """By host: its logical processors; empty where processors are not balanced."""


EVENLY = Evenness()
"""By memory."""


def evenness(
    balance: Balance,
    facts: Sequence[HostFacts | None],
    hosts: Collection[int],
    running: Iterable[tuple[int, int | None]],
) -> Evenness:
    """Return what a stack file wants.

    `hosts`: those among which is chosen; `running`: host and processors of each machine that runs there whatever is chosen.
    Without the number of a host or of a machine processors are not balanced: an unread host would look empty.
    """
    slack = max(1, round(balance.threshold * STEPS / 100))
    memory = "memory" in balance.by
    total = tuple((each.processors or 0) if each and n in hosts else 0 for n, each in enumerate(facts))
    machines = [(host, processors) for host, processors in running if host in hosts]
    known = all(total[host] for host in hosts) and all(processors is not None for _, processors in machines)
    if "processors" not in balance.by or not known:
        return Evenness(memory=memory or "processors" in balance.by, slack=slack)
    used = [0] * len(total)
    for host, processors in machines:
        used[host] += processors or 0
    return Evenness(memory=memory, slack=slack, used=tuple(used), total=total)


def unread(balance: Balance, even: Evenness) -> tuple[Finding, ...]:
    """Return that processors cannot be balanced, where the stack file wants that."""
    if "processors" not in balance.by or even.total:
        return ()
    return (
        Finding.warning(
            "balance-unread",
            "Hosts are not balanced by processors: not all of them, or of their machines, show how many they have",
            "They count by memory for now; a recorded inventory has the numbers if it was recorded with balance: in the stack file",
        ),
    )


def level(loads: Iterable[tuple[int, int]], coming: int) -> int:
    """Return the step to which hosts would be filled evenly; `loads`: used and total of each, `coming`: what is to be placed."""
    found = list(loads)

    def takes(step: int) -> int:
        return sum(max(0, total * step // STEPS - used) for used, total in found)

    low, high = 0, FULLEST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if takes(middle) >= coming else (middle + 1, high)
    return low


def running(
    inventory: Inventory, number: Mapping[HostName, int], chosen_for: Iterable[VmId], at: Callable[[VmId], HostName | None]
) -> Iterable[tuple[int, int | None]]:  # fmt: skip
    """Yield host and processors of each running machine whose host is not chosen; `at`: where a declared one is in the end."""
    chosen = frozenset(chosen_for)
    for vm in inventory.vms():
        host = number.get(at(vm.id) or vm.host)
        if vm.id not in chosen and host is not None and in_memory(vm):
            yield host, vm.processors

"""How many moves may be on their way at once, beyond what hosts themselves take: by the limits and turns of a stack file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pace import most_copies
from hyperv_placement.model.stack import Stack

from .problem import Gate


def gates(stack: Stack, hosts: Sequence[HostName], labels: Sequence[str]) -> Iterator[Gate]:
    """Yield the gates of a stack (`Stack.paced`) for machines and hosts in the order in which a problem numbers them."""
    if (most := most_copies(stack.limits)) is not None:
        yield Gate(limit=most)
    for number, host in enumerate(hosts):
        if (most := most_copies(stack.hosts[host].limits)) is not None:
            yield Gate(limit=most, host=number)
    for turns in stack.one_at_a_time:
        group = frozenset(number for number, label in enumerate(labels) if label in turns.labels)
        if len(group) > 1:
            yield Gate(limit=1, machines=group)

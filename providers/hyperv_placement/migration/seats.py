"""The limits and turns of a stack file as seats of admission: which ones a move takes, and how many there are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from hyperv_placement.model.move import Move
from hyperv_placement.model.pace import in_force, most_copies
from hyperv_placement.model.stack import Stack, Turns

from .needs import Seat

_ALL = "limits"


def seats_of(stack: Stack, label: str, move: Move) -> tuple[Seat, ...]:
    """Return the seats that a move of the machine `label` takes."""
    return tuple(_seats(stack, label, move))


class Most:
    """How many moves of each seat may be on their way at once, looked up anew each minute."""

    def __init__(self, stack: Stack) -> None:
        """By the limits and turns of `stack`."""
        self._stack = stack
        self._last: tuple[datetime, Mapping[str, int]] | None = None

    def at(self, now: datetime) -> Mapping[str, int]:
        """Return what counts at `now`. Any number of threads may ask."""
        minute, last = now.replace(second=0, microsecond=0), self._last
        if last is None or last[0] != minute:
            last = self._last = minute, most_at(self._stack, minute)
        return last[1]


def most_at(stack: Stack, now: datetime) -> Mapping[str, int]:
    """Return how many moves of each seat may be on their way at once at `now`; what is not limited then is not named."""
    limits = {_ALL: stack.limits, **{_at(name): host.limits for name, host in stack.hosts.items()}}
    found = {key: most_copies(in_force(paces, now, now)) for key, paces in limits.items() if paces}
    turns = {_turn(each): 1 for each in stack.one_at_a_time}
    return {**{key: most for key, most in found.items() if most is not None}, **turns}


def _seats(stack: Stack, label: str, move: Move) -> Iterator[Seat]:
    if stack.limits:
        yield Seat(key=_ALL, name=f"{_ALL} of {stack.path.name}")
    for host in dict.fromkeys((move.source, move.destination)):
        if stack.hosts[host].limits:
            yield Seat(key=_at(host), name=f"{_at(host)} of {stack.path.name}")
    for turns in stack.one_at_a_time:
        if label in turns.labels:
            yield Seat(key=_turn(turns), name=f"{' and '.join(turns.labels)} move one at a time")


def _at(host: str) -> str:
    return f"hosts.{host}.limits"


def _turn(turns: Turns) -> str:
    return f"one_at_a_time: {', '.join(turns.labels)}"

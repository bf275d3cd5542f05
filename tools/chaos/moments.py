"""Instants of a round: events of its run, such as "3rd progress of VM002", never seconds of this machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Fields = Mapping[str, object]
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The n-th event of a kind, of those whose fields have these values."""

    event: str
    of: Mapping[str, str] = field(default_factory=dict)
    count: int = 1

    def __str__(self) -> str:
        """Return it as a person would say it."""
        ending = _ORDINALS.get(self.count % 10 if self.count not in (11, 12, 13) else 0, "th")
        which = " of " + " ".join(self.of.values()) if self.of else ""
        return f"{self.count}{ending} {self.event}{which}"

    def fits(self, event: str, fields: Fields) -> bool:
        """Say whether an event is one of those that count."""
        return event == self.event and all(fields.get(name) == value for name, value in self.of.items())


def drawn(rng: random.Random, movers: Sequence[str], hosts: Sequence[str]) -> Moment:
    """Return a random moment of a run that moves `movers`."""
    vm, host = rng.choice(movers), rng.choice(hosts)
    kinds: Sequence[Callable[[], Moment]] = (
        lambda: Moment(event="progress", of={"vm": vm}, count=rng.randint(1, 9)),
        lambda: Moment(event="progress", of={"vm": vm}, count=rng.randint(1, 9)),
        lambda: Moment(event="start", of={"vm": vm}),  # the order is accepted, its answer not yet on its way
        lambda: Moment(event="end", of={"vm": vm}),
        lambda: Moment(event="request", of={"host": host}, count=rng.randint(1, 40)),
        lambda: Moment(event="request", count=rng.randint(1, 120)),
        lambda: Moment(event="state written", count=rng.randint(1, 5)),
        lambda: Moment(event="audit line", count=rng.randint(1, 5)),
    )
    return rng.choice(kinds)()


@dataclass(slots=True, kw_only=True)
class Trigger:
    """What is to be done at a moment, once."""

    moment: Moment
    act: Callable[[], bool]
    """Returns False where it could not be done yet: it is then tried again with each further event."""
    seen: int = 0
    due: bool = False


class Triggers:
    """All that is still to come; the lab's world calls `happened` while it stands still."""

    def __init__(self) -> None:
        """Wait for nothing."""
        self._left: list[Trigger] = []

    def at(self, moment: Moment, act: Callable[[], bool]) -> None:
        """Do something when a moment comes."""
        self._left.append(Trigger(moment=moment, act=act))

    def happened(self, event: str, fields: Fields) -> None:
        """Count an event, and do what is due."""
        for trigger in list(self._left):
            if trigger.moment.fits(event, fields):
                trigger.seen += 1
                trigger.due |= trigger.seen == trigger.moment.count
            if trigger.due and trigger in self._left:
                self._left.remove(trigger)
                if not trigger.act():
                    self._left.append(trigger)

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._left.clear()

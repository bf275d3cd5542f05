"""What disturbs a run: which kinds there are, and one drawn at random."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.world.faults import KINDS

from .moments import Moment, drawn
from .processes import ENGINE, LANGUAGE_HOST, PLUGIN, PROGRAM, ROLES
from .starts import HOSTS, Start

TWICE = "kill-twice"
KILLS: Mapping[str, Sequence[str]] = {
    "kill-engine": (ENGINE,),
    "kill-plugin": (PLUGIN,),
    "kill-program": (PROGRAM,),
    "kill-language-host": (LANGUAGE_HOST,),
    "kill-all": ROLES,
    TWICE: ROLES,
}
"""Whom each kills; `kill-twice` kills the recovery that follows as well."""
SIGNALS = ("sigint", "sigint-twice", "sigterm", "sighup", "stop-engine", "stop-plugin", "stop-all")
RELAYS = ("cut", "delay", "truncate", "garble", "double", "half-open")
PERSONS = ("person-moves", "person-renames", "person-turns-off", "person-deletes")
FILES = ("disk-full", "read-only", "stack-edited")
RUNS = ("two-runs", "two-stacks")
NEEDS_ERROR = {"bad-answer": "503", "wsman-fault": "0x80338029", "password-changed": "Another1!"}
OPERATIONS = ("Enumerate", "Pull", "Get")
PASSWORD = "password-changed"  # noqa: S105 - a kind of fault
TICKET = "ticket-expires"
"""Of rounds in a directory alone, where who operates has a ticket and nothing else."""
CLOCK = "own-clock"
"""The clock of the computer that runs things; hosts have `clock-jumps` of their own."""
_OF_HOST = frozenset(
    {"unavailable", "login-lost", "wsman-fault", "redirected", "host-restarts", "clock-jumps"}
)
_OF_ANSWER = frozenset(
    {"no-answer", "answer-truncated", "answer-garbled", "answer-doubled", "wsman-fault", "right-lost"}
)

OF_JOB = frozenset(
    kind for kind, each in KINDS.items() if each.times is not None and kind not in _OF_HOST | _OF_ANSWER
)
"""Faults that wait for an event of their machine by themselves: they are there from the beginning."""

ALL: Sequence[str] = (
    *KILLS, *SIGNALS, *(f"relay-{mode}" for mode in RELAYS), *PERSONS, *FILES, *RUNS, *sorted(KINDS)
)  # fmt: skip
"""Every kind; those named as in `bin/lab fault add` are that fault of the lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """One disturbance: what, when, of whom."""

    kind: str
    moment: Moment
    vm: str
    """Whom it meets, where it meets a machine."""
    host: str
    """The same of a host."""
    steps: int
    """For how many steps of the lab's time it lasts, where it lasts; it never outlasts the run."""
    number: int
    """What else is left to chance goes by this number."""

    def __str__(self) -> str:
        """Return it as a person would say it."""
        return f"{self.kind} ({self.vm}, {self.host}, {self.steps} steps) at the {self.moment}"

    @property
    def of_host(self) -> bool:
        """Whether a fault of the lab is of a host, and not of a machine."""
        return self.kind not in OF_JOB

    @property
    def operation(self) -> str | None:
        """Which requests a fault of the lab meets; None: any, or it is of no request."""
        return OPERATIONS[self.number % 3] if self.kind in _OF_ANSWER and self.kind != "right-lost" else None


def draw(rng: random.Random, kind: str, start: Start, movers: Sequence[str]) -> Disturbance:
    """Return a disturbance of a kind at a random moment of a run that moves `movers`."""
    anybody = sorted(start.after["vms"])
    if kind in OF_JOB:
        moment = Moment(event="step")
    elif kind == TICKET:
        moment = Moment(event="progress", of={"vm": rng.choice(movers)}, count=rng.randint(1, 9))
    else:
        moment = drawn(rng, movers, HOSTS)
    return Disturbance(
        kind=kind,
        moment=moment,
        vm=rng.choice(movers if kind in KINDS or rng.randrange(3) else anybody),
        host=rng.choice(HOSTS),
        steps=rng.choice((10, 40, 120)),
        number=rng.randrange(1 << 16),
    )

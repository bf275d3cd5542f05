"""One seed, one round: everything that is left to chance in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .disturbances import ALL, CLOCK, PASSWORD, TICKET, Disturbance, draw
from .starts import ADOPTED, FAILED, FRESH, HISTORIES, STARTS, Start, beside_a_cluster

_MOST, _DOMAINS, _CLUSTERS, _CLOCKS = 3, 12, 10, 12
DIRECTORY, CLUSTERED = "directory", "cluster"
_FIXED = 1_000_000
_OF_CI = (
    "kill-engine", "kill-plugin", "kill-program", "kill-language-host", "kill-all", "sigint", "sigint-twice", "sigterm",
    "sighup", "stop-engine", "relay-cut", "relay-garble", "person-moves", "person-deletes", "person-renames", "disk-full",
    "two-runs", "stack-edited", "drop-answer", "planned-left",
)  # fmt: skip
"""One disturbance each, with little that it waits for; two for each start."""
SHORT = range(_FIXED, _FIXED + len(_OF_CI))
"""The rounds of CI. What their seeds stand for does not change with the kinds that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a seed stands for."""

    seed: int
    shape: str
    history: str
    domain: bool
    """Whether its hosts are of a real directory, where their delegation is declared."""
    clustered: bool
    """Whether two of its hosts are nodes of a cluster, of which nothing is moved."""
    start: Start
    disturbances: tuple[Disturbance, ...]

    def kinds(self) -> list[str]:
        """Return the kinds of its disturbances."""
        return [each.kind for each in self.disturbances]

    def is_of(self, kind: str) -> bool:
        """Say whether a start, a history or a disturbance of it is of this kind."""
        places = [DIRECTORY] * self.domain + [CLUSTERED] * self.clustered
        return kind in (self.shape, self.history, *places, *self.kinds())

    def __str__(self) -> str:
        """Return it as a line."""
        where = ", in a directory" * self.domain + ", beside a cluster" * self.clustered
        return f"{self.shape}, {self.history}{where}: {'; '.join(map(str, self.disturbances))}"


def case(seed: int) -> Case:
    """Return the round of a seed: among ten in a row each start comes once, and each disturbance among ten times as many as there are."""
    rng = random.Random(seed)  # noqa: S311 - a round is no secret
    shape = list(STARTS)[seed % len(STARTS)]
    if seed in SHORT:
        history, kinds = rng.choice((FRESH, ADOPTED)), [_OF_CI[seed - _FIXED]]
    else:
        history, kinds = rng.choice(HISTORIES), _kinds(rng, seed)
    start = STARTS[shape](rng)
    apart = seed in SHORT or PASSWORD in kinds  # accounts of a directory change there alone
    domain = not apart and rng.randrange(_DOMAINS) == 0
    movers = start.movers()[:1] if history == FAILED else start.movers()  # the others have moved by then
    disturbances = [draw(rng, kind, start, movers) for kind in kinds]
    if domain and len(disturbances) < _MOST and rng.randrange(2):
        disturbances.append(draw(rng, TICKET, start, movers))
    clustered = seed not in SHORT and not domain and rng.randrange(_CLUSTERS) == 0
    if seed not in SHORT and len(disturbances) < _MOST and rng.randrange(_CLOCKS) == 0:
        disturbances.append(draw(rng, CLOCK, start, movers))
    return Case(
        seed=seed, shape=shape, history=history, domain=domain, clustered=clustered,
        start=beside_a_cluster(start) if clustered else start, disturbances=tuple(disturbances),
    )  # fmt: skip


def _kinds(rng: random.Random, seed: int) -> list[str]:
    """Return one to three kinds, the first by its turn."""
    # Of one start each kind in turn, whatever their number; the step keeps neighbours apart.
    first = ALL[(seed // len(STARTS) + seed % len(STARTS) * _STEP) % len(ALL)]
    return list(dict.fromkeys([first, *(rng.choice(ALL) for _ in range(rng.choice((0, 0, 1, _MOST - 1))))]))


_STEP = 7


def seeds(first: int, only: str = "") -> Iterator[int]:
    """Yield seeds from the first on, all or those of rounds of a kind. Raises ValueError where there is no such kind."""
    known = (*STARTS, *HISTORIES, DIRECTORY, CLUSTERED, *ALL, TICKET, CLOCK)
    if only and only not in known:
        raise ValueError(f"there is no kind {only!r}; there are {', '.join(known)}")
    seed = first
    while True:
        if not only or case(seed).is_of(only):
            yield seed
        seed += 1

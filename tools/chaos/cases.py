"""One seed, one round: everything that is left to chance in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .disturbances import ALL, PASSWORD, Disturbance, draw
from .starts import FAILED, HISTORIES, STARTS, Start

_MOST, _DOMAINS = 3, 12
DIRECTORY = "directory"
SHORT = (
    5280, 33661, 5282, 17163, 3304, 6605, 1986, 7, 10568, 669,
    6180, 2921, 2302, 363, 11854, 7935, 716, 4637, 608, 5469,
)  # fmt: skip
"""The rounds of CI: each start twice, each with one disturbance of another kind, and with little that it has to wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a seed stands for."""

    seed: int
    shape: str
    history: str
    domain: bool
    """Whether its hosts are of a real directory, where their delegation is declared."""
    start: Start
    disturbances: tuple[Disturbance, ...]

    def kinds(self) -> list[str]:
        """Return the kinds of its disturbances."""
        return [each.kind for each in self.disturbances]

    def is_of(self, kind: str) -> bool:
        """Say whether a start, a history or a disturbance of it is of this kind."""
        return kind in (self.shape, self.history, *([DIRECTORY] if self.domain else []), *self.kinds())

    def __str__(self) -> str:
        """Return it as a line."""
        where = ", in a directory" if self.domain else ""
        return f"{self.shape}, {self.history}{where}: {'; '.join(map(str, self.disturbances))}"


def case(seed: int) -> Case:
    """Return the round of a seed: among ten in a row each start comes once, and each disturbance among ten times as many as there are."""
    rng = random.Random(seed)  # noqa: S311 - a round is no secret
    shape = list(STARTS)[seed % len(STARTS)]
    history = rng.choice(HISTORIES)
    start = STARTS[shape](rng)
    # The step keeps neighbours apart; it has no factor in common with the number of kinds, so none is left out.
    first = ALL[(seed // len(STARTS) * _STEP + seed) % len(ALL)]
    kinds = [first, *(rng.choice(ALL) for _ in range(rng.choice((0, 0, 1, _MOST - 1))))]
    kinds = list(dict.fromkeys(kinds))
    domain = (
        rng.randrange(_DOMAINS) == 0 and PASSWORD not in kinds
    )  # whose accounts change by the directory alone
    movers = start.movers()[:1] if history == FAILED else start.movers()  # the others have moved by then
    return Case(
        seed=seed,
        shape=shape,
        history=history,
        domain=domain,
        start=start,
        disturbances=tuple(draw(rng, kind, start, movers) for kind in kinds),
    )


_STEP = 7


def seeds(first: int, only: str = "") -> Iterator[int]:
    """Yield seeds from the first on, all or those of rounds of a kind. Raises ValueError where there is no such kind."""
    if only and only not in (*STARTS, *HISTORIES, DIRECTORY, *ALL):
        raise ValueError(
            f"there is no kind {only!r}; there are {', '.join((*STARTS, *HISTORIES, DIRECTORY, *ALL))}"
        )
    seed = first
    while True:
        if not only or case(seed).is_of(only):
            yield seed
        seed += 1

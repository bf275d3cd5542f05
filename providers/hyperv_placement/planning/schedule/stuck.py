"""Machines that a plan leaves where they are because of room or order: for which cause, in words that a person can check."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from hyperv_placement.model.pool import Pool

from .budget import Budget
from .fitting import End
from .problem import Leg, Problem
from .proof import IN_ALL, how, proof, remedies, waits
from .sequence import DeadEnd


class Cause(StrEnum):
    """Why machines stay."""

    ROOM = "room"
    """What is declared does not fit in the end."""
    ORDER = "order"
    """No order of the moves is safe."""
    NAME = "file name"
    """No order is safe, and file names alone are waited for."""
    FREED = "freed"
    """The room was to be freed by machines that stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Machines that one cause keeps where they are."""

    cause: Cause
    why: Mapping[str, str]
    """Label -> what keeps that machine, in one line."""
    proof: tuple[str, ...] = ()
    """Lines about all of them; empty where each machine's own line says it all."""
    remedies: tuple[str, ...] = ()
    """Sentences: what would help, each tried out."""
    blockers: frozenset[str] = frozenset()
    """Labels of the machines whose room is not freed, where they stay."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The machines, by name."""
        return tuple(sorted(self.why))

    def without(self, going: Collection[str]) -> Stuck:
        """Return it without machines that go after all."""
        return replace(self, why={label: text for label, text in self.why.items() if label not in going})


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A machine that is declared elsewhere and does not go in this run."""

    frees: Mapping[int, int]
    """Pool -> how much its going would free."""
    way: str
    """`hv1 -> hv2`."""
    outside: bool = False
    """Whether it is no part of the run (`--target`, `--exclude`); otherwise its move is refused."""
    by_others: bool = False
    """Whether somebody else moves it."""

    @property
    def whereto(self) -> str:
        """Its way as it is set behind its name; empty where it is not known."""
        return f" ({self.way})" if self.way else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What explanations are made of: the moves of a plan, and the machines that stay though they are declared elsewhere."""

    end: End
    idle: Mapping[str, Idle] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    """Machines whose hosts were chosen: their places are not called declared."""
    help: Budget = field(default_factory=lambda: Budget(IN_ALL))
    """For trying out what would help, of all causes together."""

    def with_idle(self, labels: Collection[str]) -> Ground:
        """Return it with machines of the problem that stay as well."""
        more = {
            label: Idle(
                frees={pool: amount for pool, amount in self.end.changes[label].items() if amount > 0},
                way=_way(self.end.problem, label),
            )
            for label in labels
        }
        return replace(self, idle={**self.idle, **more})


def unfitting(ground: Ground, going: frozenset[str], staying: frozenset[str]) -> Iterator[Stuck]:
    """Yield why `staying` cannot go beside the rest of `going`: what does not fit whoever goes, then what others do not free."""
    end = ground.end
    # As though everybody went who is declared elsewhere: what is short then is short by the declaration itself.
    everybody = end.short(going)
    for label in sorted(ground.idle.keys() - going):
        for pool, amount in ground.idle[label].frees.items():
            if pool in everybody:
                everybody[pool] -= amount
    declared = {pool for pool, lacking in everybody.items() if lacking > 0}
    kept = going - staying
    for members in _sharing(end, staying, declared):
        why = {label: _lacks(end, label, kept, declared) for label in members}
        pools = sorted(pool for pool in declared if any(end.comers(pool, members)))
        yield Stuck(
            cause=Cause.ROOM,
            why=why,
            proof=tuple(
                f"{_places(ground, pool, going)} do not fit: {_named(end, pool)} would lack"
                f" {_named(end, pool).amount(everybody[pool])}"
                for pool in pools
            ),
        )
    explained = {label for label in staying if any(end.changes[label].get(pool, 0) < 0 for pool in declared)}
    for label in sorted(staying - explained):
        yield _not_freed(ground.with_idle(staying - {label}), label, kept)


def _places(ground: Ground, pool: int, going: frozenset[str]) -> str:
    chosen = ground.chosen.intersection(ground.end.comers(pool, going))
    return "The places that are declared or were chosen" if chosen else "The declared places"


def _sharing(end: End, staying: Collection[str], declared: Collection[int]) -> Iterator[list[str]]:
    """Yield machines that take room of one overdrawn pool, or of pools that others of them share, together."""
    groups: list[tuple[set[int], list[str]]] = []
    for label in sorted(staying):
        pools = {pool for pool in declared if end.changes[label].get(pool, 0) < 0}
        if not pools:
            continue
        touched = [group for group in groups if group[0] & pools]
        merged = (pools.union(*(p for p, _ in touched)), [*(x for _, own in touched for x in own), label])
        groups = [group for group in groups if group not in touched] + [merged]
    yield from (labels for _, labels in groups)


def _lacks(end: End, label: str, kept: frozenset[str], declared: Collection[int]) -> str:
    short = end.short(kept | {label})
    own = {pool: amount for pool, amount in short.items() if end.changes[label].get(pool, 0) < 0}
    # Together with others that stay it may lack more; alone it lacks what the declaration lacks.
    shown = {pool: amount for pool, amount in own.items() if pool in declared} or own
    lacks = " and ".join(f"{_named(end, pool).amount(n)} of {_named(end, pool)}" for pool, n in shown.items())
    return f"{label} ({_to(end.problem, label)}) would lack {lacks} in the end"


def _not_freed(ground: Ground, label: str, kept: frozenset[str]) -> Stuck:
    """Return why a machine stays that would have room if others went."""
    end = ground.end
    short = end.short(kept | {label})
    lacking = {pool for pool in short if end.changes[label].get(pool, 0) < 0} or set(short)
    blockers = [
        name for name, idle in sorted(ground.idle.items()) if lacking & idle.frees.keys() and name != label
    ]
    if not blockers:
        return Stuck(cause=Cause.ROOM, why={label: _lacks(end, label, kept, lacking)})
    outside = [name for name in blockers if ground.idle[name].outside]
    named = outside or blockers
    ways = " and ".join(f"{name} was to free{ground.idle[name].whereto}" for name in named)
    if lacking <= end.problem.names:
        files = " and ".join(str(_named(end, pool)) for pool in sorted(lacking))
        text = f"{label} is not moved: it needs the file name {files}, which {' and '.join(named)} does not give up"
        return Stuck(cause=Cause.NAME, why={label: text}, blockers=frozenset(named))
    if outside:
        each = "which is no part" if len(named) == 1 else "which are no part"
        remedy = f"Take {' and '.join(named)} into the run as well (--target, --exclude), or run it whole"
        return Stuck(
            cause=Cause.FREED,
            why={label: f"{label} is not moved: it needs the room that {ways}, {each} of this run"},
            remedies=(remedy,), blockers=frozenset(named),
        )  # fmt: skip
    stays = "which is not moved" if len(named) == 1 else "which are not moved"
    if any(ground.idle[name].by_others for name in named):
        return Stuck(
            cause=Cause.FREED,
            why={label: f"{label} is not moved: it needs the room that {ways}, which somebody else moves"},
            remedies=("Run again when that migration has ended",), blockers=frozenset(named),
        )  # fmt: skip
    return Stuck(
        cause=Cause.FREED,
        why={label: f"{label} is not moved: it needs the room that {ways}, {stays}"},
        remedies=(f"See why {' and '.join(named)} {'stays' if len(named) == 1 else 'stay'}",),
        blockers=frozenset(named),
    )


def without_order(problem: Problem, dead: DeadEnd, stay: frozenset[str], budget: Budget) -> Stuck:
    """Return why the machines of `stay` find no safe order, by a dead end of them and those that can go.

    `budget`: for trying out what would help.
    """
    labels = [machine.key for machine in problem.machines]
    blocked = {labels[leg.machine]: leg for leg in dead.blocked}
    why = {}
    for label in sorted(stay):
        if label in blocked:
            why[label] = f"{waits(problem, blocked[label], dead, labels)}, and no order is safe ({how(dead)})"
        else:
            others = " and ".join(sorted(blocked))
            why[label] = (
                f"{label} ({_to(problem, label)}) stays so that {others} can go: beside it no order is safe ({how(dead)})"
            )
    if all(label in blocked and _for_names(problem, blocked[label], dead) for label in stay):
        return Stuck(cause=Cause.NAME, why=why)
    return Stuck(
        cause=Cause.ORDER, why=why, proof=tuple(proof(problem, dead, labels)),
        remedies=tuple(remedies(problem, dead, labels, budget)),
    )  # fmt: skip


def _for_names(problem: Problem, leg: Leg, dead: DeadEnd) -> bool:
    """Say whether a leg waits only for names of files that others have."""
    lacking = {pool for pool, amount in leg.acquires if dead.free[pool] < amount}
    return bool(lacking) and lacking <= problem.names


def _named(end: End, pool: int) -> Pool:
    return end.problem.pools[pool]


def _to(problem: Problem, label: str) -> str:
    return _way(problem, label).replace(" -> ", " to ")


def _way(problem: Problem, label: str) -> str:
    machine = next(each for each in problem.machines if each.key == label)
    return f"{problem.hosts[machine.start.host]} -> {problem.hosts[machine.goal.host]}"

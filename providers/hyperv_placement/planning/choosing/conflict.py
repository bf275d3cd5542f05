"""Why no choice of hosts fits: a smallest set of machines and of pools that contradict each other, by leaving one after the other out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from hyperv_placement.model.pool import Pool
from hyperv_placement.model.units import GIB, MIB
from hyperv_placement.planning.solver import Search

from .coarse import coarse
from .model import Model, Question, kinds_of
from .nowhere import nowhere
from .parts import parts, whole
from .problem import Assignment, AssignmentProblem

SOLVES, NODES = 200, 500
"""Questions that may be asked for all sentences together, and nodes of the search tree for each."""
HOST_BY_HOST, IN_GROUPS, WORK = 1_000, 1_000, 200_000
"""Variables up to which questions are asked host by host, of those that are asked in sums beyond, and of all questions together."""
REMEDY = 4_000
"""Variables up to which it is tried out what would help."""
CONFLICTS = 4
"""Contradictions that are looked for; machines of any other one are said to find no place beside the rest."""
_STEP_MIB = GIB // MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Units that cannot all have a host, and the pools that keep them from it."""

    units: tuple[int, ...]
    pools: tuple[int, ...]
    irreducible: bool
    """Whether leaving any of them out was tried and would solve it; False where the budget ended before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What would do, tried out: more of some pools, or one rule less."""

    more: tuple[tuple[int, int], ...] = ()
    """Pool and amount."""
    without: Pool | None = None
    """A seat of the rule."""


@dataclass(slots=True)
class Asker:
    """Asks whether units can all have a host where only some pools count."""

    problem: AssignmentProblem
    left: int = SOLVES
    nodes: int = NODES
    asked: dict[tuple[tuple[int, ...], tuple[int, ...]], bool] = field(default_factory=dict)

    def impossible(self, units: Sequence[int], pools: Sequence[int]) -> bool:
        """Say whether it is proved that they cannot; what is not proved within the budget counts as possible."""
        if not units:
            return False
        self.left -= 1
        if self.left < 0:
            return False
        return (
            Model(self.problem, units, {}, Question(counted=frozenset(pools)))
            .solved({}, Search(nodes=self.nodes))
            .impossible
        )


def conflicts(problem: AssignmentProblem, answer: Assignment) -> list[Conflict]:
    """Return contradictions that together have as many of the units without a host as can be explained within the budget.

    First each unit that is one by itself. Of large choices each part is looked at apart, and one that is large itself in sums over groups of hosts.
    """
    found = []
    for part in parts(problem) if _size(problem) > HOST_BY_HOST else [whole(problem)]:
        own = replace(answer, chosen=tuple(answer.chosen[number] for number in part.units))
        if not own.complete:
            for conflict in _of_part(part.problem, own):
                units = tuple(part.units[number] for number in conflict.units)
                found.append(replace(conflict, units=units))
    return found


def _of_part(problem: AssignmentProblem, answer: Assignment) -> list[Conflict]:
    gone = nowhere(problem)
    homeless = [number for number, option in enumerate(answer.chosen) if option is None]
    found = [
        Conflict(units=(number,), pools=gone[number], irreducible=True)
        for number in homeless
        if number in gone
    ]
    sums = coarse(problem, IN_GROUPS) if _size(problem) > HOST_BY_HOST else None
    asked = replace(problem, cuts=()) if sums is None else sums.problem
    for conflict in _in_common(asked, answer, gone, sums=sums is not None):
        if sums is None:
            found.append(conflict)
        else:
            pools = (pool for number in conflict.pools for pool in sums.pools[number])
            found.append(replace(conflict, pools=tuple(sorted(pools))))
    return found


def _in_common(
    problem: AssignmentProblem, answer: Assignment, gone: Collection[int], *, sums: bool
) -> Iterator[Conflict]:
    """Yield contradictions of several units; of `gone` is known why already. `sums`: whether the problem is one of sums."""
    homeless = [n for n, option in enumerate(answer.chosen) if option is None and n not in gone]
    if not homeless:
        return
    placed = [number for number, option in enumerate(answer.chosen) if option is not None]
    size = _size(problem)
    few = max(1, WORK // max(1, size))
    asker = Asker(problem=problem, left=min(SOLVES, few), nodes=min(NODES, few))
    explained: set[int] = set()
    # The choice leaves out as few as can be: each of them alone beside those that were placed is one too many.
    asked = [[*placed, number] for number in homeless]
    if not answer.sure or sums:
        asked.append([*placed, *homeless])  # if that is not proved, or not by these sums, all of them may be
    count = 0
    for units in asked:
        if units[-1] in explained or count == CONFLICTS or asker.left <= 0:
            continue
        conflict = _reduced(asker, units, _pools(problem, units))
        if conflict is not None:
            count += 1
            explained |= set(conflict.units)
            yield conflict


def _size(problem: AssignmentProblem) -> int:
    """Return how many variables the whole choice has."""
    kinds = kinds_of(problem, range(len(problem.units)))
    return sum(len(problem.units[numbers[0]].hosts) for numbers in kinds)


def remedy(problem: AssignmentProblem, found: Iterable[Conflict]) -> Remedy | None:
    """Return what would give every unit a host, tried out for all of them; None where nothing simple does, or the choice is large."""
    if _size(problem) > REMEDY:
        return None
    pools = sorted({pool for conflict in found for pool in conflict.pools})
    everybody = range(len(problem.units))
    steps = {
        pool: _STEP_MIB if problem.pools[pool].kind == "memory" else GIB
        for pool in pools
        if problem.pools[pool].kind in {"memory", "volume"}
    }
    uncut = replace(problem, cuts=())
    if steps:
        model = Model(uncut, everybody, {}, Question(stretch=steps))
        least = model.solved(dict.fromkeys(model.stretched.values(), 1), Search(nodes=NODES))
        if least.values is not None:
            more = [
                (pool, least.values[variable] * steps[pool]) for pool, variable in model.stretched.items()
            ]
            return Remedy(more=tuple((pool, amount) for pool, amount in more if amount))
    rules = {
        problem.pools[pool].rule: problem.pools[pool] for pool in pools if problem.pools[pool].kind == "seat"
    }
    for rule, seat in sorted(rules.items()):
        others = [pool for pool in range(len(problem.pools)) if problem.pools[pool].rule != rule]
        if (
            Model(uncut, everybody, {}, Question(counted=frozenset(others)))
            .solved({}, Search(nodes=NODES))
            .values
            is not None
        ):
            return Remedy(without=seat)
    return None


def _pools(problem: AssignmentProblem, units: Sequence[int]) -> list[int]:
    """Return the pools that units may overdraw together, those that are asked for first at the end."""
    most: dict[int, int] = {}
    for number in units:
        unit = problem.units[number]
        own: dict[int, int] = {}
        for host in unit.hosts:
            for pool, amount in unit.option(host).holds:
                own[pool] = max(own.get(pool, 0), amount)
        for pool, amount in own.items():
            most[pool] = most.get(pool, 0) + amount
    order = {"name": 0, "seat": 1, "shares": 2, "volume": 3, "memory": 4}
    short = [pool for pool, amount in most.items() if amount > problem.room[pool]]
    return sorted(short, key=lambda pool: (order[problem.pools[pool].kind], pool))


def _reduced(asker: Asker, units: Sequence[int], pools: Sequence[int]) -> Conflict | None:
    """Return a smallest contradiction among them; None if none is proved."""
    if not asker.impossible(units, pools):
        return None
    kept = list(pools)
    # Whole groups first: mostly one kind of pool is enough.
    for kind in ("name", "seat", "volume", "memory"):
        rest = [pool for pool in kept if asker.problem.pools[pool].kind != kind]
        if len(rest) < len(kept) and asker.impossible(units, rest):
            kept = rest
    few = _fewest(list(units), lambda some: asker.impossible(some, kept))
    kept = _fewest(kept, lambda some: asker.impossible(few, some))
    return Conflict(units=tuple(sorted(few)), pools=tuple(sorted(kept)), irreducible=asker.left >= 0)


def _fewest(items: list[int], enough: Callable[[Sequence[int]], bool]) -> list[int]:
    """Return items of which none can be left out so that the rest is still `enough`: halves are tried first."""
    size = max(1, len(items) // 2)
    while items:
        begin = 0
        while begin < len(items):
            rest = items[:begin] + items[begin + size :]
            if enough(rest):
                items = rest
            else:
                begin += size
        if size == 1:
            break
        size //= 2
    return items

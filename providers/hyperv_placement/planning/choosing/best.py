"""The best choice that is found: a quick start, and a solver where that leaves something to prove or to mend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hyperv_placement.planning.checks.survival import Survival, loss
from hyperv_placement.planning.solver import Search

from .evenness import FULLEST, STEPS
from .in_sums import by_groups, is_fewest
from .model import Model, Question, kinds_of, nodes_for
from .nowhere import beside, nowhere, together
from .parts import parts
from .placing import levels_of, placed, preference
from .problem import Assignment, AssignmentProblem, At, Option
from .staying import Staying, staying

SMALL, VARIABLES = 4_000, 40_000
"""Machines times hosts up to which all are solved at once, and up to which that is tried after those alone that must go."""
WIDTHS = (8, 24)
"""Hosts, the emptiest ones, among which is looked where an estate is too large."""
EVEN_NODES, FEW_NODES = 20, 100
"""Nodes of the search tree for an evener load among answers that are equally good, and for how few stay where not all of many fit."""
_LEAVES, _STEP, _RANKS, _WISH = 1_000, 3_000, 100, 30_000
"""What it weighs to leave the quick start, to fill a host a step above the level, to prefer another host by its name at most,
and to go a place down the list of preferred hosts."""


def best(problem: AssignmentProblem) -> Assignment:
    """Return a host for every unit that can have one: rules first, then N + 1, then fewest bytes, then balance and stability."""
    if gone := nowhere(problem):
        return together(best(beside(problem, gone)), gone, problem.units)
    return _best(problem) if _size(problem) <= VARIABLES else _by_parts(problem)


def _by_parts(problem: AssignmentProblem) -> Assignment:
    """Return the best choice of a large estate; parts of it that have nothing to do with each other are chosen for apart."""
    found = parts(problem)
    if len(found) == 1:
        return _best(problem)
    at, answers = dict[int, Option | None](), [_best(part.problem) for part in found]
    for part, answer in zip(found, answers, strict=True):
        at |= zip(part.units, answer.chosen, strict=True)
    whole = _judged(problem, [at[number] for number in range(len(problem.units))], 0)
    return _with(
        whole, least=sum(answer.least for answer in answers), sure=all(answer.sure for answer in answers)
    )


def _size(problem: AssignmentProblem, members: Iterable[int] | None = None) -> int:
    """Return how many variables the choice of some units has, or of all: alike ones are one."""
    kinds = kinds_of(problem, range(len(problem.units)) if members is None else members)
    return sum(len(problem.units[numbers[0]].hosts) for numbers in kinds)


def _best(problem: AssignmentProblem) -> Assignment:
    stay = staying(problem)
    start = placed(problem, stay)
    first = _judged(problem, start, stay.least)
    if _usable(problem, first) and not first.unkept and first.proved:
        return first
    return _Search(problem, stay, first).best()


def _usable(problem: AssignmentProblem, first: Assignment) -> bool:
    return first.complete and not problem.excluded(first.chosen) and not problem.overdrawn(first.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    at: At
    least: int
    """Bytes that no choice of these units undercuts, as far as proved."""
    sure: bool = True


class _Search:
    def __init__(self, problem: AssignmentProblem, stay: Staying, first: Assignment) -> None:
        self._problem = problem
        self._stay = stay
        self._first = first
        self._start: At = dict(enumerate(first.chosen))
        self._all = tuple(range(len(problem.units)))
        self._usable = _usable(problem, first)

    def best(self) -> Assignment:
        problem = self._problem
        size = _size(problem)
        least, sure, found = self._stay.least, False, self._first if self._usable else None
        going = tuple(
            number
            for number in self._all
            if (at := self._start[number]) is None or at.host != problem.units[number].home
        )
        for members in (going, self._all):
            if _size(problem, members) > VARIABLES:
                continue
            everybody = members is self._all
            answer = self._solved(members)
            if isinstance(answer, _Answer):
                if everybody:
                    least = max(least, answer.least)
                other = _judged(problem, [answer.at[number] for number in self._all], least)
                found = other if found is None or _rank(other) < _rank(found) else found
                sure = everybody and answer.sure
            elif everybody:
                sure = answer
            if found is not None and (everybody or (found.proved and not found.unkept)):
                return _with(found, least=least)
        if found is None and size > VARIABLES:
            found = self._beside(least) or self._by_groups(least)
        if found is not None:
            return _with(found, least=least)
        left = self._loosely(least, sure=sure, size=size)
        return left if left.sure else _with(left, least=least, sure=is_fewest(problem, left.chosen))

    def _beside(self, least: int) -> Assignment | None:
        """Return a choice of an estate that is too large for a whole program: the homeless, and who is beside them on the emptiest hosts."""
        problem = self._problem
        homeless = [number for number in self._all if self._start[number] is None]
        free = {host: problem.room[pool] for host, (pool, _) in enumerate(problem.load)}
        for option in filter(None, self._start.values()):
            pool = problem.load[option.host][0]
            free[option.host] -= sum(amount for held, amount in option.holds if held == pool)
        emptiest = sorted(
            {host for number in homeless for host in problem.units[number].hosts},
            key=lambda host: (-free[host], host),
        )
        for width in WIDTHS if homeless else ():
            hosts = frozenset(emptiest[:width])
            beside = [number for number in self._all if (at := self._start[number]) and at.host in hosts]
            members = [*homeless, *beside]
            if _size(problem, members) // max(1, len(emptiest)) * width > VARIABLES:
                break
            answer = self._solved(members, hosts)
            if isinstance(answer, _Answer):
                return _judged(problem, [answer.at[number] for number in self._all], least)
        return None

    def _by_groups(self, least: int) -> Assignment | None:
        """Return a choice for which groups of hosts are chosen first, and hosts within each then; None where that leads to none."""
        at = by_groups(self._problem, self._start, VARIABLES)
        if at is None:
            return None
        found = _judged(self._problem, [at[number] for number in self._all], least)
        return found if _usable(self._problem, found) else None

    def _solved(self, members: Sequence[int], hosts: frozenset[int] | None = None) -> _Answer | bool:
        """Return the best answer for some units while the others stay; without one, whether that there is none is proved."""
        problem = self._problem
        if not members:
            return False
        model = Model(problem, members, self._start, Question(spared=bool(problem.spares), hosts=hosts))
        nodes = nodes_for(model.size)
        if model.lost:
            kept = model.solved(dict.fromkeys(model.lost.values(), 1), Search(nodes=nodes, enough=0))
            if kept.values is None:
                return kept.impossible
            model.hold(dict.fromkeys(model.lost.values(), 1), kept.cost)
        others = self._start.keys() - set(members)
        elsewhere = sum(option.cost for number in others if (option := self._start[number]))
        enough = max(0, self._stay.least - elsewhere)
        fewest = model.solved(model.bytes(), Search(nodes=nodes, enough=enough))
        if fewest.values is None:
            return fewest.impossible
        at = self._start | model.answer(fewest.values, self._start)
        model.hold(model.bytes(), fewest.cost)
        even = self._evened(model, fewest.values)
        return _Answer(
            at=self._start | model.answer(even, self._start) if even else at, least=fewest.bound + elsewhere
        )

    def _evened(self, model: Model, values: Sequence[int]) -> Sequence[int] | None:
        """Return an answer of as few bytes that is nearer to the quick start, where that is possible, and evener."""
        if model.size > SMALL:
            return None
        cost: dict[int, int] = {}
        known = list(values)
        for way in model.ways:
            option, numbers = way.option, model.kinds[way.kind]
            if option is None:
                continue
            here = [self._start.get(number) for number in numbers]
            if count := sum(each is not None and each.host == option.host for each in here):
                away = model.program.variable(count)
                known.append(max(0, count - values[way.variable]))
                model.program.row([(way.variable, 1), (away, 1)], at_least=count)
                cost[away] = _LEAVES
        for kind, numbers in enumerate(model.kinds):
            unit = self._problem.units[numbers[0]]
            rank = sorted(unit.hosts, key=lambda host: preference(self._problem, numbers[0], host))
            place = {host: number * _RANKS // len(rank) for number, host in enumerate(rank)}
            for way in model.ways_of(kind):
                if way.option is not None:
                    cost[way.variable] = place[way.option.host] + _WISH * unit.wish.get(way.option.host, 0)
        self._level(model, cost, known)
        return model.solved(cost, Search(nodes=EVEN_NODES, start=known)).values

    def _level(self, model: Model, cost: dict[int, int], known: list[int]) -> None:
        """Let it cost what a host is filled above the level to which all would be filled evenly."""
        going = [number for numbers in model.kinds for number in numbers if number not in self._stay.kept]
        levels, even = levels_of(self._problem, self._stay.kept, going), self._problem.even
        for host, (_, total) in enumerate(self._problem.load) if even.memory else ():
            step = max(1, total // STEPS)
            above = model.program.variable(STEPS)
            cost[above] = _STEP
            over = model.limit_memory(host, total - levels.memory * step, above, step)
            known.append(0 if over is None else min(STEPS, -(-max(0, over(known)) // step)))
        for host, total in enumerate(even.total):
            step, above = max(1, total // STEPS), model.program.variable(FULLEST)
            cost[above] = _STEP
            over = model.limit_processors(host, total * levels.processors // STEPS, above, step)
            known.append(0 if over is None else min(FULLEST, -(-max(0, over(known)) // step)))

    def _loosely(self, least: int, *, sure: bool, size: int) -> Assignment:
        """Return the choice that leaves as few machines as can be where they are against what is declared."""
        problem = self._problem
        if size > VARIABLES:
            return _with(self._first, least=least, sure=False)
        model = Model(problem, self._all, self._start, Question(loose=True))
        weights = model.left_out()
        nodes = nodes_for(model.size) if model.size <= SMALL else FEW_NODES
        fewest = model.solved(weights, Search(nodes=nodes))
        if fewest.values is None:
            return _with(self._first, least=least, sure=False)
        model.hold(weights, fewest.cost)
        cheapest = model.solved(model.bytes(), Search(nodes=nodes)).values or fewest.values
        at = model.answer(cheapest, self._start)
        found = _judged(problem, [at[number] for number in self._all], least)
        return _with(found, least=least, sure=sure and fewest.best)


def _judged(problem: AssignmentProblem, at: Sequence[Option | None], least: int) -> Assignment:
    """Return an assignment with what it costs and which losses of hosts it does not bear."""
    return Assignment(
        chosen=tuple(at),
        cost=sum(option.cost for option in at if option),
        least=least,
        unkept=unkept(problem, at),
    )


def _with(found: Assignment, *, least: int, sure: bool = True) -> Assignment:
    return Assignment(
        chosen=found.chosen,
        cost=found.cost,
        least=min(least, found.cost),
        unkept=found.unkept,
        sure=sure,
    )


def _rank(found: Assignment) -> tuple[int, int]:
    return len(found.unkept), found.cost


def unkept(problem: AssignmentProblem, at: Sequence[Option | None]) -> frozenset[tuple[int, int]]:
    """Return rule and host of each loss that is not shown to be borne."""
    found = set()
    for spare in problem.spares:
        free = {host: problem.room[problem.load[host][0]] for host in spare.hosts}
        running = {host: list(spare.fixed.get(host, ())) for host in spare.hosts}
        pools = {problem.load[host][0]: host for host in spare.hosts}
        for unit, option in zip(problem.units, at, strict=True):
            for pool, amount in unit.stay if option is None else option.holds:
                if pool in pools:
                    free[pools[pool]] -= amount
            host = unit.home if option is None else option.host
            if host in running:
                running[host] += unit.needs
        for lost in spare.hosts:
            others = [left for host, left in free.items() if host != lost]
            if loss(running[lost], others).verdict != Survival.HOLDS:
                found.add((spare.rule, lost))
    return frozenset(found)

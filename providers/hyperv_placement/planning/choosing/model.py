"""The choice as an integer program: every machine on one of its hosts, no pool overdrawn, rules kept; alike machines are one variable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hyperv_placement.planning.solver import Program, Search, Solved, solve

from .losses import Losses
from .problem import AssignmentProblem, Option, Unit
from .ways import Way

_REFUSED, _BENT, _OVER = 4, 3, 6
"""What it weighs that a machine stays where it may not be, that it stays against a rule, that a pool stays overdrawn."""
NODES, WORK = 5_000, 2_000_000
"""Nodes of the search tree for a question at most, and nodes times variables."""


def nodes_for(size: int) -> int:
    """Return the nodes for a program of so many variables: a node of a large one takes longer."""
    return max(50, min(NODES, WORK // max(1, size)))


def staying_costs(unit: Unit) -> int:
    """Return what it weighs that a unit finds no host and stays where it is."""
    return unit.machines * (_BENT if unit.home in unit.hosts else _REFUSED)


def kinds_of(
    problem: AssignmentProblem, members: Iterable[int], *, loose: bool = False
) -> list[tuple[int, ...]]:
    """Return units in classes that nothing tells apart; a unit of an excluded choice is alone.

    Where they are now is no difference between units that have to go, unless they may stay against that (`loose`).
    """
    alone = {unit for cut in problem.cuts for unit, _ in cut}
    classes: dict[object, list[int]] = {}
    for number in members:
        unit = problem.units[number]
        own = tuple(sorted((host, each.holds, each.cost) for host, each in unit.own.items()))
        shapes = tuple(sorted((kind, each.holds, each.cost) for kind, each in unit.shapes.items()))
        names = tuple(sorted(unit.names.items()))
        at = (unit.stay, unit.home) if loose or unit.home in unit.hosts else None
        key: object = (
            unit.hosts,
            own,
            shapes,
            unit.left,
            unit.seats,
            names,
            at,
            unit.needs,
            unit.processors,
            tuple(sorted(unit.wish.items())),
        )
        classes.setdefault(number if number in alone else key, []).append(number)
    return [tuple(each) for each in classes.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is asked."""

    loose: bool = False
    """Whether machines may stay where they are against everything, so that there always is an answer."""
    counted: frozenset[int] | None = None
    """Pools that count; all if None."""
    spared: bool = False
    """Whether rules that want a group of hosts to bear a loss are asked for."""
    hosts: frozenset[int] | None = None
    """Hosts that are chosen among; all if None."""
    stretch: Mapping[int, int] = field(default_factory=dict)
    """Pools of which there may be more, and by what steps."""


WHETHER = Question()


class Model:
    """The program of some units, `members`; the others stay where `fixed` has them."""

    def __init__(
        self,
        problem: AssignmentProblem,
        members: Sequence[int],
        fixed: Mapping[int, Option | None],
        question: Question = WHETHER,
    ) -> None:
        self._problem = problem
        self.fixed = fixed
        self._question = question
        self.stretched: dict[int, int] = {}
        """Pool -> variable that says by how many steps it is larger."""
        self.program = Program()
        self.kinds = kinds_of(problem, members, loose=question.loose)
        self.ways: list[Way] = []
        self._drawn: dict[int, list[tuple[int, int]]] = {}
        self._newcomers: dict[int, list[int]] = {}
        self._over: dict[int, int] = {}
        self._alone: dict[int, int] = {}
        self.lost: Mapping[tuple[int, int], int] = {}
        """Rule and host -> variable that is 1 where its loss is not borne."""
        for kind, numbers in enumerate(self.kinds):
            self._add_kind(kind, problem.units[numbers[0]], len(numbers))
        self._room = self._left_by_fixed()
        self._add_pools()
        self._add_cuts()
        if question.spared:
            self.lost = Losses(self.program, problem, self).asked()

    @property
    def size(self) -> int:
        """How many variables there are."""
        return len(self.program.upper)

    def solved(self, cost: Mapping[int, int], search: Search) -> Solved:
        """Return the answer of the lowest cost."""
        return solve(self.program, cost, search)

    @property
    def members(self) -> frozenset[int]:
        """The units that are asked for."""
        return frozenset(number for numbers in self.kinds for number in numbers)

    def unit(self, way: Way) -> Unit:
        """Return the unit, or one of several that are alike, that goes this way."""
        return self._problem.units[self.kinds[way.kind][0]]

    def bytes(self) -> dict[int, int]:
        """Return what each variable costs in bytes."""
        return {way.variable: way.option.cost for way in self.ways if way.option is not None}

    def left_out(self) -> dict[int, int]:
        """Return what it weighs that machines stay where they are, against what is declared."""
        cost = dict.fromkeys(self._over.values(), _OVER)
        for way in self.ways:
            if way.option is None:
                cost[way.variable] = staying_costs(self.unit(way))
        return cost

    def hold(self, cost: Mapping[int, int], at_most: int) -> None:
        """Let no later answer cost more than `at_most` by `cost`."""
        self.program.row(cost.items(), at_most=at_most)

    def limit_memory(
        self, host: int, free: int, above: int, step: int
    ) -> Callable[[Sequence[int]], int] | None:
        """Let a host keep `free` MiB of its memory, or `step` less for each of the variable `above`.

        Return by how much an answer exceeds it; None where nothing is drawn there.
        """
        room, drawn, _ = self.memory(host)
        if not drawn:
            return None
        limit = max(0, room - free)
        self.program.row([*drawn, (above, -step)], at_most=limit)
        return lambda values: sum(values[variable] * amount for variable, amount in drawn) - limit

    def ways_of(self, kind: int) -> Iterator[Way]:
        """Yield the ways of a class."""
        return (way for way in self.ways if way.kind == kind)

    def limit_processors(
        self, host: int, most: int, above: int, step: int
    ) -> Callable[[Sequence[int]], int] | None:
        """Let machines on a host have `most` processors, or `step` more for each of the variable `above`; return as `limit_memory`."""
        units = self._problem.units
        drawn = [
            (way.variable, units[self.kinds[way.kind][0]].processors)
            for way in self.ways
            if way.option is not None
            and way.option.host == host
            and units[self.kinds[way.kind][0]].processors
        ]
        members = self.members
        taken = self._problem.even.used[host] + sum(
            units[number].processors
            for number, option in self.fixed.items()
            if number not in members and option is not None and option.host == host
        )
        if not drawn:
            return None
        limit = max(0, most - taken)
        self.program.row([*drawn, (above, -step)], at_most=limit)
        return lambda values: sum(values[variable] * amount for variable, amount in drawn) - limit

    def answer(self, values: Sequence[int], wished: Mapping[int, Option | None]) -> dict[int, Option | None]:
        """Return the option of each unit; of alike ones those that `wished` a host get it, as far as there are so many."""
        found: dict[int, Option | None] = {}
        for kind, numbers in enumerate(self.kinds):
            rest = [(way.option, values[way.variable]) for way in self.ways if way.kind == kind]
            counts = {option.host if option else -1: count for option, count in rest}
            options = {option.host if option else -1: option for option, _ in rest}
            waiting = []
            for number in numbers:
                wish = wished.get(number)
                host = wish.host if wish is not None else -1
                if wish is not None and counts.get(host, 0) > 0:
                    counts[host] -= 1
                    found[number] = options[host]
                else:
                    waiting.append(number)
            places = [options[host] for host, count in counts.items() for _ in range(count)]
            found |= dict(zip(waiting, places, strict=True))
        return found

    def _add_kind(self, kind: int, unit: Unit, count: int) -> None:
        one_of = []
        among = self._question.hosts
        for host in unit.hosts if among is None else [each for each in unit.hosts if each in among]:
            option = unit.option(host)
            way = Way(variable=self.program.variable(count), kind=kind, option=option)
            one_of.append((way.variable, 1))
            self.ways.append(way)
            for pool, amount in option.holds:
                self._drawn.setdefault(pool, []).append((way.variable, amount))
                if host != unit.home:
                    self._newcomers.setdefault(pool, []).append(way.variable)
        if self._question.loose:
            way = Way(variable=self.program.variable(count), kind=kind, option=None)
            one_of.append((way.variable, 1))
            self.ways.append(way)
            for pool, amount in unit.stay:
                self._drawn.setdefault(pool, []).append((way.variable, amount))
        self.program.row(one_of, at_least=count, at_most=count)

    def _left_by_fixed(self) -> list[int]:
        room = list(self._problem.room)
        members = {number for numbers in self.kinds for number in numbers}
        for number, option in self.fixed.items():
            if number not in members:
                holds = self._problem.units[number].stay if option is None else option.holds
                for pool, amount in holds:
                    room[pool] -= amount
        return room

    def _add_pools(self) -> None:
        stays: dict[int, int] = {}
        for numbers in self.kinds:
            unit = self._problem.units[numbers[0]]
            for pool, amount in unit.stay if self._question.loose or unit.home in unit.hosts else ():
                stays[pool] = stays.get(pool, 0) + amount * len(numbers)
        for pool, terms in sorted(self._drawn.items()):
            if self._question.counted is not None and pool not in self._question.counted:
                continue
            over = stays.get(pool, 0) - self._room[pool]
            more: list[tuple[int, int]] = []
            if pool in self._question.stretch:
                drawn = sum(self.program.upper[variable] * amount for variable, amount in terms)
                step = self._question.stretch[pool]
                self.stretched[pool] = self.program.variable(
                    max(1, -(-(drawn - min(0, self._room[pool])) // step))
                )
                self.program.row((*terms, (self.stretched[pool], -step)), at_most=self._room[pool])
                continue
            if over > 0 and pool in self._problem.bears:
                # Below its reserve already: either nobody comes, or there is room for all who are there then.
                self._alone[pool] = self.program.variable()
                more = [(self._alone[pool], -over)]
                come = self._newcomers.get(pool, [])
                most = sum(self.program.upper[variable] for variable in come)
                self.program.row(
                    [*((variable, 1) for variable in come), (self._alone[pool], most)], at_most=most
                )
            elif over > 0 and self._question.loose:
                self._over[pool] = self.program.variable()
                more = [(self._over[pool], -over)]
            self.program.row((*terms, *more), at_most=self._room[pool])

    def _add_cuts(self) -> None:
        places = {
            (number, way.option.host): way.variable
            for way in self.ways
            if way.option is not None
            for number in self.kinds[way.kind]
        }
        for cut in self._problem.cuts:
            free = [places[pair] for pair in cut if pair in places]
            fixed = [pair for pair in cut if pair not in places]
            # A pair of a unit that is fixed elsewhere keeps the cut by itself.
            if all(
                (option := self.fixed.get(unit)) is not None and option.host == host for unit, host in fixed
            ):
                self.program.row([(variable, 1) for variable in free], at_most=len(cut) - len(fixed) - 1)

    def memory(self, host: int) -> tuple[int, list[tuple[int, int]], int | None]:
        """Return the room of a host's memory, what is drawn of it, and the variable that says that it is overdrawn and left so."""
        pool = self._problem.load[host][0]
        alone = self._alone.get(pool, self._over.get(pool))
        return self._room[pool], list(self._drawn.get(pool, ())), alone

"""N + 1 in the program of a choice: a place on the others for each machine of a host that may fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hyperv_placement.planning.solver import Program

from .problem import AssignmentProblem
from .ways import Ways

PACKED = 6_000
"""Variables for the machines of hosts that fail; beyond that only sums are asked for."""


class Losses:
    """Adds what the loss of each host of a rule asks of a choice."""

    def __init__(self, program: Program, problem: AssignmentProblem, choice: Ways) -> None:
        self._program = program
        self._problem = problem
        self._choice = choice

    def asked(self) -> Mapping[tuple[int, int], int]:
        """Add the rows, and return the variables: rule and host -> 1 where its loss is not borne."""
        broken: dict[tuple[int, int], int] = {}
        sizes = sum(
            len({need for numbers in self._choice.kinds for need in self._problem.units[numbers[0]].needs})
            * len(spare.hosts) ** 2
            for spare in self._problem.spares
        )
        for spare in self._problem.spares:
            for lost in spare.hosts:
                broken[spare.rule, lost] = self._program.variable()
                running = self._running(lost, spare.fixed.get(lost, ()))
                others = [host for host in spare.hosts if host != lost]
                if sizes <= PACKED:
                    self._pack(broken[spare.rule, lost], running, others)
                else:
                    self._sum(broken[spare.rule, lost], running, others)
        return broken

    def _running(self, host: int, fixed: Sequence[int]) -> dict[int, tuple[int, list[tuple[int, int]]]]:
        """Return, by MiB that a machine needs, how many run on a host anyway, and the variables that bring more."""
        found: dict[int, tuple[int, list[tuple[int, int]]]] = {}

        def more(need: int, count: int, *terms: tuple[int, int]) -> None:
            known = found.setdefault(need, (0, []))
            found[need] = (known[0] + count, [*known[1], *terms])

        for need in fixed:
            more(need, 1)
        members = self._choice.members
        for number, option in self._choice.fixed.items():
            unit = self._problem.units[number]
            if number not in members and (unit.home if option is None else option.host) == host:
                for need in unit.needs:
                    more(need, 1)
        for way in self._choice.ways:
            unit = self._choice.unit(way)
            if (unit.home if way.option is None else way.option.host) == host:
                for need in set(unit.needs):
                    more(need, 0, (way.variable, unit.needs.count(need)))
        return {need: each for need, each in found.items() if need > 0}

    def _pack(
        self, broken: int, running: Mapping[int, tuple[int, list[tuple[int, int]]]], others: Sequence[int]
    ) -> None:
        """Ask for a place on the others for each machine that runs on a host, unless `broken`."""
        places: dict[int, list[tuple[int, int]]] = {host: [] for host in others}
        for need, (count, terms) in sorted(running.items()):
            most = count + sum(self._program.upper[variable] * each for variable, each in terms)
            taken = []
            for host in others:
                variable = self._program.variable(most)
                taken.append((variable, 1))
                places[host].append((variable, need))
            self._program.row(
                [*taken, *((variable, -each) for variable, each in terms), (broken, most)], at_least=count
            )
        for host in others:
            room, drawn, alone = self._choice.memory(host)
            all_of_it = sum(self._program.upper[variable] * each for variable, each in places[host])
            if alone is not None:
                # Overdrawn, it takes nobody in, and its own row says what is drawn.
                most = sum(self._program.upper[variable] for variable, _ in places[host])
                self._program.row(
                    [*((variable, 1) for variable, _ in places[host]), (alone, most)], at_most=most
                )
                over = max(0, sum(self._program.upper[v] * each for v, each in drawn) - room) + all_of_it
                self._program.row([*drawn, *places[host], (alone, -over)], at_most=room)
            elif room < 0 and not drawn:
                self._program.row([(variable, 1) for variable, _ in places[host]], at_most=0)
            else:
                self._program.row([*drawn, *places[host]], at_most=room)

    def _sum(
        self, broken: int, running: Mapping[int, tuple[int, list[tuple[int, int]]]], others: Sequence[int]
    ) -> None:
        """Ask that the others have as much free in sum; where some are overdrawn, sums say nothing."""
        memory = [self._choice.memory(host) for host in others]
        if any(alone is not None or room < 0 for room, _, alone in memory):
            return
        terms = [term for _, drawn, _ in memory for term in drawn]
        fixed = 0
        for need, (count, own) in running.items():
            fixed += need * count
            terms += [(variable, need * each) for variable, each in own]
        room = sum(room for room, _, _ in memory) - fixed
        most = sum(self._program.upper[variable] * each for variable, each in terms)
        self._program.row([*_joined(terms), (broken, -max(0, most - room))], at_most=room)


def _joined(terms: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: dict[int, int] = {}
    for variable, amount in terms:
        joined[variable] = joined.get(variable, 0) + amount
    return sorted(joined.items())

"""Which moves fit in the end: where all of them together would overfill a host, the fewest that must stay are found."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from hyperv_placement.planning.solver import Program, Search, solve

from .problem import Problem

NODES = 2_000
"""Nodes of the solver's tree; after that its answer counts as far as it holds, or the greedy one."""
LARGEST = 2_000
"""Machines in question up to which the solver is asked."""
_COUNT = 1_000_000
"""What a machine costs that stays; all sizes together cost less, so that few stay first, then little."""

Changes = Mapping[int, int]
"""Pool -> by how much more of it is free once a machine has gone to its goal; negative where it takes room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The pools of a problem once some of its machines are at their goals."""

    problem: Problem
    changes: Mapping[str, Changes]
    """By the key of each machine that may go."""
    certain: frozenset[str]
    """Machines that a running job takes there, whatever is decided."""
    sizes: Mapping[str, int]
    """By key: bytes that its move copies."""

    @classmethod
    def of(cls, problem: Problem) -> End:
        """Return what each move of `problem` changes."""
        changes: dict[str, Changes] = {}
        certain, sizes = set(), {}
        for number, machine in enumerate(problem.machines):
            leg = problem.straight(number)
            net: dict[int, int] = {}
            for pool, amount in leg.acquires:
                net[pool] = net.get(pool, 0) - amount
            for pool, amount in leg.releases:
                net[pool] = net.get(pool, 0) + amount
            changes[machine.key] = {pool: amount for pool, amount in net.items() if amount}
            sizes[machine.key] = leg.transfer
            if leg.runs:
                certain.add(machine.key)
        return cls(problem=problem, changes=changes, certain=frozenset(certain), sizes=sizes)

    def left(self, going: Collection[str]) -> list[int]:
        """Return what is free of each pool when those machines have gone and all others have stayed."""
        left = list(self.problem.free)
        for key in going:
            for pool, amount in self.changes[key].items():
                left[pool] += amount
        return left

    def short(self, going: Collection[str]) -> dict[int, int]:
        """Return the pools that would then be overdrawn, and by how much."""
        left = self.left(going)
        # Below zero from the start, and no worse in the end, is a reserve that others have taken: not the plan's doing.
        return {pool: -free for pool, free in enumerate(left) if free < min(0, self.problem.free[pool])}

    def staying(self, going: Collection[str]) -> frozenset[str]:
        """Return which of `going` must stay so that the others fit: as few as can be, then those with the fewest bytes."""
        short = self.short(going)
        if not short:
            return frozenset()
        pools, keys = self._in_question(going, short)
        chosen = self._solved(keys, pools, going)
        if chosen is None or self.short(set(going) - chosen):
            chosen = self._greedy(going)
        return self._fewer(chosen, going)

    def _in_question(self, going: Collection[str], short: Mapping[int, int]) -> tuple[set[int], list[str]]:
        """Return the pools and machines on which the answer may depend: what touches an overdrawn pool, and so on."""
        worst = list(self.problem.free)
        touching: dict[int, list[str]] = {}
        for key in going:
            for pool, amount in self.changes[key].items():
                touching.setdefault(pool, []).append(key)
                worst[pool] += min(0, amount)
        pools, keys = set(short), set[str]()
        waiting = sorted(short)
        while waiting:
            for key in touching.get(waiting.pop(), ()):
                if key in keys:
                    continue
                keys.add(key)
                for pool in self.changes[key]:
                    # A pool that has room for all that come, though nobody leaves, forbids nothing.
                    if pool not in pools and worst[pool] < min(0, self.problem.free[pool]):
                        pools.add(pool)
                        waiting.append(pool)
        return pools, sorted(keys - self.certain)

    def _solved(
        self, keys: list[str], pools: Collection[int], going: Collection[str]
    ) -> frozenset[str] | None:
        if len(keys) > LARGEST:
            return None
        program = Program()
        stays = {key: program.variable() for key in keys}
        left = self.left(going)
        for pool in sorted(pools):
            changes = ((stays[key], self.changes[key].get(pool, 0)) for key in keys)
            program.row(changes, at_most=left[pool] - min(0, self.problem.free[pool]))
        whole = max(1, sum(self.sizes[key] for key in keys))
        cost = {stays[key]: _COUNT + self.sizes[key] * (_COUNT - 1) // whole for key in keys}
        values = solve(program, cost, Search(nodes=NODES)).values
        return None if values is None else frozenset(key for key in keys if values[stays[key]])

    def _greedy(self, going: Collection[str]) -> frozenset[str]:
        """Return machines whose staying makes the others fit; found one after the other."""
        left, stay = self.left(going), set[str]()
        coming: dict[int, list[str]] = {}
        for key in sorted(going):
            if key not in self.certain:
                for pool, amount in self.changes[key].items():
                    if amount < 0:
                        coming.setdefault(pool, []).append(key)
        waiting = [pool for pool in self.short(going) if pool in coming]
        while waiting:
            pool = waiting.pop()
            lacking = min(0, self.problem.free[pool]) - left[pool]
            comers = sorted((-self.changes[key][pool], key) for key in coming[pool] if key not in stay)
            if lacking <= 0 or not comers:
                continue
            key = next((key for amount, key in comers if amount >= lacking), comers[-1][1])
            stay.add(key)
            for each, amount in self.changes[key].items():
                left[each] -= amount
            waiting += [
                pool,
                *(each for each, amount in self.changes[key].items() if amount > 0 and each in coming),
            ]
        return frozenset(stay)

    def _fewer(self, staying: frozenset[str], going: Collection[str]) -> frozenset[str]:
        """Return `staying` without those that can go all the same, the largest first."""
        stay, left = set(staying), self.left(set(going) - staying)
        for key in self.largest_first(staying):
            if self.adds(left, key):
                stay.remove(key)
        return frozenset(stay)

    def adds(self, left: list[int], key: str) -> bool:
        """Let a machine go as well if that fits: then `left`, what is free of each pool, is changed by it."""
        after = {pool: left[pool] + amount for pool, amount in self.changes[key].items()}
        if any(free < min(0, self.problem.free[pool]) for pool, free in after.items()):
            return False
        for pool, free in after.items():
            left[pool] = free
        return True

    def largest_first(self, keys: Collection[str]) -> list[str]:
        """Return machines by the bytes that their moves copy."""
        return sorted(keys, key=lambda key: (-self.sizes[key], key))

    def comers(self, pool: int, keys: Collection[str]) -> Iterator[str]:
        """Yield those of `keys` that take room of a pool."""
        yield from (key for key in sorted(keys) if self.changes[key].get(pool, 0) < 0)

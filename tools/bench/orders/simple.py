"""What simple tools do: N moves at a time, in the order of the file, or the first that fits."""

from __future__ import annotations

from collections.abc import Sequence

from hyperv_placement.planning.schedule.problem import Leg, Problem, fits


def in_turn(problem: Problem, legs: Sequence[Leg], at_once: int, *, skip: bool) -> float | None:
    """Return the finish in seconds, None where nothing goes on before the end.

    `skip`: take the first of the list that finds room, not just the next one. Links are shared as in our own runs.
    """
    return _Simple(problem, legs, at_once, skip=skip).finish()


class _Simple:
    def __init__(self, problem: Problem, legs: Sequence[Leg], at_once: int, *, skip: bool) -> None:
        self._problem = problem
        self._waiting = list(legs)
        self._at_once = at_once
        self._skip = skip
        self._free = list(problem.free)
        self._slots = problem.slot_limits
        self._running: dict[int, tuple[Leg, float]] = {}
        self._active = [0] * len(problem.hosts)

    def finish(self) -> float | None:
        now = 0.0
        while self._waiting or self._running:
            self._start()
            if not self._running:
                return None
            rates = {key: self._rate(leg) for key, (leg, _) in self._running.items()}
            step = min(left / rates[key] for key, (_, left) in self._running.items())
            now += step
            for key, (leg, left) in list(self._running.items()):
                rest = left - rates[key] * step
                if rest <= 1:
                    self._end(key, leg)
                else:
                    self._running[key] = (leg, rest)
        return now

    def _start(self) -> None:
        for leg in list(self._waiting):
            if len(self._running) >= self._at_once:
                return
            slots = self._problem.slots(leg)
            if fits(self._free, leg) and all(self._slots[slot] > 0 for slot in slots):
                self._waiting.remove(leg)
                self._running[leg.machine] = (leg, float(leg.transfer))
                self._change(leg, 1)
                for pool, amount in leg.acquires:
                    self._free[pool] -= amount
            elif not self._skip:
                return

    def _end(self, key: int, leg: Leg) -> None:
        del self._running[key]
        self._change(leg, -1)
        for pool, amount in leg.releases:
            self._free[pool] += amount

    def _change(self, leg: Leg, by: int) -> None:
        for slot in self._problem.slots(leg):
            self._slots[slot] -= by
        for host in leg.hosts:
            self._active[host] += by

    def _rate(self, leg: Leg) -> float:
        return min(self._problem.links[host] / self._active[host] for host in leg.hosts)

"""What a run that is held to a saved plan declares as the plan has it, so that the engine finds no more and no less in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hyperv_placement.workspace.update_plan import PlannedResource


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A saved plan, as far as the program goes by it."""

    lines: tuple[str, ...] = ()
    """Its lines, which the stack exports."""
    moves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Label -> the input that declares the machine's move: it counts also the moves that are done by now."""
    after: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Label -> the machines that have to move before it."""
    done: Mapping[str, PlannedResource] = field(default_factory=dict)
    """Label -> what it holds of a machine that was to move and is in its place by now, each after those that it waits for."""

    def inputs(self, label: str, now: Mapping[str, Any], move: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is declared of a machine, of one that is done no more than when it was still to move: then it has a choice of hosts, say.

        `move`: what declares its move, as it is planned now.
        """
        planned = self.done.get(label)
        kept = now if planned is None else {key: value for key, value in now.items() if key in planned.wanted}
        return {**kept, **(self.moves.get(label) or move)}

    def waits(self, now: Mapping[str, Sequence[str]]) -> Mapping[str, list[str]]:
        """Return who waits for whom: as it is planned now, and for those that are done."""
        found = defaultdict(list, {label: list(others) for label, others in now.items()})
        for label, others in self.after.items():
            if over := sorted(others & self.done.keys()):
                found[label] += over
        return found


FREE = Held()
"""A run that is held to no plan."""

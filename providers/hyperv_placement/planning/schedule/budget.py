"""How much a search may look at: counted in steps, never in seconds, so that its result is the same on every computer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """Steps that are left."""

    left: int

    def spend(self, steps: int = 1) -> None:
        """Use up `steps`."""
        self.left -= steps

    @property
    def spent(self) -> bool:
        """Whether there are none left."""
        return self.left <= 0

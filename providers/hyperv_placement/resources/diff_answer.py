"""What a diff answers to the engine: property by property, never a replacement."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi.dynamic import DiffResult

ADD, DELETE, UPDATE = 0, 2, 4
"""PropertyDiff.Kind of Pulumi's provider protocol; the kinds that replace are never answered."""


class DetailedDiffResult(DiffResult):
    """A diff that names its properties: property path -> kind."""

    detailed: Mapping[str, int]

    def __init__(self, detailed: Mapping[str, int]) -> None:
        """Something changes where any property is named; nothing is ever replaced."""
        super().__init__(changes=bool(detailed), replaces=[])
        self.detailed = detailed

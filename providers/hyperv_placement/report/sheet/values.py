"""A report of tables as a value: texts as they were read, which each form escapes in its own way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading, with a table, notes, or both beneath it."""

    title: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Each has as many texts as there are heads."""
    numbers: frozenset[int] = frozenset()
    """Columns that are numbers: they stand to the right, and so do their headers."""
    last: frozenset[int] = frozenset()
    """Columns that a narrow terminal can do without; they are left out from the right."""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rows that do not fit their heads."""
        if any(len(row) != len(self.heads) for row in self.rows):
            raise ValueError(f"{self.title}: a row has not as many cells as there are heads")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole report."""

    title: str
    headline: str
    """One line that says it all."""
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know of the whole, such as what is not recorded."""

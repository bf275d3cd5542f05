"""What an examination could not look at, and whether moves hang on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """One thing that could not be checked, so that nobody takes it for checked."""

    text: str
    """As the line below the headline has it."""
    decides: str = ""
    """How the headline calls it, where the first move may fail for it and this stack file or login could have it checked."""

    def __str__(self) -> str:
        """Return the text."""
        return self.text

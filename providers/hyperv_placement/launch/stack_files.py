"""Where the stack files of a project are."""

from __future__ import annotations

from pathlib import Path

STACKS = "stacks"


def stack_files(project: Path) -> list[Path]:
    """Return every stack file of a project."""
    return sorted(path for path in (project / STACKS).glob("*.yaml") if not path.name.startswith("Pulumi."))

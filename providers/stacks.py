"""Where the file of a stack lies: `stacks/<stack>.yaml` of the project."""

from __future__ import annotations

from pathlib import Path

STACKS = "stacks"


def stack_path(stack: str, project: Path | None = None) -> Path:
    """Return the file of Pulumi stack `stack`, as a short path where the project is the current folder."""
    return (project or Path()) / STACKS / f"{stack}.yaml"

"""Where the file of a stack lies: `stacks/<stack>.yaml` of the project."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.model.names import stack_name
from hyperv_placement.system.project import FILE, PROJECT

__all__ = ["PROJECT", "STACKS", "project_name", "resolve_stack", "stack_files", "stack_path"]

STACKS = "stacks"


def stack_path(stack: str, project: Path | None = None) -> Path:
    """Return the file of Pulumi stack `stack`, as a short path where the project is the current folder.

    Raises StackNameError where that cannot be the name of a stack.
    """
    return (project or Path()) / STACKS / f"{stack_name(stack)}.yaml"


def resolve_stack(word: str, project: Path) -> Path:
    """Return the file that a word of a command line means: a path to a YAML file, or the name of a stack.

    Raises StackNameError where it is neither.
    """
    path = Path(word)
    return path if path.suffix in {".yaml", ".yml"} else stack_path(word, project)


def stack_files(project: Path) -> list[Path]:
    """Return every stack file of a project."""
    return sorted(path for path in (project / STACKS).glob("*.yaml") if not path.name.startswith("Pulumi."))


def project_name(project: Path) -> str:
    """Return the name of a project, as Pulumi.yaml has it; empty where it has none that can be read."""
    try:
        lines = (project / FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next(
        (line.partition(":")[2].strip().strip("'\"") for line in lines if line.startswith("name:")), ""
    )

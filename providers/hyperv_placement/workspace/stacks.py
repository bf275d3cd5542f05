"""Where the file of a stack lies: `stacks/<stack>.yaml` of the project."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.errors import StackNameError
from hyperv_placement.launch.stack_files import STACKS, stack_files
from hyperv_placement.model.names import stack_name
from hyperv_placement.system.project import FILE, PROJECT

__all__ = ["PROJECT", "STACKS", "is_stack", "project_name", "resolve_stack", "stack_files", "stack_path"]

_ENDINGS = (".yaml", ".yml")


def stack_path(stack: str, project: Path | None = None) -> Path:
    """Return the file of Pulumi stack `stack`, as a short path where the project is the current folder.

    Raises StackNameError where that cannot be the name of a stack.
    """
    return (project or Path()) / STACKS / f"{stack_name(stack)}.yaml"


def resolve_stack(word: str, project: Path) -> Path:
    """Return the file that a word of a command line means: `lab`, `lab.yaml`, `stacks/lab` or any path to a stack file.

    A path is that of a file that is there; else a name is one of the project's `stacks/`. Where nothing is there, it is the path
    that was meant, for an error to name. Raises StackNameError where it is neither a path to YAML nor the name of a stack.
    """
    path = Path(word)
    yaml = path.suffix in _ENDINGS
    if yaml and (len(path.parts) > 1 or path.exists()):
        return path
    if yaml:
        return stack_path(path.stem, project)
    for ending in _ENDINGS if len(path.parts) > 1 else ():
        if (found := path.with_name(f"{path.name}{ending}")).is_file():
            return found
    return stack_path(word.removeprefix(f"{STACKS}/").removeprefix(f"{STACKS}\\"), project)


def is_stack(word: str, project: Path) -> bool:
    """Say whether a word of a command line, which may mean something else, means a stack file that is there, or a path to YAML."""
    try:
        return Path(word).suffix in _ENDINGS or resolve_stack(word, project).exists()
    except StackNameError:
        return False


def project_name(project: Path) -> str:
    """Return the name of a project, as Pulumi.yaml has it; empty where it has none that can be read."""
    try:
        lines = (project / FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next(
        (line.partition(":")[2].strip().strip("'\"") for line in lines if line.startswith("name:")), ""
    )

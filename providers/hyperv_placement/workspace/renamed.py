"""What belongs to a stack by its name: where the engine has renamed the stack, it has to follow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hyperv_placement.audit.reading import put_away
from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.model.names import stack_name
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load

from .identities import identities_path
from .locks import backend_folder, stacks_of
from .stacks import stack_files, stack_path

_BACKEND = "PULUMI_BACKEND_URL"
_AUDIT = Path(".pulumi") / "audit"


def load_stack(stack: str, project: Path | None = None, environ: Mapping[str, str] | None = None) -> Stack:
    """Return what the file of a Pulumi stack declares, for a run. Raises as `load`.

    Where it has no file, and the engine has renamed the stack, the error says which files to rename. `environ`: where the
    state is kept; this process' by default.
    """
    path = stack_path(stack, project)
    try:
        return load(path)
    except StackFileError as error:
        before = (
            None
            if path.exists()
            else _before(stack, project or Path(), os.environ if environ is None else environ)
        )
        if before is None:
            raise
        pairs = "; ".join(f"{old} to {new}" for old, new in belongings(project or Path(), before, stack))
        raise StackFileError(
            f"{error.message}; if {before} was renamed to {stack}, rename what belongs to it: {pairs}",
            ids=error.ids,
        ) from error


def belongings(project: Path, before: str, now: str) -> Iterator[tuple[Path, Path]]:
    """Yield each file of the project that belongs to the stack named `before`, and what it is to be called under the name `now`."""
    yield stack_path(before, project), stack_path(now, project)
    audit = project / _AUDIT / f"{stack_name(before)}.jsonl"
    for path in (*put_away(audit), audit):
        if path.exists():
            yield path, path.with_name(path.name.replace(audit.name, f"{stack_name(now)}.jsonl", 1))
    if (kept := identities_path(project, before)).exists():
        yield kept, identities_path(project, now)


def _before(stack: str, project: Path, environ: Mapping[str, str]) -> str | None:
    """Return what a stack without a file was called before, as far as one other can be meant; None elsewhere.

    That is one which has a file here and has run here, and which the state does not have any more, where that is a folder.
    """
    try:
        still = stacks_of(backend_folder(environ.get(_BACKEND), project))
    except PlacementError:
        still = []  # a state that is elsewhere: what has run here is all that is known
    names = [path.stem for path in stack_files(project)]
    found = [name for name in names if name not in still and identities_path(project, name).exists()]
    return found[0] if len(found) == 1 and found != [stack] else None

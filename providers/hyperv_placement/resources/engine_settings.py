"""Settings of the engine that hold a run up, or that nothing here reads: the program says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.model.plan import Schedule
from hyperv_placement.visible import visible

_ENGINES_OWN = "pulumi:"
"""Begins the keys of config that the engine itself reads, as `pulumi:tags`."""


def few_hands(schedule: Schedule, hands: int | None) -> Iterator[str]:
    """Yield a line where more machines move than the engine has hands (`--parallel`); `hands`: None where that is not known.

    A move that waits for its room holds one of them, and the one that it waits for may be the next in the queue.
    """
    moving = len({each.label for each in schedule.moves})
    if hands is not None and 0 < hands < moving:
        yield (
            f"{moving} machines are to move, and the engine works on {hands} resources at a time (--parallel): each move that"
            f" waits holds one of these, so that others begin late. Run {quoting.own('bin/pulumi')}, or set PULUMI_PARALLEL=256"
        )


def ignored_config(keys: Iterable[str], project: str, stack_file: Path) -> Iterator[str]:
    """Yield a line that names the keys of `pulumi config` which nothing reads, if there are any.

    `keys`: as the engine hands them over, each with its namespace.
    """
    # Without the project's own namespace, as they were typed.
    named = sorted(each.removeprefix(f"{project}:") for each in keys if not each.startswith(_ENGINES_OWN))
    if named:
        yield (
            f"Pulumi's config has {', '.join(map(visible, named))}, which nothing reads: what is wanted stands in"
            f" {visible(str(stack_file))}. To remove it: {quoting.own('bin/pulumi config rm {}', named[0])}"
        )

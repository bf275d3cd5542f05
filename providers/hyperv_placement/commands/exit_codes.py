"""Every exit code of `bin/placement`, and which one wins where several apply. For operators: docs/exit-codes.md.

A code says what is proven. 2 is the answer of the verbs that were asked whether all is well (`drift`, `result`, `doctor`,
`audit verify`), 3 that of the verbs that were asked whether a run may start (`plan`, `check`, `review`).
"""

from __future__ import annotations

DONE = 0
FAILED = 1
"""An error, of the words as well as of a host; of a plan also that a host or a machine stays out of it."""
NOT_WELL = 2
"""Drift, a machine that is not in its place, an error that the doctor found, a broken audit log."""
INFEASIBLE = 3
"""Nothing may be moved at all: no safe order, the guard, a rule that would not hold in the end."""
SILENT = 4
"""Nothing is wrong as far as hosts answered, and some host did not."""
TRUST_CHANGES = 5
"""A change of where passwords go, of who is trusted, or of the guard: somebody has to agree first."""
NOT_CHECKED = 6
"""Nothing was found wrong, and something that moves hang on could not be checked: that it is well nobody has seen."""
INTERRUPTED = 130
"""Ctrl-C: 128 and the number of SIGINT, as shells have it."""


def of_plan(*, infeasible: bool, complete: bool) -> int:
    """Return the code of a plan; `complete`: every host answered, and each machine is in place or moves, as far as that counts."""
    if infeasible:
        return INFEASIBLE
    return DONE if complete else FAILED


def of_examination(*, wrong: bool, unchecked: bool) -> int:
    """Return the code of an examination; `unchecked`: something that the first move may fail for was not looked at."""
    if wrong:
        return NOT_WELL
    return NOT_CHECKED if unchecked else DONE


def of_look(*, wrong: bool, silent: bool) -> int:
    """Return the code of a look at the hosts: what is wrong is wrong, whoever else is silent."""
    if wrong:
        return NOT_WELL
    return SILENT if silent else DONE

"""`python -m tests.sweep`: each request of one move of each kind, its answer broken in each way; a table at the end.

Rounds that were played stay in `.sweep/`, or another folder, and a later call goes on with those that are left; remove the folder to begin anew.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from .breaks import WAYS
from .moves import KINDS
from .playing import FOLDER, Row, key, key_of, planned, played, rows
from .rounds import WRONG
from .wire import Case


def main(words: Sequence[str] | None = None) -> int:
    """Play what is left; return 0 where nothing went wrong in any round, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="sweep", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("only", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)} (all)")
    parser.add_argument("--way", action="append", choices=tuple(WAYS), help="break in this way alone (all)")
    parser.add_argument("--jobs", type=int, default=2, help="rounds at once (2)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what keeps the rounds (.sweep)")
    parser.add_argument("--table", action="store_true", help="play nothing, print what was played")
    given = parser.parse_args(words)
    kinds = given.only or list(KINDS)
    if unknown := [name for name in kinds if name not in KINDS]:
        parser.error(f"no kind of move: {', '.join(unknown)}")
    ways = given.way or list(WAYS)
    plans = {
        name: [case for case in planned(name, given.folder, anew=not given.table) if case.way in ways]
        for name in kinds
    }
    if not given.table:
        played(plans, given.jobs, given.folder)
    found = {name: _of(plans[name], rows(name, given.folder)) for name in kinds}
    sys.stdout.write(f"{_table(plans, found, ways)}\n")
    wrong = [(name, row) for name, all_ in found.items() for row in all_ if row["wrong"]]
    for name, row in wrong:
        lines = [f"{name}: {row['case']}", *row["wrong"], *row["errors"]]
        sys.stdout.write("\n" + "\n  ".join(lines) + "\n")
    return 1 if wrong or any(len(found[name]) < len(plans[name]) for name in kinds) else 0


def _of(cases: Iterable[Case], all_: Iterable[Row]) -> list[Row]:
    """Return the rounds of these cases, each once."""
    wanted = set(map(key_of, cases))
    return list({key(row): row for row in all_ if key(row) in wanted}.values())


def _table(
    plans: Mapping[str, Sequence[Case]], found: Mapping[str, Sequence[Row]], ways: Sequence[str]
) -> str:
    head = ("kind of move", "rounds", "of", "answers broken", "first run ends 0", "not met", *WRONG)
    lines = [head, *(_line(name, len(plans[name]), found[name]) for name in found)]
    lines.append(
        ("all", *(str(sum(int(line[column]) for line in lines[1:])) for column in range(1, len(head))))
    )
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    shown = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines
    )
    return "\n".join((f"{len(ways)} ways: {', '.join(ways)}", *(line.rstrip() for line in shown)))


def _line(name: str, most: int, kept: Sequence[Row]) -> tuple[str, ...]:
    wrong = Counter(each.partition(":")[0] for row in kept for each in _once(row["wrong"]))
    counts = (
        len(kept), most, sum(row["met"] for row in kept), sum(row["codes"][0] == 0 for row in kept),
        sum(not row["met"] for row in kept), *(wrong[kind] for kind in WRONG),
    )  # fmt: skip
    return name, *map(str, counts)


def _once(wrong: Iterable[str]) -> Iterator[str]:
    """Yield each kind of wrong once for a round."""
    yield from {each.partition(":")[0]: each for each in wrong}.values()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())

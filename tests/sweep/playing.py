"""Rounds as they are played by several processes, and what is kept of each: a line of JSON in a folder."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .cases import whole
from .moves import KINDS
from .rounds import Verdict, play
from .wire import Case

FOLDER = Path(__file__).resolve().parents[2] / ".sweep"
Work = tuple[str, tuple[Case, ...]]
"""A kind of move, and the cases of one round."""
Row = dict[str, Any]
_HOME = "SWEEP_HOME"
"""Variable of a process that plays: its folder, which keeps certificates from round to round."""
_ROUND = 20
"""Cases in a round at most."""
_OFTEN = 50
"""Rounds between two lines of progress."""


def planned(name: str, kept: Path = FOLDER, *, anew: bool = True) -> list[Case]:
    """Return the cases of a kind, by a round in which nothing breaks. Not `anew`: as the last call has found them."""
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"{name.replace(' ', '-')}.json"
    if anew or not path.exists():
        with tempfile.TemporaryDirectory() as home:
            asked = play(KINDS[name], Path(home))[0].asked
        path.write_text(json.dumps(asked, indent=1), encoding="utf-8")
    return list(whole(json.loads(path.read_text(encoding="utf-8"))))


def played(plans: Mapping[str, Sequence[Case]], jobs: int, kept: Path = FOLDER) -> None:
    """Play what is left of `plans`, `jobs` rounds at once, and keep each case."""
    left: list[Work] = []
    for name, cases in plans.items():
        done = {key(row) for row in rows(name, kept)}
        left += _together(name, [case for case in cases if key_of(case) not in done])
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="sweep-") as folder,
        context.Pool(jobs, initializer=_begin, initargs=(folder,)) as pool,
    ):
        while left:
            # Mixed, so that a call that is broken off has met something of everything; the same order in each.
            random.Random(0).shuffle(left)  # noqa: S311 - an order is no secret
            again: list[Work] = []
            for number, (work, found) in enumerate(pool.imap_unordered(_played, left), 1):
                name, cases = work
                # Of what an earlier run has asked already, a later one may ask less: such a case has its own round.
                missed = {at for at, row in enumerate(found) if at and not row["met"] and not row["wrong"]}
                _keep(name, [row for at, row in enumerate(found) if at not in missed], kept)
                again += _together(name, cases[len(found) :])
                again += [(name, (cases[at],)) for at in missed]
                if number % _OFTEN == 0 or number == len(left):
                    sys.stderr.write(f"{number} of {len(left)} rounds, and {len(again)} to follow\n")
            left = again


def _together(name: str, cases: Sequence[Case]) -> list[Work]:
    """Return cases in rounds: those that break reads of one host in one way can follow each other in a lab."""
    lone = [case for case in cases if not case.host or not case.carried_out]
    reads: dict[object, list[Case]] = {}
    for case in cases:
        if case.host and case.carried_out:
            reads.setdefault((case.host, case.way), []).append(case)
    return [
        *((name, (case,)) for case in lone),
        *(
            (name, tuple(each[at : at + _ROUND]))
            for each in reads.values()
            for at in range(0, len(each), _ROUND)
        ),
    ]


def _keep(name: str, found: Sequence[Row], kept: Path) -> None:
    with _file(name, kept).open("a", encoding="utf-8") as file:
        for row in found:
            file.write(json.dumps(row) + "\n")
            if row["wrong"]:
                sys.stderr.write(f"{name} {row['case']}: {row['wrong'][0].splitlines()[0]}\n")


def _begin(folder: str) -> None:
    """Leave Ctrl-C to the process that has started this one, and keep its files in `folder`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[_HOME] = str(Path(folder) / str(os.getpid()))
    # What was loaded stays: it need not be looked through for rubbish in each of some thousand rounds.
    gc.freeze()


def _played(work: Work) -> tuple[Work, list[Row]]:
    name, cases = work
    return work, [
        _row(case, verdict)
        for case, verdict in zip(cases, play(KINDS[name], Path(os.environ[_HOME]), *cases), strict=False)
    ]


def _row(case: Case, verdict: Verdict) -> Row:
    return {
        "case": asdict(case), "met": verdict.met, "codes": verdict.codes, "errors": verdict.errors,
        "wrong": verdict.wrong,
    }  # fmt: skip


def _file(name: str, kept: Path) -> Path:
    return kept / f"{name.replace(' ', '-')}.jsonl"


def rows(name: str, kept: Path = FOLDER) -> Iterator[Row]:
    """Yield what is kept of a kind."""
    with suppress(FileNotFoundError):
        for line in _file(name, kept).read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):  # torn by a call that was killed
                yield json.loads(line)


def key(row: Row) -> tuple[Any, ...]:
    """Return by what a round is known again."""
    return tuple(row["case"].values())


def key_of(case: Case) -> tuple[Any, ...]:
    """Return the same of a case."""
    return tuple(asdict(case).values())

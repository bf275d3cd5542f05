"""Rounds as they are played by several processes, and what is kept of each: a line of JSON in `.sweep/`."""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from .cases import whole
from .moves import KINDS
from .rounds import play
from .wire import Case

FOLDER = Path(__file__).resolve().parents[2] / ".sweep"
Work = tuple[str, Case]
Row = dict[str, Any]


def planned(name: str) -> list[Case]:
    """Return the cases of a kind, by a round in which nothing breaks; the same ones in each call."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name.replace(' ', '-')}.json"
    if not path.exists():
        with tempfile.TemporaryDirectory() as home:
            verdict = play(KINDS[name], Path(home))
        path.write_text(json.dumps(verdict.asked, indent=1), encoding="utf-8")
    return list(whole(json.loads(path.read_text(encoding="utf-8"))))


def played(plans: Mapping[str, Sequence[Case]], jobs: int) -> None:
    """Play what is left of `plans`, `jobs` rounds at once, and keep each."""
    left: list[Work] = []
    for name, cases in plans.items():
        done = {key(row) for row in rows(name)}
        left += [(name, case) for case in cases if key_of(case) not in done]
    # Mixed, so that a call that is broken off has met something of everything; the same order in each.
    random.Random(0).shuffle(left)  # noqa: S311 - an order is no secret
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        for number, (name, row) in enumerate(pool.imap_unordered(_played, left), 1):
            with _file(name).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            if row["wrong"] or number % 100 == 0 or number == len(left):
                bad = f", {name} {row['case']}: {row['wrong'][0].splitlines()[0]}" if row["wrong"] else ""
                sys.stderr.write(f"{number} of {len(left)}{bad}\n")


@cache
def _home() -> Path:
    """Return this process's own folder, which keeps its certificates."""
    return Path(tempfile.mkdtemp(prefix="sweep-"))


def _played(work: Work) -> tuple[str, Row]:
    name, case = work
    verdict = play(KINDS[name], _home(), case)
    asked = verdict.asked.get(case.host, [])
    request = asked[case.number] if case.host and case.number < len(asked) else ""
    return name, {
        "case": asdict(case), "request": request, "met": verdict.met, "codes": verdict.codes,
        "errors": verdict.errors, "wrong": verdict.wrong,
    }  # fmt: skip


def _file(name: str) -> Path:
    return FOLDER / f"{name.replace(' ', '-')}.jsonl"


def rows(name: str) -> Iterator[Row]:
    """Yield what is kept of a kind."""
    with suppress(FileNotFoundError):
        for line in _file(name).read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):  # torn by a call that was killed
                yield json.loads(line)


def key(row: Row) -> tuple[Any, ...]:
    """Return by what a round is known again."""
    return tuple(row["case"].values())


def key_of(case: Case) -> tuple[Any, ...]:
    """Return the same of a case."""
    return tuple(asdict(case).values())

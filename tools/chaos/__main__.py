"""`python -m tools.chaos`: play rounds, go on with those of earlier runs, or show what they came to."""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path

from tools.workspace import remove

from .book import FOLDER, Book, table
from .cases import SHORT, case, seeds
from .place import release
from .verdict import Verdict, line
from .worker import play_here, prepare

_INTERRUPTED = 130


def main() -> int:
    """Play what the words say; return 1 where a round was not passed, 2 where there is no such kind."""
    words = _words().parse_args()
    for number in (
        signal.SIGTERM,
        signal.SIGINT,
    ):  # a shell's background job ignores the second, and so would its runs
        signal.signal(number, signal.default_int_handler)
    book = Book(words.folder)
    if words.table:
        print(table(book.verdicts()))
        return 0
    try:
        chosen = _chosen(words, book)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(chosen)} rounds, {words.jobs} at once", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        book = Book(Path(folder) / "book") if words.short else book
        played = _played(chosen, book, Path(folder) / "places", words.jobs)
        try:
            passed = not [each.seed for each in played if each.wrong]
        except KeyboardInterrupt:
            print("interrupted; the next run goes on with the rounds that are missing", file=sys.stderr)
            return _INTERRUPTED
        if words.replay is None:
            print(table(book.verdicts()))
    return 0 if passed else 1


def _words() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="rounds to add (200)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the first round's; those that were played are passed over (1)"
    )
    parser.add_argument("--only", default="", help="rounds of this start, history or disturbance alone")
    parser.add_argument("--replay", type=int, help="play the round of this seed again, and keep its logs")
    most = (os.cpu_count() or 1) + 1  # one waits for something most of the time
    parser.add_argument(
        "--jobs", type=int, default=most, help=f"rounds at once ({most}: one more than cores)"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where rounds are kept (.chaos)")
    parser.add_argument(
        "--table", action="store_true", help="play nothing; show what the rounds in the folder came to"
    )
    parser.add_argument("--short", action="store_true", help="play the rounds of CI, and keep nothing")
    return parser


def _chosen(words: argparse.Namespace, book: Book) -> Sequence[int]:
    if words.short:
        return list(SHORT)
    if words.replay is not None:
        return [words.replay]
    played = {each.seed for each in book.verdicts()}
    return list(
        itertools.islice((seed for seed in seeds(words.seed, words.only) if seed not in played), words.count)
    )


def _played(chosen: Sequence[int], book: Book, folder: Path, jobs: int) -> Iterator[Verdict]:
    """Yield verdicts as they come; each is kept, and said in a line."""
    folder.mkdir()
    with _pool(min(jobs, len(chosen))) as pool:
        waiting: dict[Future[Verdict], int] = {
            pool.submit(play_here, seed, folder, book): seed for seed in chosen
        }
        try:
            for done in as_completed(waiting):
                verdict = _verdict(done, waiting[done])
                book.add(verdict)
                print(line(verdict), flush=True)
                yield verdict
        finally:
            for (
                worker
            ) in active_children():  # a signal that was sent to this process alone ends its rounds as well
                if worker.pid is not None:
                    os.kill(worker.pid, signal.SIGINT)
            pool.shutdown(cancel_futures=True)
            for each in folder.iterdir():
                release(each)
                remove(each)


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=prepare) as pool:
        yield pool


def _verdict(done: Future[Verdict], seed: int) -> Verdict:
    """Return the verdict; a round that could not be played is not passed."""
    if (error := done.exception()) is None:
        return done.result()
    drawn = case(seed)
    return Verdict(
        seed=seed, shape=drawn.shape, history=drawn.history, kinds=drawn.kinds(), planned=str(drawn),
        wrong=[f"not played: {type(error).__name__}: {error}"],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

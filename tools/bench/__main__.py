"""`python -m tools.bench`: measure, print the table, and leave nothing behind."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from . import (
    before_orders,
    decoding,
    doctor,
    drift,
    following,
    lab_memory,
    load,
    moves,
    preview,
    refusals,
    requests,
    review,
    stack_file,
    startup,
    sweep,
    wheel,
)
from .figure import Figure
from .orders import beside, choosing, tight, whole
from .orders import measuring as orders
from .site import Sites
from .table import as_json, render

Measure = Callable[[Sites], list[Figure]]
MEASURES: dict[str, Measure] = {
    "startup": startup.measure,
    "decoding": decoding.measure,
    "stack-file": stack_file.measure,
    "requests": requests.measure,
    "before-orders": before_orders.measure,
    "lab": lab_memory.measure,
    "orders": orders.measure,
    "tight": tight.measure,
    "plan-1000": whole.measure,
    "choosing": choosing.measure,
    "refusals": refusals.measure,
    "sweep": sweep.measure,
    "doctor": doctor.measure,
    "drift": drift.measure,
    "preview-300": preview.measure_small,
    "preview-1000": preview.measure_big,
    "following": following.measure,
    "moves": moves.measure,
    "review": review.measure,
}
ON_REQUEST: dict[str, Measure] = {
    "load": load.measure,
    "wheel": wheel.measure,
    "plan-2000": whole.measure_huge,
    "plan-5000": whole.measure_published,
    "plan-earlier": beside.measure,
}
"""Measured only where they are named: they take minutes."""
INTERRUPTED = 130
LAST_WORDS = 20
"""Lines shown of a command that failed."""


def main(words: Sequence[str] | None = None) -> int:
    """Return 0 where every goal is held, 1 where one is missed or could not be measured."""
    given = _parser().parse_args(words)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, Sites(Path(folder)) as sites:
            figures = _measured(given.only or list(MEASURES), sites)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; what was started is stopped and removed\n")
        return INTERRUPTED
    except subprocess.CalledProcessError as error:
        said = f"{error.stdout or ''}{error.stderr or ''}".splitlines()
        sys.stderr.write("\n".join([str(error), *said[-LAST_WORDS:], ""]))
        return 1
    print(as_json(figures) if given.json else render(figures))
    return 0 if all(figure.held for figure in figures) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure what the product promises")
    parser.add_argument(
        "only",
        nargs="*",
        choices=[[], *MEASURES, *ON_REQUEST],
        metavar="NAME",
        help=f"of {', '.join(MEASURES)} (default: all), {', '.join(ON_REQUEST)}",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    return parser


def _measured(names: Sequence[str], sites: Sites) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        sys.stderr.write(f"measuring {name} ...\n")
        figures += (MEASURES | ON_REQUEST)[name](sites)
    return figures


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())

"""The words of `placement plan`."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from hyperv_placement.commands.arguments import RECORDED, Parser, add_json, add_stack

EXIT_CODES = {
    0: "every declared machine is in place or moves",
    1: "a host or a machine stays out of the plan; or an error",
    3: "nothing may be moved at all",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    parser.add_argument(
        "--at",
        type=_moment,
        metavar="MOMENT",
        help="plan as a run at that moment would: 2026-12-05T22:00+01:00",
    )
    add_json(parser)


def _moment(text: str) -> datetime:
    """Return a moment with its offset from UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"'{text}' has no offset from UTC; write such as 2026-12-05T22:00+01:00"
        )
    return moment

"""The words of `placement fleet`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import Parser
from hyperv_placement.commands.words.sheets import add_sheet
from hyperv_placement.workspace.stacks import STACKS

EXIT_CODES = {
    0: "every stack was read, and none has drift",
    1: "an error",
    2: "drift, also where some stack was not read",
    4: "no drift seen, and some stack was not read, or does not know all of itself",
}


_HOURS = 26
"""A night's reports, and two hours for a runner that was late."""


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="what `placement drift STACK --json` has written of each stack",
    )
    parser.add_argument(
        "--expect",
        nargs="*",
        metavar="STACK",
        help=f"stacks that should have reported; default: every file in {STACKS}/",
    )
    parser.add_argument(
        "--before",
        type=Path,
        metavar="FILE",
        help="yesterday's --json of this: since when each drift was seen",
    )
    parser.add_argument(
        "--max-age",
        type=int,
        default=_HOURS,
        metavar="HOURS",
        help=f"older reports are not read; default: {_HOURS}",
    )
    add_sheet(parser)

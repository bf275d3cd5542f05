"""The words of `placement record`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import STACK, Parser, add_json

EXIT_CODES = {
    0: "the file is written",
    1: "an error",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument("host", nargs="?", help="a host of the stack file")
    parser.add_argument(
        "--disguise",
        type=Path,
        metavar="FILE",
        help="what PLACEMENT_LOG=wire:FILE has written, in place of a host; no host is asked",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="a zip that does not exist yet"
    )
    parser.add_argument(
        "--stack", metavar="STACK", help=f"{STACK}, which declares it; needed where several do"
    )
    add_json(parser)

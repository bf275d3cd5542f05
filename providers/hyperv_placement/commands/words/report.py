"""The words of `placement report`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_stack
from hyperv_placement.commands.words.sheets import add_logs, add_sheet

EXIT_CODES = {
    0: "shown, also where nothing is recorded",
    1: "an error, as where there is neither such a stack nor a log of it",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument(
        "--since",
        default="30d",
        metavar="SPAN",
        help="30d, 4w, 12h, or a day such as 2026-11-01, by the stack's timezone; default: 30d",
    )
    add_sheet(parser)
    add_logs(parser)

"""The words of `placement unlock`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import STACK, Parser, add_json, add_ticket

EXIT_CODES = {
    0: "done, also where there was none, unless a stack was named",
    1: "some lock stays, or the stack that was named has none; or an error",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument("stack", nargs="?", help=f"{STACK}; default: every stack of the local backend")
    add_ticket(parser)
    add_json(parser)

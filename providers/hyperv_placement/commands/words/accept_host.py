"""The words of `placement accept-host`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import STACK, Parser, add_json, add_ticket

EXIT_CODES = {
    0: "accepted, or it is the computer of the last run",
    1: "an error",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument("host", metavar="HOST", help="a key under hosts: of the stack file")
    parser.add_argument("stack", nargs="?", help=f"{STACK}; needed where several have HOST")
    add_ticket(parser)
    add_json(parser)

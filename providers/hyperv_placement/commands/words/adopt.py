"""The words of `placement adopt`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import STACK, Parser, add_json, add_ticket

EXIT_CODES = {
    0: "the line is written, or it stood there before",
    1: "an error, and the file is as it was",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument("label", metavar="KEY", help="a key under vms: of the stack file")
    parser.add_argument("stack", nargs="?", help=f"{STACK}; needed where several have KEY")
    parser.add_argument(
        "--id", required=True, metavar="GUID", help="the machine, as `bin/placement inventory` shows it"
    )
    add_ticket(parser)
    add_json(parser)

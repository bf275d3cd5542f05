"""The words of `placement yield`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_json, add_stack, add_ticket

EXIT_CODES = {
    0: "the stack is free, or with --no-wait its run was asked",
    1: "it is not free; or an error",
    4: "no run has answered, on a backend whose locks only the engine sees",
    130: "Ctrl-C: the run was asked all the same",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, in a few words, for who runs it")
    parser.add_argument("--no-wait", action="store_true", help="ask, and do not wait until it has")
    add_ticket(parser)
    add_json(parser)

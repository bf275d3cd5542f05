"""The words of `placement doctor`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_json, add_stack

EXIT_CODES = {
    0: "nothing but warnings was found",
    1: "hosts could not be examined",
    2: "an error that stands in the way of moves",
    6: "no error was found, and what moves hang on, as delegation, was not checked",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    add_json(parser)

"""The words of `placement result`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_json, add_stack

EXIT_CODES = {
    0: "reached",
    1: "an error",
    2: "not reached",
    4: "reached as far as hosts answered",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    add_json(parser)

"""The words of `placement watch`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_json, add_stack

EXIT_CODES = {
    0: "no run is under way any more, or it was shown once",
    1: "an error",
    4: "some host did not answer: what runs there is unknown",
    130: "Ctrl-C; the run goes on",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument("--once", action="store_true", help="show how it stands now, and end")
    add_json(parser)

"""The words of `placement release`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import (
    Parser,
    add_json,
    add_subject,
    add_ticket,
)

EXIT_CODES = {
    0: "released",
    1: "an error, as where it is not held",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_subject(parser, "HOST|VM", "a host or a machine that is held; host:NAME or vm:NAME where it is both")
    add_ticket(parser)
    add_json(parser)

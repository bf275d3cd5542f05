"""The words of `placement hold`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import (
    Parser,
    add_json,
    add_subject,
    add_ticket,
)

EXIT_CODES = {
    0: "held",
    1: "an error, and nothing is held by it",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_subject(
        parser,
        "HOST|VM",
        "a key under hosts: or vms: of the stack file; host:NAME or vm:NAME where it is both",
    )
    parser.add_argument(
        "--until",
        required=True,
        metavar="DATE",
        help="the last day, by the stack's timezone, such as 2026-12-01",
    )
    parser.add_argument(
        "--reason", required=True, metavar="TEXT", help="why, in a few words; every report shows it"
    )
    add_ticket(parser)
    add_json(parser)

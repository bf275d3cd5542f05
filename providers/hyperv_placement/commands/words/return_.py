"""The words of `placement return`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import (
    RECORDED,
    Parser,
    add_json,
    add_subject,
    add_ticket,
)
from hyperv_placement.commands.words.edits import EXIT_CODES, NEXT


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.epilog = NEXT
    parser.end_with(EXIT_CODES)
    add_subject(parser, "HOST", "a host that is in maintenance")
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    add_ticket(parser)
    add_json(parser)

"""The words of `placement drain`."""

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
    add_subject(parser, "HOST", "a key under hosts: of the stack file; not with --rolling", optional=True)
    parser.add_argument(
        "--rolling",
        metavar="HOSTS",
        help="propose a sequence in which each of these hosts is emptied once, with its price; nothing is written",
    )
    parser.add_argument(
        "--until",
        metavar="DATE",
        help="the last day, by the stack's timezone, such as 2026-12-01; default: until `return`",
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, in a few words")
    parser.add_argument(
        "--to",
        metavar="HOSTS",
        default="",
        help="where machines go whose entries leave no other host, with commas; default: wherever they fit",
    )
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    add_ticket(parser)
    add_json(parser)

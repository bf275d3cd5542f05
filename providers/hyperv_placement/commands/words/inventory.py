"""The words of `placement inventory`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import Parser, add_json, add_stack

EXIT_CODES = {
    0: "every host answered",
    1: "some host did not; or an error",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument("--save", type=Path, metavar="FILE", help="record it, for `plan` and `check`")
    add_json(parser)

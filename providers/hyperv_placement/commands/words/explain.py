"""The words of `placement explain`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_json

EXIT_CODES = {
    0: "it is in a catalogue",
    1: "it is in none",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument(
        "code",
        nargs="?",
        metavar="CODE",
        help="as 0x8009030E, -2146893042, 33012, 32775, 20306, 401 or a word as limit; or the id of a finding, as"
        " switch-missing; default: list all codes",
    )
    add_json(parser)

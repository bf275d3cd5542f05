"""The words of `placement history`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_subject
from hyperv_placement.commands.words.sheets import add_logs, add_sheet

EXIT_CODES = {
    0: "shown, also where nothing is recorded of it",
    1: "an error, or nothing knows such a machine",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_subject(parser, "VM", "a key under vms:, a name of the past, or a GUID")
    add_sheet(parser)
    add_logs(parser)
    parser.add_argument(
        "--no-state", action="store_true", help="do not ask the engine for what the state keeps"
    )

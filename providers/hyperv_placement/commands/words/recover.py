"""The words of `placement recover`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser, add_json, add_stack, add_ticket

EXIT_CODES = {
    0: "nothing is half done",
    1: "a person is needed; or an error",
    2: "a move or a run goes on",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument(
        "--wait", action="store_true", help="wait for the moves that go on; Ctrl-C leaves them"
    )
    parser.add_argument(
        "--take-lock-of", metavar="USER@HOST",
        help="remove the lock of a run on another computer; look there first whether it is gone",
    )  # fmt: skip
    add_ticket(parser)
    add_json(parser)

"""The words of `placement audit`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import STACK, Later, Parser, add_json, add_stack, add_ticket

LONGEST_NOTE = 500


VERIFY_CODES = {
    0: "every line is there, unchanged and in its order",
    1: "the log cannot be read, or there is none",
    2: "it is broken, or does not go on from what was named",
}


NOTE_CODES = {0: "written", 1: "an error"}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verify_ = verbs.add_parser(
        "verify",
        help="say whether every line is there, unchanged and in its order",
        codes=VERIFY_CODES,
    )
    add_stack(verify_)
    known = verify_.add_mutually_exclusive_group()
    known.add_argument(
        "--against", type=Path, metavar="FILE", help="an earlier copy: the log must go on from its last line"
    )
    known.add_argument(
        "--from",
        dest="since",
        metavar="HASH",
        help="hash of a line that must be there; what is wrong before it does not count",
    )
    add_json(verify_)
    verify_.set_defaults(run=Later("audit"))
    note_ = verbs.add_parser(
        "note",
        help="add a line of your own: what was looked into; it begins the hashes of an old log, and records a torn line",
        codes=NOTE_CODES,
    )
    note_.add_argument("stack", help=STACK)
    note_.add_argument("--text", required=True, help=f"up to {LONGEST_NOTE} characters")
    add_ticket(note_)
    add_json(note_)
    note_.set_defaults(run=Later("audit", "note_down"))

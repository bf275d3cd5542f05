"""The words of `placement check`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import RECORDED, STACK, Parser, add_json
from hyperv_placement.workspace.stacks import STACKS

EXIT_CODES = {
    0: "every file can be loaded, and by --inventory every machine is in place or moves",
    1: "an error in a file; by --inventory also a host or a machine that stays out of the plan",
    3: "by --inventory: nothing may be moved at all, or a rule would not hold in the end",
    5: "with --base: somebody has to agree to a change of trust first, or what was before cannot be read",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument("files", nargs="*", help=f"{STACK}; default: every file in {STACKS}/")
    parser.add_argument(
        "--base", metavar="REV|FILE", help="what was declared before: tell what changes of trust, exit code 5"
    )
    parser.add_argument(
        "--head",
        metavar="REV",
        help="what is to be declared: a revision of git; default: files as they lie there",
    )
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    add_json(parser)

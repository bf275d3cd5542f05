"""The words of `placement review`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import RECORDED, Parser, add_json, add_stack

EXIT_CODES = {
    0: "every declared machine is in place or moves",
    1: "a host or a machine stays out of the plan, or the doctor would stop it; or an error",
    3: "nothing may be moved at all, a rule would not hold in the end, or the preview failed",
    5: "with --base: somebody has to agree to a change of trust first, or what was before cannot be read",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument(
        "--base", metavar="REV|FILE", help="what was declared before: a revision of git, or a file"
    )
    parser.add_argument(
        "--head",
        metavar="REV",
        help="what is to be declared: a revision of git; default: the file as it lies there",
    )
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    parser.add_argument(
        "--preview",
        type=Path,
        metavar="FILE",
        help="output of `pulumi preview --json`, where there is neither of these",
    )
    add_json(parser)
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with a map of the estate as well"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it; default: the output")
    parser.set_defaults(verbatim=True)

"""The words of `placement rebalance`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import RECORDED, Parser, add_json, add_stack, add_ticket

EXIT_CODES = {
    0: "by the changed file every declared machine is in place or moves; also where nothing gains enough",
    1: "a host or a machine stays out of the plan; or an error",
    3: "nothing may be moved at all",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.epilog = (
        "Nothing is moved, and nothing is written without --write: look at the change, commit it, and run up."
    )
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument("--max-moves", type=int, metavar="N", help="change at most so many entries")
    parser.add_argument("--max-bytes", metavar="SIZE", help="copy at most so much, such as 2 TiB")
    parser.add_argument(
        "--hosts", metavar="HOSTS", help="go only from and to these hosts, with commas; default: all"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="POINTS",
        help="what each step must take off the more loaded of two hosts, in percent points of it; default: balance: of the stack file, else 5",
    )
    parser.add_argument("--write", action="store_true", help="write the entries into the stack file")
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with a map of the estate as well"
    )
    add_ticket(parser)
    add_json(parser)

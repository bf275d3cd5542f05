"""The words of `placement drift`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import Parser, add_stack, add_ticket
from hyperv_placement.commands.words.sheets import add_forms

EXIT_CODES = {
    0: "no drift; with --accept: the file is written, or there was nothing to accept",
    1: "an error",
    2: "drift, also where some host is silent",
    4: "no drift seen, and some host is silent",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    add_forms(parser)
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML as well")
    parser.add_argument(
        "--prometheus",
        type=Path,
        metavar="FILE",
        help="write metrics as well, for node_exporter's textfile collector",
    )
    parser.add_argument(
        "--accept",
        nargs="*",
        metavar="VM",
        help="write where these machines are into the stack file, without names all that are elsewhere; name the stack first",
    )
    parser.add_argument(
        "--siblings",
        action="store_true",
        help="ask the hosts of the other stacks for machines that are missing here",
    )
    add_ticket(parser)

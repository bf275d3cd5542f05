"""The words of `placement jobs`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import STACK, Parser, add_json, add_ticket

EXIT_CODES = {
    0: "every host answered; of cancel: the machine is proven to be on one host, and nothing moves it",
    1: "an error; of cancel: that is not proven, or nothing was cancelled",
    4: "some host did not answer: what runs there is unknown",
    130: "Ctrl-C",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.usage = (
        "placement jobs [-h] [--watch] [--json] [STACK]\n"
        "       placement jobs cancel VM [STACK] [--others] [--ticket TICKET] [--json]"
    )
    parser.add_argument(
        "stack", nargs="*", metavar="cancel|VM|STACK", help=f"{STACK}; left out: the only one that there is"
    )
    parser.add_argument(
        "--watch", action="store_true", help="show them again and again until none is left, or Ctrl-C"
    )
    parser.add_argument(
        "--others", action="store_true", help="of `cancel`: also one that no run of ours has begun"
    )
    add_ticket(parser)
    add_json(parser)

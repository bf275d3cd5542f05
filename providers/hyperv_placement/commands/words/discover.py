"""The words of `placement discover`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from hyperv_placement.commands.arguments import Parser, add_json
from hyperv_placement.model.stack import Authentication
from hyperv_placement.workspace.stacks import STACKS

EXIT_CODES = {
    0: "the file is written",
    1: "some host did not answer, and nothing was written; or an error",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="name, name:port or URL, as in a stack file")
    parser.add_argument(
        "--from", dest="source", metavar="STACK", help="take hosts and connection of this stack"
    )
    parser.add_argument("--stack", required=True, metavar="NAME", help="name of the new stack")
    parser.add_argument("--auth", choices=sorted(get_args(Authentication)), help="how to log on (ntlm)")
    parser.add_argument(
        "--credentials", type=Path, metavar="FILE", help="0600 YAML file; default: the environment"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="PEM file of the authority of the hosts' certificates"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help=f"default: {STACKS}/NAME.yaml; must not exist"
    )
    parser.add_argument(
        "--partial", action="store_true", help="write what is known even if some host does not answer"
    )
    add_json(parser)

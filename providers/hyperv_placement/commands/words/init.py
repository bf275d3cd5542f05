"""The words of `placement init`."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import Parser, add_json

EXIT_CODES = {
    0: "written, or nothing was left to do; also where a new version waits for --upgrade",
    1: "an error, as where the folder cannot be written",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder; made where there is none")
    parser.add_argument("--forge", choices=["github", "gitlab"], help="with pipelines and CODEOWNERS for it")
    parser.add_argument("--stack", help="whose runs the pipelines have; default: prod")
    parser.add_argument(
        "--sites", action="store_true", help="pipelines for as many stacks as there are, in place of --stack"
    )
    parser.add_argument("--name", help="of the Pulumi project; default: the folder's")
    parser.add_argument(
        "--wheel",
        type=Path,
        metavar="FILE",
        help="the product's wheel; default: the file that pip has installed",
    )
    parser.add_argument(
        "--upgrade",
        action="store_true",
        help="bring a repository of an earlier version up to this one, and show what changes; what you have edited stays",
    )
    parser.add_argument(
        "--template",
        action="store_true",
        help="write a template, from which `pulumi new DIR` makes repositories",
    )
    add_json(parser)

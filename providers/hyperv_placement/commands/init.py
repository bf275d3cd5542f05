"""`placement init`: a repository of the operator's own, and its upgrade; no host is asked."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hyperv_placement import __version__
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import Parser, add_json
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.operations.own_repository.values import Found, is_binary
from hyperv_placement.operations.own_repository.writing import Asked, Made, make

_GENERATED = ("requirements.txt", "schemas/", "wheels/")
"""Files that nobody reads line by line: of them the name is enough."""
_NEXT = """Next, in that folder:
  git init, and a first commit
  bin/setup                  makes .venv; Pulumi itself comes from www.pulumi.com/docs/install
  bin/placement discover HOST --stack NAME --credentials secrets/hyperv.yaml
README.md there goes on.
"""


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
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the repository and say what became of it. 0, also where nothing was left to do; 1 where it cannot be written."""
    made = make(
        Asked(
            folder=options.folder,
            name=options.name,
            forge=options.forge,
            stack=options.stack,
            sites=options.sites,
            wheel=options.wheel,
            upgrade=options.upgrade,
            template=options.template,
        )
    )
    sys.stdout.write(f"{json_text(_record(made))}\n" if options.json else "".join(_lines(made)))
    return DONE


def _record(made: Made) -> dict[str, Any]:
    return {
        "folder": str(made.folder), "made_by": made.version_before or None, "product": __version__, "waits": made.waits,
        "files": [{"path": each.place, "became": each.became} for each in made.files],
    }  # fmt: skip


def _lines(made: Made) -> Iterator[str]:
    if made.waits:
        yield f"{made.folder} was made by {made.version_before}, and this is {__version__}: nothing was written.\n"
        yield "What changes is shown, and taken where you have not edited it, with --upgrade.\n"
        return
    yield from _changes(made.files)
    count = {
        became: sum(each.became == became for each in made.files)
        for became in ("written", "renewed", "removed")
    }
    if not any(count.values()):
        yield f"{made.folder} is as hyperv-placement {__version__} makes it: nothing was written.\n"
        return
    counted = ", ".join(f"{number} {became}" for became, number in count.items() if number)
    yield f"{made.folder}, hyperv-placement {__version__}: {counted}.\n"
    if not made.version_before:
        yield _NEXT
    elif count["renewed"]:
        yield "Read the difference (git diff), run bin/setup, and commit.\n"


def _changes(files: Iterable[Found]) -> Iterator[str]:
    """Yield what is worth a line: what changes, and what stays though this version would write it otherwise."""
    for each in files:
        if each.became == "removed":
            yield f"removed: {each.place}\n"
        elif each.became == "renewed":
            yield f"renewed: {each.place}\n{_difference(each)}"
        elif each.became == "edited":
            yield f"edited, left as it is: {each.place}; this version would have:\n{_difference(each)}"
        elif each.became == "yours":
            yield f"was there before, left as it is: {each.place}\n"
        elif each.became == "older":
            yield f"could be renewed, with --upgrade: {each.place}\n"


def _difference(each: Found) -> str:
    if each.place.startswith(_GENERATED) or is_binary(each.before):
        return ""
    before, after = (text.decode("utf-8", "replace").splitlines() for text in (each.before, each.after))
    lines = difflib.unified_diff(before, after, f"a/{each.place}", f"b/{each.place}", lineterm="")
    return "".join(f"{line}\n" for line in lines)

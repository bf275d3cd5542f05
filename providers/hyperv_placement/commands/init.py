"""`placement init`: a repository of the operator's own, and its upgrade; no host is asked."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from hyperv_placement import __version__
from hyperv_placement.commands.answers import json_text
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
        own = any(each.became in {"edited", "yours", "older", "gone"} for each in made.files)
        state = "but for what is named above" if own else "in all its files"
        yield f"{made.folder} is as hyperv-placement {__version__} makes it, {state}: nothing was written.\n"
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
        elif each.became == "gone":
            yield f"deleted by you, and not written again: {each.place}\n"
        elif each.became == "older":
            yield f"could be renewed, with --upgrade: {each.place}\n"


def _difference(each: Found) -> str:
    if each.place.startswith(_GENERATED) or is_binary(each.before):
        return ""
    before, after = (text.decode("utf-8", "replace").splitlines() for text in (each.before, each.after))
    lines = difflib.unified_diff(before, after, f"a/{each.place}", f"b/{each.place}", lineterm="")
    return "".join(f"{line}\n" for line in lines)

"""`placement schema`: a JSON Schema, for an editor or a script; no host is asked."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.system.shipped import shipped

_END = ".schema.json"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    names = sorted(path.name.removesuffix(_END) for path in shipped("schemas").glob(f"*{_END}"))
    parser.add_argument(
        "name", nargs="?", default="stack", choices=names, help="default: stack, that of stack files"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it. 0."""
    sys.stdout.write((shipped("schemas") / f"{options.name}{_END}").read_text(encoding="utf-8"))
    return DONE

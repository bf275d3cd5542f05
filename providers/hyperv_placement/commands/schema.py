"""`placement schema`: a JSON Schema, for an editor or a script; no host is asked."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.commands.words.schema import END
from hyperv_placement.system.shipped import shipped


def run(options: argparse.Namespace) -> int:
    """Print it. 0."""
    sys.stdout.write((shipped("schemas") / f"{options.name}{END}").read_text(encoding="utf-8"))
    return DONE

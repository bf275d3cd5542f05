"""`python -m hyperv_placement.commands`: what `placement` and `bin/placement` run."""

from __future__ import annotations

import gc
import sys

from hyperv_placement.commands.cli import main
from hyperv_placement.launch.private import STATE, close
from hyperv_placement.system import keep_private
from hyperv_placement.system.project import FILE, PROJECT


def start() -> int:
    """Run the verb that was typed; return its exit code."""
    keep_private()
    if (PROJECT / FILE).is_file():  # elsewhere, as in somebody's home, a folder of that name is Pulumi's own
        close(PROJECT / STATE)
    try:
        return main()
    finally:
        gc.freeze()  # else the interpreter looks for circles in all modules before it ends: a seventh of a short command


if __name__ == "__main__":
    sys.exit(start())

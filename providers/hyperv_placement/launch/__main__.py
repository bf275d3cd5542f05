"""`placement-pulumi`: Pulumi on the project around this folder, as `bin/pulumi` of a project starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from hyperv_placement.launch.engine import engine_of
from hyperv_placement.launch.stack_files import stack_files
from hyperv_placement.launch.start import start
from hyperv_placement.system.project import FILE, PROJECT


def main() -> NoReturn:
    """Run the engine; where no stack is selected and the project has one alone, that one is."""
    if not (PROJECT / FILE).is_file():
        sys.exit(
            f"There is no {FILE} here or above. Go to a project's folder, or make one: placement init DIR"
        )
    engine = engine_of(os.environ, not_ours=PROJECT / "bin")
    stacks = [each.stem for each in stack_files(PROJECT)]
    # The environment's programs come first: an older language host looks for `python` there.
    programs = (Path(sys.executable).parent, engine.parent)
    start(sys.argv[1:], project=PROJECT, programs=programs, default=stacks[0] if len(stacks) == 1 else None)


if __name__ == "__main__":
    main()

"""The program is the engine's to start: by hand, or in the place of a policy pack, it says so in one line."""

from __future__ import annotations

import subprocess
import sys

from tests.marks import PROJECT


def test_a_program_without_an_engine_leaves_with_one_line() -> None:
    """An older language host starts it so for a pack that is a folder: forty lines of a traceback named a stack file `stack`."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(PROJECT / 'providers')!r}); from hyperv_placement.program import main; main()"],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "docs/policy-pack.md" in line

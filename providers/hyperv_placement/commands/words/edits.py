"""What the commands that change a stack file have in common in their help."""

from __future__ import annotations

NEXT = "Nothing is moved: look at the change, commit it, and run up."
EXIT_CODES = {
    0: "written, and by it every declared machine is in place or moves",
    1: "written, and a host or a machine stays out of the plan; or an error, and the file is as it was",
    3: "written, and nothing may be moved at all",
}
"""What `--help` of such a command says."""

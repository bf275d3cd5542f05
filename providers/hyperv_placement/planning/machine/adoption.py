"""The command that puts a machine under a key of the stack file, quoted for the shell."""

from __future__ import annotations

from hyperv_placement import quoting


def adopting(label: str, machine: str) -> quoting.Command:
    """Return the command line; `machine`: a GUID, or a placeholder for one."""
    return quoting.own("bin/placement adopt {} --id {}", label, machine)

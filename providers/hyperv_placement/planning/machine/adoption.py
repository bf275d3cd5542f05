"""The command that puts a machine under a key of the stack file, as a shell takes it."""

from __future__ import annotations

from hyperv_placement import quoting


def adopting(label: str, machine: str) -> quoting.Command:
    """Return the command line; `machine`: a GUID, or a word for one."""
    return quoting.own("bin/placement adopt {} --id {}", label, machine)

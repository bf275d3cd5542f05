"""The command that puts a machine under a key of the stack file, as a shell takes it."""

from __future__ import annotations

import shlex


def adopting(label: str, machine: str) -> str:
    """Return the command line; `machine`: a GUID, or a word for one."""
    return f"bin/placement adopt {shlex.quote(label)} --id {machine}"

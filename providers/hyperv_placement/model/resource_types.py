"""Types of resources as Pulumi's engine shows and keeps them: short, since every line of a run begins with one.

The first part names our plugin (Pulumi.yaml), and cannot be another one without the engine taking each resource for replaced.
"""

from __future__ import annotations

from typing import Final

MACHINE: Final = "pulumi-python:hv:Vm"
"""A virtual machine at its place."""
HOST: Final = "pulumi-python:hv:Host"
"""How a host takes part in migrations."""
ACCOUNT: Final = "pulumi-python:hv:Account"
"""What a host's account may delegate."""

FORMER: Final = {
    MACHINE: "pulumi-python:dynamic/hyperv:VmPlacement",
    HOST: "pulumi-python:dynamic/hyperv:MigrationHost",
    ACCOUNT: "pulumi-python:dynamic/hyperv:MigrationDelegation",
}
"""Type -> what it was called in states of before: the engine asks for it once more, and keeps it under its present name from then on."""

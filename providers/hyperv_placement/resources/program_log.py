"""What the program says to the engine: every line of it shows, and orders no runner anything."""

from __future__ import annotations

import pulumi

from hyperv_placement.visible import outward


def warn(text: object, resource: pulumi.Resource | None = None) -> None:
    """Say a warning, bound to a resource or to the stack."""
    pulumi.log.warn(outward(str(text)), resource)


def info(text: object, resource: pulumi.Resource | None = None) -> None:
    """Say something, bound to a resource or to the stack."""
    pulumi.log.info(outward(str(text)), resource)


def stopped(text: object) -> pulumi.RunError:
    """Return the error that ends the program, for the engine to show without a traceback."""
    return pulumi.RunError(outward(str(text)))

"""What the program says to the engine: every line of it shows, and orders no runner anything."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context

import pulumi

from hyperv_placement.visible import outward


def warn(text: object, resource: pulumi.Resource | None = None) -> None:
    """Say a warning, bound to a resource or to the stack."""
    pulumi.log.warn(outward(str(text)), resource)


def info(text: object, resource: pulumi.Resource | None = None) -> None:
    """Say something, bound to a resource or to the stack."""
    pulumi.log.info(outward(str(text)), resource)


def passing(text: object, resource: pulumi.Resource) -> None:
    """Say something that the next message at this resource takes the place of, and that the end of the run does not show."""
    pulumi.log.info(outward(str(text)), resource, ephemeral=True)


def debug_lines() -> Callable[[str], object]:
    """Return what gives a line of the log to the engine, at its level debug, from any thread.

    Pulumi keeps its engine in a context variable, which the threads that read hosts do not have: without it a line would be
    printed, and the engine shows what a program prints.
    """
    context = copy_context()
    return lambda line: context.run(pulumi.log.debug, outward(line))


def stopped(text: object) -> pulumi.RunError:
    """Return the error that ends the program, for the engine to show without a traceback."""
    return pulumi.RunError(outward(str(text)))

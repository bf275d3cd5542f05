"""`Placement`: the machines of one stack file as a component of somebody's larger program."""

from __future__ import annotations

import os
from typing import Any

import pulumi

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import stack_name
from hyperv_placement.model.urn import COMPONENT
from hyperv_placement.operations.logging_setup import LogSettingsError, logged, read_settings
from hyperv_placement.resources import program_log
from hyperv_placement.resources.within import Within
from hyperv_placement.system.collecting import collected_rarely

from .run import read_and_declare

_STACK = "pulumi:pulumi:Stack"


class Placement(pulumi.ComponentResource):
    """What `stacks/NAME.yaml` of the project declares, in a program of one's own; any number of them in one program.

    Its hosts are read, and its moves are planned, while it is constructed: what it waits for (`depends_on`) has not happened by
    then, and is waited for by every move. An entry that is removed is forgotten, as ever, and no machine is touched.
    """

    placement: pulumi.Output[dict[str, str]]
    """Key of the stack file -> host, as the hosts show it after the run."""
    moves: pulumi.Output[int]
    """Moves that runs have made so far."""
    plan: pulumi.Output[list[str]]
    """What is planned, a line each."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare what the file of this name says.

        `opts`: `depends_on`, `parent` and what else a component takes. Raises pulumi.RunError, which ends the program, where the
        file is wrong, no host answers, or the plan as a whole must not run.
        """
        super().__init__(COMPONENT, name, None, opts)
        options = opts or pulumi.ResourceOptions()
        within = Within(
            component=self, nested=_nested(options.parent), depends_on=_resources(options.depends_on)
        )
        try:
            with collected_rarely(), logged(read_settings(os.environ), program_log.debug_lines()):
                found = read_and_declare(stack_name(name), within)
        except (LogSettingsError, PlacementError) as error:
            raise program_log.stopped(error) from error
        self.placement = pulumi.Output.from_input(found["placement"])
        self.moves = pulumi.Output.from_input(found["moves"])
        self.plan = pulumi.Output.from_input(found["plan"])
        self.register_outputs(found)


def _nested(parent: pulumi.Resource | None) -> bool:
    """Say whether a component's URN has the types of others above it: the stack itself is none of them."""
    return parent is not None and parent.pulumi_resource_type != _STACK


def _resources(given: Any) -> list[pulumi.Resource]:
    """Return `depends_on` as a list. Raises TypeError for what is known to the engine alone, an output of resources."""
    listed = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    if wrong := [each for each in listed if not isinstance(each, pulumi.Resource)]:
        raise TypeError(f"depends_on of a Placement takes resources, and has {type(wrong[0]).__name__}")
    return listed

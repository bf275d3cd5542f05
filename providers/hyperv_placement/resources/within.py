"""Where the resources of a stack file are registered: in the program itself, or in a component of somebody's larger program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from hyperv_placement.model.resource_types import FORMER
from hyperv_placement.model.urn import COMPONENT, SEPARATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The parent of what a stack file declares; by default the program itself."""

    component: pulumi.ComponentResource | None = None
    """Named as the stack file, without `.yaml`."""
    nested: bool = False
    """Whether the component has a parent of its own, whose types the program does not know."""
    depends_on: Sequence[pulumi.Resource] = ()
    """What every resource waits for besides: the engine does not pass on what a component waits for."""

    def name(self, key: str) -> str:
        """Return the engine's name of a key of the stack file."""
        if self.component is None:
            return key
        return f"{self.component.pulumi_resource_name}{SEPARATOR}{key}"

    def urn(self, kind: str, key: str) -> str:
        """Return the engine's whole name of a key, a resource of type `kind`; of a nested component without the types above it."""
        above = "" if self.component is None else f"{COMPONENT}$"
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{above}{kind}::{self.name(key)}"

    def options(
        self, kind: str, first: Sequence[pulumi.Resource] = (), known_as: str | None = None
    ) -> pulumi.ResourceOptions:
        """Return the options of a resource of type `kind` that waits for `first`.

        Under another name than its own the state may have it all the same: of the type that was called otherwise once, or, where
        `known_as` is given, of that key. Without these names it would be adopted anew.
        """
        aliases = [pulumi.Alias(type_=FORMER[kind])]
        if known_as is not None:
            before = self.name(known_as)
            aliases += [pulumi.Alias(name=before), pulumi.Alias(name=before, type_=FORMER[kind])]
        return pulumi.ResourceOptions(
            parent=self.component, depends_on=[*first, *self.depends_on], aliases=aliases
        )


ALONE = Within()
"""The program is nothing but the stack file's."""

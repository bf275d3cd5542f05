"""The component for larger programs: how it is asked for, and where its resources are registered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

import hyperv_placement
from hyperv_placement.model.resource_types import FORMER
from hyperv_placement.model.targets import Targets
from hyperv_placement.model.urn import COMPONENT, read_urn
from hyperv_placement.program import Placement
from hyperv_placement.resources.vm_placement import TYPE
from hyperv_placement.resources.within import ALONE, Within

SOURCES = str(Path(hyperv_placement.__file__).parents[1])


class Parent(pulumi.ComponentResource):
    """A component that is only named."""

    def __init__(self, name: str) -> None:
        """Nothing is registered: no engine runs."""
        self._name = name


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack prod of the project shop, as the engine would have it."""
    pulumi.runtime.settings.configure(pulumi.runtime.settings.Settings("shop", "prod"))
    monkeypatch.setenv("PULUMI_TEST_MODE", "true")


@pytest.mark.usefixtures("stack")
def test_a_component_gives_its_resources_its_name() -> None:
    """Two stack files may have one key; the plugin reads from the URN which file is meant."""
    east = Within(component=Parent("east"))
    assert (ALONE.name("VM001"), east.name("VM001")) == ("VM001", "east/VM001")
    urn = east.urn(TYPE, "VM001")
    assert urn == f"urn:pulumi:prod::shop::{COMPONENT}${TYPE}::east/VM001"
    assert (read_urn(urn).declared_by, read_urn(urn).label) == ("east", "VM001")
    assert read_urn(ALONE.urn(TYPE, "VM001")).declared_by == "prod"
    assert Targets(only=("**::east/*",)).takes(urn)


def test_everything_waits_for_what_the_component_waits_for() -> None:
    """The engine does not pass that on."""
    before, own = Parent("before"), Parent("own")
    options = Within(component=Parent("east"), depends_on=[before]).options(TYPE, [own], "OLD")
    assert options.depends_on == [own, before]
    aliases = [(each.name, each.type_) for each in options.aliases or () if isinstance(each, pulumi.Alias)]
    # Under its own name the state may have it by the type's former one, under its former name by either.
    assert aliases == [(..., FORMER[TYPE]), ("east/OLD", ...), ("east/OLD", FORMER[TYPE])]


def test_the_package_has_the_component_and_loads_pulumi_for_nobody_else() -> None:
    """Commands start without it: that is half of their time."""
    assert hyperv_placement.Placement is Placement
    with pytest.raises(AttributeError, match="has no attribute 'Placements'"):
        _ = hyperv_placement.Placements
    alone = "import sys, hyperv_placement; sys.exit('pulumi' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", alone], check=False, env={"PYTHONPATH": SOURCES}).returncode
        == 0
    )

"""The schema of our package, as `pulumi package get-schema` and `pulumi import` read it."""

from __future__ import annotations

import json
import re
from typing import Any

from hyperv_placement.plugin.package_schema import package_schema
from hyperv_placement.resources import migration_delegation, migration_host, vm_placement

_TYPES = {"string", "boolean", "integer", "array", "object"}


def schema() -> dict[str, Any]:
    """Return it as the engine decodes it."""
    return dict(json.loads(package_schema("0.1.0")))


def test_every_resource_that_the_plugin_serves_is_in_it() -> None:
    """An import of a type that it lacks would end with an error, after the state was written."""
    served = {each.TYPE for each in (vm_placement, migration_host, migration_delegation)}
    assert set(schema()["resources"]) == served


def test_every_property_has_a_type_and_says_what_it_is() -> None:
    """Outputs are never fewer than inputs that are observed, and each is of a type that Pulumi knows."""
    for token, resource in schema()["resources"].items():
        for name, one in {**resource["properties"], **resource["inputProperties"]}.items():
            assert one["type"] in _TYPES, (token, name)
            assert re.fullmatch(r"[A-Z].+\.", one["description"]), (token, name)
    machine = schema()["resources"]["pulumi-python:hv:Vm"]
    assert {"host", "config", "disks", "vmId"} <= set(machine["properties"]) & set(machine["inputProperties"])
    assert "moves" not in machine["inputProperties"]

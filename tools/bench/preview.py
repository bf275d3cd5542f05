"""A preview that finds nothing to do, against its floor: the same program and plugin with refresh, and no sweep.

The floor is a copy of the project in which the program declares the same resources out of a file, and the provider
answers each read out of it (tools/bench/floor); engine, plugin process, protocol, state and flags are the same.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tools.workspace import Workspace

from .figure import Figure, listed, ratio
from .site import Site, Sites, run, timed

FEW, MANY = 3, 5
"""Runs of each; of the shorter preview more, since whatever else the machine does weighs more in it."""
FLOOR = Path(__file__).resolve().parent / "floor"
TYPE = "pulumi-python:hv:Vm"
PREVIEW = ("preview", "--expect-no-changes")
MEGABYTE = 1_000_000


def measure_small(sites: Sites) -> list[Figure]:
    """Preview 300 machines on 8 hosts."""
    return [_against_floor(sites, sites.middle(), "preview of 300 machines on 8 hosts", MANY, at_most=1.3)]


def measure_big(sites: Sites) -> list[Figure]:
    """Preview 1,000 machines on 32 hosts; the plugin's memory while it adopts and previews them."""
    site = sites.big()
    preview = _against_floor(sites, site, "preview of 1,000 machines on 32 hosts", FEW, at_most=1.4)
    memory = Figure(
        name="plugin: resident memory with 1,000 machines", unit="MB",
        result=site.peak_plugin_bytes / MEGABYTE, at_most=250, below=True,
    )  # fmt: skip
    return [preview, memory]


def _against_floor(sites: Sites, site: Site, name: str, runs: int, *, at_most: float) -> Figure:
    """Run both by turns, so that whatever else the machine does meets both alike."""
    site.adopt()
    floor = floor_of(sites, site)
    ours: list[float] = []
    lowest: list[float] = []
    for _ in range(runs):
        with site.watching_plugin():
            ours.append(site.pulumi(*PREVIEW))
        lowest.append(timed(floor, "pulumi", *PREVIEW))
    return Figure(
        name=name, unit="x floor", result=ratio(ours, lowest), at_most=at_most,
        notes=(f"preview {listed(ours, 's')}", f"floor {listed(lowest, 's')}"),
    )  # fmt: skip


def floor_of(sites: Sites, site: Site) -> Workspace:
    """Return a copy whose program and provider know every input and output of the adopted `site` beforehand."""
    state = json.loads(run(site.workspace, "pulumi", "stack", "export"))
    floor = sites.copy_of(site, f"{site.workspace.folder.name}-floor")
    shutil.copy(FLOOR / "program.py", floor.folder / "__main__.py")
    shutil.copy(
        FLOOR / "vm_placement.py",
        floor.folder / "providers" / "hyperv_placement" / "resources" / "vm_placement.py",
    )
    (floor.folder / "floor.json").write_text(json.dumps(machines_in(state)), encoding="utf-8")
    return floor


def machines_in(state: dict[str, Any]) -> dict[str, Any]:
    """Return id -> label, inputs and outputs of every machine in an exported stack."""
    return {
        resource["id"]: {
            "label": resource["urn"].rsplit("::", maxsplit=1)[-1],
            "inputs": resource["inputs"],
            "outputs": resource["outputs"],
        }
        for resource in state["deployment"]["resources"]
        if resource["type"] == TYPE
    }

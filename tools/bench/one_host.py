"""A world of one host that is large enough for any number of machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hyperv_placement.model.units import TIB
from lab.estate.building import build
from lab.estate.generated import generate
from lab.home import ports
from lab.world import LabHost, RunningClock, World

_MEMORY_MIB = 64 << 20
_DISK_BYTES = 4096 * TIB


def one_host(home: Path, machines: int) -> tuple[World, LabHost]:
    """Build the lab's usual machines in `home`, all on one host; nothing listens yet."""
    spec = generate(hosts=1, vms=machines)
    small = spec.hosts[0]
    volumes = tuple(replace(volume, capacity_bytes=_DISK_BYTES) for volume in small.volumes)
    roomy = replace(spec, hosts=(replace(small, memory_mib=_MEMORY_MIB, volumes=volumes),))
    world = build(roomy, home, RunningClock(), ports=ports.assign([small.name], "auto"))
    return world, next(iter(world.hosts.values()))

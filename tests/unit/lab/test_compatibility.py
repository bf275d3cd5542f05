"""What a destination cannot take: the job fails early, with the reason in VMMS' words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lab.estate.spec import DiskSpec, EstateSpec
from lab.world.compatibility import default_version, supported_versions

from .conftest import Stage, estate, machine

Make = Callable[[EstateSpec], Stage]
AT_LEAST = DiskSpec(path="D:\\Hyper-V\\A\\os.vhdx")


def moved(stage: Make, given: dict[str, Any], source: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Move A from hv1 to hv2, hosts changed as told; return the job's errors."""
    spec = estate(machine("A", **given))
    hv1, hv2, hv3 = spec.hosts
    here = stage(replace(spec, hosts=(replace(hv1, **source), replace(hv2, **other), hv3)))
    job = here.start_everything("A", "HV2")
    here.pass_time(10)
    assert job.percent < 10 or not job.errors
    assert here.vm("A").host == ("hv1" if job.errors else "hv2")
    return job.errors


CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ({}, {"processor_generation": 2}, {}, "processor-specific features not supported on host 'HV2'"),
    ({"enabled_state": 6}, {"processor_generation": 2}, {}, "processor-specific features"),
    ({"enabled_state": 3}, {"processor_generation": 2}, {}, ""),
    ({"processor_limited": True}, {"processor_generation": 2}, {}, ""),
    ({}, {}, {"processor_generation": 2}, ""),
    ({"processor_limited": True}, {}, {"processor_vendor": "AuthenticAMD"}, "processor-specific features"),
    ({"version": "10.0"}, {}, {"versions": ("8.0", "9.0")}, "version '10.0'"),
    ({"assigned_devices": 1}, {}, {}, "assigned PCI Express device"),
    ({"gpu_partitions": 1}, {}, {}, "assigned GPU partition"),
    ({"fibre_channel": ("Fabric A",)}, {"fibre_channel": ("Fabric A",)}, {}, "SAN 'Fabric A'"),
    ({"fibre_channel": ("F",)}, {"fibre_channel": ("F",)}, {"fibre_channel": ("F",)}, ""),
    ({"disks": (AT_LEAST, DiskSpec(path="E:", kind="dvd"))}, {}, {}, "the host's DVD drive 'E:'"),
    ({"disks": (AT_LEAST, DiskSpec(path="", kind="dvd"))}, {}, {}, ""),
    (
        {"memory_mib": 1024, "memory_maximum_mib": 4096, "memory_now_mib": 3072},
        {},
        {"memory_mib": 5000},
        "Ran out of memory",
    ),
]


@pytest.mark.parametrize(("given", "source", "other", "words"), CASES)
def test_a_destination_takes_only_what_it_can_run(
    stage: Make, given: dict[str, Any], source: dict[str, Any], other: dict[str, Any], words: str
) -> None:
    """Processor, version, assigned devices, Fibre Channel, DVD drive, memory as it is now; else it moves."""
    errors = moved(stage, given, source, other)
    assert words in errors[-1] if words else not errors


def test_versions_are_those_of_the_build_unless_told(stage: Make) -> None:
    """A machine gets a version that its host takes, whatever the build."""
    host = stage(estate()).world.hosts["hv1"]
    for build, newest in ((9600, "5.0"), (14393, "8.0"), (17763, "9.0"), (20348, "10.0"), (26100, "12.0")):
        host.build = build
        assert supported_versions(host)[-1] == newest
        assert default_version(host) in supported_versions(host)
    host.versions = ["9.5"]
    assert supported_versions(host) == (default_version(host),) == ("9.5",)

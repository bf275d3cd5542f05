"""How many instances a second the codec reads, on one core, out of pages as a host sends them."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from hyperv_placement.wsman import (
    Enumerate,
    EnumerateResponse,
    decode_response,
    encode_response,
    resource_uri,
)
from lab.wmi.reading import Reader

from .figure import Figure, amount
from .one_host import one_host
from .site import Sites

MACHINES = 200
RUNS = 5
CLASSES = (
    "Msvm_ComputerSystem",
    "Msvm_VirtualSystemSettingData",
    "Msvm_StorageAllocationSettingData",
)


def measure(sites: Sites) -> list[Figure]:
    """Decode whole instances, with every property, of the classes that a host has most of."""
    rates: dict[str, float] = {}
    seconds = 0.0
    count = 0
    for name, (page, instances) in pages(sites.folder / "decoding", MACHINES).items():
        spent = median(_seconds(page) for _ in range(RUNS))
        rates[name] = instances / spent
        seconds, count = seconds + spent, count + instances
    notes = tuple(f"{name} {amount(rate)}/s" for name, rate in rates.items())
    return [
        Figure(
            name="decoding on one core",
            unit="instances/s",
            result=count / seconds,
            at_least=2000,
            notes=notes,
        )
    ]


def pages(home: Path, machines: int) -> dict[str, tuple[bytes, int]]:
    """Return for each class an answer of the lab with all its instances, and how many there are."""
    reader = Reader(*one_host(home, machines), "bench")
    answers: dict[str, tuple[bytes, int]] = {}
    for name in CLASSES:
        items = reader.enumerate(Enumerate(resource_uri=resource_uri(name)))
        response = EnumerateResponse(context=None, items=tuple(items), end=True)
        answers[name] = (encode_response(response, relates_to="", message_id="", lang="en-US"), len(items))
    return answers


def _seconds(page: bytes) -> float:
    begun = time.process_time()
    decode_response(page)
    return time.process_time() - begun

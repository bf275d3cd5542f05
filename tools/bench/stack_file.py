"""What loading a stack file of 10,000 machines costs, without mistakes and with one."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from hyperv_placement.errors import StackFileError
from hyperv_placement.stackfile import load

from .figure import Figure
from .site import Sites

MACHINES = 10_000
HOSTS = 100
SECONDS = 5


def measure(sites: Sites) -> list[Figure]:
    """Read, check and build it."""
    path = sites.folder / "ten-thousand.yaml"
    path.write_text("hosts: 1\n", encoding="utf-8")
    first = _seconds(path)
    figures = []
    for name, mistakes in ((f"stack file of {MACHINES} machines", 0), ("the same with a mistake", 1)):
        path.write_text(text(mistakes=mistakes), encoding="utf-8")
        figures.append(Figure(name=name, unit="s of CPU", result=_seconds(path), at_most=SECONDS))
    # More in a developer's environment: jsonschema imports what other packages bring for its formats.
    return [
        *figures,
        Figure(name="import of jsonschema, for a file with mistakes", unit="s of CPU", result=first),
    ]


def text(*, mistakes: int) -> str:
    """Return a stack file whose machines have locations of their own; the first ones have a misspelt key."""
    hosts = "".join(
        f"  hv{n}: {{address: hv{n}.corp.example, storage: {{fast: 'D:\\Hyper-V'}}}}\n" for n in range(HOSTS)
    )
    vms = "".join(
        f"  VM{n:05}:\n    {'hosst' if n < mistakes else 'host'}: [hv{n % HOSTS}, hv{(n + 1) % HOSTS}]\n"
        f"    storage:\n      config: 'D:\\Hyper-V\\VM{n:05}'\n"
        f"      disks: {{os.vhdx: 'D:\\Hyper-V\\VM{n:05}\\os.vhdx', data.vhdx: 'E:\\Hyper-V\\VM{n:05}\\data.vhdx'}}\n"
        for n in range(MACHINES)
    )
    return f"hosts:\n{hosts}vms:\n{vms}"


def _seconds(path: Path) -> float:
    begun = time.process_time()
    with contextlib.suppress(StackFileError):
        load(path)
    return time.process_time() - begun

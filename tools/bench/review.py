"""A review of 500 moves from a recorded inventory, and its page of 100 hosts with 2,000 machines in a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import yaml
from playwright.sync_api import sync_playwright

from hyperv_placement.model.estate import (
    Disk,
    Host,
    HostFacts,
    Inventory,
    MigrationSettings,
    Roots,
    VirtualMachine,
    VmState,
    Volume,
)
from hyperv_placement.model.names import HostName, vm_id
from hyperv_placement.model.units import GIB
from hyperv_placement.workspace.inventory_file import Recorded, write
from hyperv_placement.workspace.stacks import PROJECT
from tools.install import browser

from .figure import Figure, listed
from .site import Sites

HOSTS, MACHINES, MOVES = 100, 2000, 500
RUNS = 3
STEPS = 60
_MEMORY_MIB, _DISK = 4096, 20 * GIB
_PLACED = """() => {
  const slider = document.getElementById("time"), spent = [];
  const last = Number(slider.max);
  for (let number = 1; number <= STEPS; number += 1) {
    const begun = performance.now();
    slider.value = String(Math.round(number * last / STEPS));
    slider.dispatchEvent(new Event("input"));
    document.body.getBoundingClientRect();  // style and layout are part of a step
    spent.push(performance.now() - begun);
  }
  return spent;
}""".replace("STEPS", str(STEPS))


def measure(sites: Sites) -> list[Figure]:
    """Review a few times, each in a process of its own; then step through the page."""
    folder = sites.folder / "review"
    folder.mkdir()
    stack, inventory = _estate(folder)
    seconds = [_reviewed(stack, inventory) for _ in range(RUNS)]
    file = folder / "review.html"
    _reviewed(stack, inventory, "--html", str(file))
    return [
        Figure(
            name=f"review of {MOVES} moves of {MACHINES} machines, recorded", unit="s", result=median(seconds),
            at_most=3, below=True, notes=(listed(seconds, "s"),),
        ),
        Figure(
            name=f"page of {HOSTS} hosts, {MACHINES} machines", unit="MB", result=file.stat().st_size / 1e6, at_most=2,
            below=True,
        ),
        *_steps(file),
    ]  # fmt: skip


def _reviewed(stack: Path, inventory: Path, *more: str) -> float:
    words = ["review", str(stack), "--inventory", str(inventory), *more]
    begun = time.monotonic()
    shown = subprocess.run(
        [sys.executable, str(PROJECT / "bin" / "placement"), *words],
        check=True, text=True, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    spent = time.monotonic() - begun
    if not shown.stdout.startswith(f"{MOVES} moves, "):
        raise RuntimeError(f"the estate is not as meant: {shown.stdout.splitlines()[0]}")
    return spent


def _steps(file: Path) -> list[Figure]:
    """Step through the run; without a browser there is no such figure, and a line says so."""
    path = browser.found(os.environ)
    if path is None:
        sys.stderr.write(f"{browser.advice()}\n")
        return []
    with sync_playwright() as driver:
        # Chromium's sandbox does not start for root, and this one opens nothing but our own file
        opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(file.as_uri())
        spent = [float(each) for each in page.evaluate(_PLACED)]
        opened.close()
    return [
        Figure(
            name=f"a step of the page's slider, median of {STEPS}", unit="ms", result=median(spent), at_most=100,
            below=True, notes=(f"slowest {listed(sorted(spent)[-3:], 'ms')}",),
        )
    ]  # fmt: skip


def _estate(folder: Path) -> tuple[Path, Path]:
    """Write a stack file that wants the first machines one host further, and what the hosts would answer."""
    names = [f"hv{number:03d}" for number in range(HOSTS)]
    place = {f"VM{number:04d}": number % HOSTS for number in range(MACHINES)}
    content = {
        "hosts": {name: {"address": f"{name}.bench.example"} for name in names},
        "vms": {
            label: {"host": names[(at + (number < MOVES)) % HOSTS]}
            for number, (label, at) in enumerate(place.items())
        },
    }
    stack, inventory = folder / "bench.yaml", folder / "inventory.json"
    stack.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    hosts = [_host(name, [label for label, at in place.items() if names[at] == name]) for name in names]
    found = Inventory(hosts={host.name: host for host in hosts})
    write(inventory, Recorded(read=datetime(2026, 1, 1, tzinfo=UTC), inventory=found))
    return stack, inventory


def _host(name: str, labels: list[str]) -> Host:
    machines = tuple(_machine(label, name) for label in labels)
    facts = HostFacts(
        full_name=f"{name}.bench.example", proven=(f"{name}.bench.example",), computer_name=name.upper(), memory_mib=2 * _MEMORY_MIB * len(labels),
        memory_free_mib=_MEMORY_MIB * len(labels),
        volumes=(Volume(path="D:\\", capacity_bytes=2 * _DISK * len(labels), free_bytes=_DISK * len(labels)),),
        migration=MigrationSettings(
            enabled=True, max_live=2, max_storage=2, active_live=0, active_storage=0, authentication=1,
            addresses=("192.0.2.1",),
        ),
        switches=("external",), build=20348, processor="GenuineIntel", versions=("9.0",), fibre_channel=(),
    )  # fmt: skip
    return Host(name=HostName(name), vms=machines, facts=facts)


def _machine(label: str, host: str) -> VirtualMachine:
    folder = f"D:\\Hyper-V\\{label}"
    guid = vm_id(f"00000000-0000-4000-8000-{int(label[2:]):012d}")
    disk = Disk(
        slot="scsi-0-0", instance_id=f"Microsoft:{guid}\\scsi-0-0\\L",
        path=f"{folder}\\Virtual Hard Disks\\{label}.vhdx", size_bytes=_DISK,
    )  # fmt: skip
    return VirtualMachine(
        id=guid, name=label, host=HostName(host), state=VmState.RUNNING, enabled_state=2, memory_mib=_MEMORY_MIB,
        roots=Roots(config=folder, checkpoints=folder, paging=folder), disks=(disk,), version="9.0",
        clustered=False, vtpm=False, switches=("external",),
    )  # fmt: skip

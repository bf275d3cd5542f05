"""Drift of 32 hosts with 1,000 machines beside one sweep of them: nothing but the sweep should cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import yaml

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.drift import read_drift
from hyperv_placement.stackfile import load

from .figure import Figure, listed, ratio
from .site import Site, Sites

RUNS = 5
ELSEWHERE = 5
"""Machines that somebody has moved."""


def measure(sites: Sites) -> list[Figure]:
    """Take turns: a sweep, drift where there is none, drift of a few machines."""
    site = sites.big()
    level, moved = load(site.stack_file), load(_elsewhere(site))
    sweeps, none, some = [], [], []
    for _ in range(RUNS):
        sweeps.append(_seconds(level, lambda estate: estate.read(Detail.PLACEMENT)))
        none.append(_seconds(level, lambda estate: _drifts(level, estate, 0)))
        some.append(_seconds(moved, lambda estate: _drifts(moved, estate, ELSEWHERE)))
    return [
        Figure(
            name=f"drift of 32 hosts, 1,000 machines, {count} elsewhere, over one sweep", unit="x",
            result=ratio(seconds, sweeps), at_most=1.2,
            notes=(f"drift {listed(seconds, 's')}", f"sweep {listed(sweeps, 's')}"),
        )
        for count, seconds in ((0, none), (ELSEWHERE, some))
    ]  # fmt: skip


def _elsewhere(site: Site) -> Path:
    """Return a stack file beside the site's own, by which a few machines are on the wrong host."""
    content = site.declared()
    hosts = list(content["hosts"])
    for entry in list(content["vms"].values())[:ELSEWHERE]:
        entry["host"] = hosts[(hosts.index(entry["host"]) + 1) % len(hosts)]
    path = site.stack_file.with_name("elsewhere.yaml")
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def _seconds(stack: Stack, work: Callable[[Estate], object]) -> float:
    estate = Estate(stack.hosts, clock=SystemClock())
    begun = time.monotonic()
    try:
        work(estate)
        return time.monotonic() - begun
    finally:
        estate.close()


def _drifts(stack: Stack, estate: Estate, expected: int) -> None:
    report = read_drift(stack, estate, AuditLog(stack.path.with_suffix(".jsonl"), clock=estate.clock)).report
    if len(report.drifts) != expected or report.unknown:
        raise RuntimeError(
            f"{len(report.drifts)} drifts instead of {expected}, {len(report.unknown)} unknown"
        )

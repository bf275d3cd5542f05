"""Sixty-four moves in flight at once, and how soon after a job's end its move is verified."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from .figure import Figure, listed
from .site import STACK, Sites
from .watching import watching

MOVES = 64
COUNTED = 50
PARALLEL = "96"
_EVERY = 0.02
"""Seconds between two looks at a log."""


class Tail:
    """Notes by this process's clock when a line of a kind is appended to a log, keyed by its job."""

    def __init__(self, path: Path, fits: Callable[[Mapping[str, Any]], bool]) -> None:
        """Only lines that are written from now on count."""
        self._path = path
        self._fits = fits
        self._at = path.stat().st_size if path.exists() else 0
        self.seen: dict[str, float] = {}

    def look(self) -> None:
        """Read what has come since; a line that is not whole yet waits."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            text = file.read()
        whole = text.rpartition(b"\n")[0]
        self._at += len(whole) + bool(whole)
        now = time.monotonic()
        for line in whole.splitlines():
            entry = json.loads(line)
            if self._fits(entry):
                self.seen.setdefault(str(entry["job"]).upper(), now)


def measure(sites: Sites) -> list[Figure]:
    """Let the first machines of each host go to the next host, all at once."""
    site = sites.middle()
    site.adopt()
    site.declare(shifted(site.declared(), MOVES))
    folder = site.workspace.folder
    ends = Tail(folder / ".lab" / "lab.log", lambda entry: entry["event"] == "end")
    verified = Tail(
        folder / ".pulumi" / "audit" / f"{STACK}.jsonl",
        lambda entry: entry["event"] == "end" and entry["result"] == "moved",
    )
    with watching(ends.look, _EVERY), watching(verified.look, _EVERY):
        site.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", "--parallel", PARALLEL)
    delays = delays_of(ends.seen, verified.seen)
    status = site.workspace.status()
    return [
        Figure(name="moves in flight", unit="", result=status["peak_jobs"], at_least=MOVES),
        Figure(
            name=f"from a job's end to verified, median of {min(COUNTED, len(delays))} moves", unit="s",
            result=median(delays[:COUNTED]), at_most=2, below=True,
            notes=(f"slowest {listed(sorted(delays)[-3:], 's')}",),
        ),
        Figure(name="violations that the lab saw meanwhile", unit="", result=len(status["violations"]), at_most=0),
    ]  # fmt: skip


def delays_of(ends: Mapping[str, float], verified: Mapping[str, float]) -> list[float]:
    """Return the seconds between the two for each job that has both, in the order of the ends."""
    return [
        verified[job] - end for job, end in sorted(ends.items(), key=lambda item: item[1]) if job in verified
    ]


def shifted(content: dict[str, Any], moves: int) -> dict[str, Any]:
    """Return the stack file with `moves` machines declared one host further, as many of each host."""
    hosts = list(content["hosts"])
    left = dict.fromkeys(hosts, moves // len(hosts))
    machines = {}
    for label, machine in content["vms"].items():
        host = machine["host"]
        goes = left[host] > 0 and "storage" in machine
        left[host] -= goes
        further = hosts[(hosts.index(host) + 1) % len(hosts)]
        machines[label] = {**machine, "host": further if goes else host}
    return {**content, "vms": machines}

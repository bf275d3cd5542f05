"""Sixty-four moves among a thousand machines while every host answers a second late and loses every tenth answer."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from pathlib import Path

from .figure import Figure
from .moves import MOVES, PARALLEL, shifted
from .site import STACK, Site, Sites

LATE, LOST = 1.0, 10
"""Seconds that each answer is late, and percent of them that are lost."""
PATIENCE = 1800
"""Seconds after which a run is stuck."""
TIMES = 12
"""How many times as long it may take: of a move's forty requests most go one after the other, and each takes a second."""


def measure(sites: Sites) -> list[Figure]:
    """Move them to the next host, then as many to the next again with all hosts disturbed."""
    site = sites.big()
    site.adopt()
    log = site.workspace.folder / ".pulumi" / "audit" / f"{STACK}.jsonl"
    plain = _moved(site)
    before = _ended(log)
    for kind, value in (("slow", ("--seconds", str(LATE))), ("answers-lost", ("--after", str(LOST)))):
        _lab(site, "fault", "add", kind, *value)
    loaded, failed = 0.0, tuple[str, ...]()
    try:
        loaded = _moved(site)
    except subprocess.CalledProcessError as error:
        failed = tuple(line for line in f"{error.stdout}".splitlines() if "error" in line)
    _lab(site, "fault", "clear")
    now = _ended(log)
    return [
        Figure(
            name="moves that have ended well under load", unit="", result=now["moved"] - before["moved"], at_least=MOVES,
            notes=failed,
        ),
        Figure(name="refused, lost or failed meanwhile", unit="", result=now["other"] - before["other"] + len(failed), at_most=0),
        Figure(
            name=f"the run's time over an undisturbed one's ({plain:.0f} s)", unit="",
            result=loaded / plain if loaded else TIMES + 1, at_most=TIMES, notes=(f"{loaded:.0f} s",),
        ),
        Figure(
            name="violations that the lab saw under load", unit="",
            result=len(site.workspace.status()["violations"]), at_most=0,
        ),
    ]  # fmt: skip


def _moved(site: Site) -> float:
    """Declare so many machines one host further and run; return the seconds it took. Raises CalledProcessError, TimeoutExpired."""
    site.declare(shifted(site.declared(), MOVES))
    workspace, begun = site.workspace, time.monotonic()
    words = ("pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "--parallel", PARALLEL)
    subprocess.run(
        workspace.command(*words), cwd=workspace.folder, env={**workspace.environment, "PULUMI_STACK": STACK},
        check=True, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,
    )  # fmt: skip
    return time.monotonic() - begun


def _ended(log: Path) -> Counter[str]:
    """Count what the audit log has of ends: moved, and any other."""
    found: Counter[str] = Counter()
    for line in map(json.loads, log.read_text(encoding="utf-8").splitlines() if log.exists() else ()):
        if line["event"] in {"end", "left", "refused"}:
            found["moved" if line["result"] == "moved" else "other"] += 1
    return found


def _lab(site: Site, *words: str) -> None:
    site.workspace.run("lab", *words, stdout=subprocess.DEVNULL)

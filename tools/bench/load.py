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
ANSWERS = 360
"""Of so many answers in a row the slowest chain of a run may wait.

Reading the estate: a sweep of 5 by the plugin, 17 by the program for the plan, two sweeps and 15 of both ends of moves by the plugin, and
6 before a move waits for room: 53. Then moves: at each host 4 take turns, two at once, in a ring of 32 hosts, so that those at a host
may wait for those at the next: 8 in a row. Each waits for 2 of room, 8 of its order, 4 until its job's end is seen and 9 of the
proof: 184. One in ten asked once more, of four at once one in three: a third more for the half that goes side by side, a tenth for the rest: 285.
The rest is for what other moves ask of a host meanwhile.
"""


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
            name=f"answers of {LATE:g} s that the run has waited for in a row", unit="",
            result=(loaded - plain) / LATE if loaded else PATIENCE, at_most=ANSWERS,
            notes=(f"{loaded:.0f} s, an undisturbed run took {plain:.0f} s",),
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

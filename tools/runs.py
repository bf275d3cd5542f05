"""`python -m tools.runs`: runs of the real engine on small random maps, disturbed; exit code 0 has to mean that the map is reached.

Each run has a lab, a stack and a seed of its own; every kind of `bin/lab fault` comes at least twice among forty. What is reached is
the lab's own account, never ours. Further runs follow, without faults, until one ends with 0.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.world.faults import KINDS
from tools.workspace import Workspace, stop_session

HOSTS = ("hv1", "hv2", "hv3")
FAULTS = 2
"""Of each run."""
UPS = 4
"""Runs of a map at most."""
STUCK = 25.0
"""Seconds after which faults are cleared: some stall a job until then."""
PATIENCE = 120.0
"""Seconds after which a run is interrupted, and then killed."""
ERRORS = {"bad-answer": "503", "wsman-fault": "0x80338029", "password-changed": "Another1!"}
"""What a kind needs besides."""


@dataclass(slots=True, kw_only=True)
class Story:
    """One map and what became of it."""

    number: int
    adopted: bool
    faults: list[str]
    codes: list[int] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    """Runs that ended with 0 while the map was not reached."""
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return it as a line."""
        form = "adopted" if self.adopted else "first up"
        end = "; ".join([*self.lies, *self.violations]) or (
            "reached" if self.codes[-1:] == [0] else "not reached, and said so"
        )
        codes = ", ".join(map(str, self.codes))
        return f"{self.number:3} {form:8} {' + '.join(self.faults):44} exit {codes:12} {end}"


def main() -> int:
    """Run all; return 1 where an exit code was a lie, or the lab saw what must not be."""
    parser = argparse.ArgumentParser(prog="runs", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=40, help="maps (40)")
    parser.add_argument("--seed", type=int, default=1, help="the first one's; the others follow (1)")
    parser.add_argument("--only", type=int, help="the number of one map")
    words = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stories = []
    for number, faults in enumerate(_faults(words.count, words.seed)):
        if words.only in (None, number):
            with tempfile.TemporaryDirectory(prefix="runs-") as folder:
                stories.append(_reported(number, faults, random.Random(words.seed + number), Path(folder)))  # noqa: S311 - a map is no secret
            print(stories[-1], flush=True)
    bad = [each for each in stories if each.lies or each.violations]
    reached = sum(each.codes[-1:] == [0] for each in stories)
    print(
        f"{len(stories)} maps, {sum(len(each.codes) for each in stories)} runs, {reached} maps reached, {len(bad)} wrong"
    )
    return 1 if bad else 0


def _faults(count: int, seed: int) -> Iterator[list[str]]:
    """Yield the kinds of each run: all kinds, shuffled, over and over."""
    rng, stock = random.Random(seed), list[str]()  # noqa: S311 - the same
    for _ in range(count):
        chosen: list[str] = []
        while len(chosen) < FAULTS:
            if not stock:
                stock = sorted(KINDS)
                rng.shuffle(stock)
            chosen.append(stock.pop())
        yield chosen


def _reported(number: int, faults: list[str], rng: random.Random, folder: Path) -> Story:
    story = Story(number=number, adopted=number % 2 == 1, faults=faults)
    workspace = Workspace(folder / "project")
    try:
        wanted = _prepared(workspace, rng, adopted=story.adopted)
        ids = {name: vm["id"] for name, vm in workspace.status()["vms"].items()}
        for kind in faults:
            _add(workspace, kind, rng, list(wanted))
        for turn in range(UPS):
            if turn == 1:
                _lab(workspace, "fault", "clear")
            story.codes.append(_up(workspace))
            status = workspace.status()
            if story.codes[-1] == 0:
                story.lies += _unreached(status, wanted, ids, turn + 1)
                break
        story.violations = [str(each["what"]) for each in workspace.status()["violations"]]
    finally:
        workspace.close()
    return story


def _prepared(workspace: Workspace, rng: random.Random, *, adopted: bool) -> Mapping[str, Any]:
    """Start a lab, write the map, and take the stack in where it is to be adopted; return the declared machines."""
    names = [f"VM{number:03d}" for number in range(1, rng.randint(3, 6))]
    vms = {name: {"host": rng.choice(HOSTS), "memory": f"{rng.randint(2, 6)} GiB"} for name in names}
    estate = {"hosts": {host: {"memory": f"{rng.randint(14, 26)} GiB"} for host in HOSTS}, "vms": vms}
    path = workspace.folder / "estate.yaml"
    path.write_text(yaml.safe_dump(estate), encoding="utf-8")
    _lab(
        workspace,
        "up",
        "--ports",
        "auto",
        "--estate",
        str(path),
        "--speed",
        "20",
        "--write-stack",
        "stacks/lab.yaml",
    )
    if adopted and _up(workspace) != 0:
        raise RuntimeError("the stack could not be adopted")
    stack = workspace.folder / "stacks" / "lab.yaml"
    content = yaml.safe_load(stack.read_text(encoding="utf-8"))
    declared: dict[str, Any] = {}
    for name in names:
        hosts = sorted(rng.sample(HOSTS, rng.choice((1, 1, 2))))
        declared[name] = {"host": hosts[0] if len(hosts) == 1 else hosts}
        if rng.randrange(4) == 0:
            declared[name]["storage"] = f"E:\\Hyper-V\\{name}"
    stack.write_text(yaml.safe_dump({**content, "vms": declared}, sort_keys=False), encoding="utf-8")
    return declared


def _add(workspace: Workspace, kind: str, rng: random.Random, names: list[str]) -> None:
    of_host = KINDS[kind].times is None or kind in {"unavailable", "login-lost", "wsman-fault"}
    where = ("--host", rng.choice(HOSTS)) if of_host else ("--vm", rng.choice(names))
    error = ("--error", ERRORS[kind]) if kind in ERRORS else ()
    _lab(workspace, "fault", "add", kind, *where, *error)


def _up(workspace: Workspace) -> int:
    """Run `up`, with a way out where a fault stalls it, and return its exit code."""
    log = workspace.folder / "up.log"
    with log.open("w", encoding="utf-8") as output, subprocess.Popen(
        workspace.command("pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs"), cwd=workspace.folder,
        env=workspace.environment, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            if (code := _ended(process, workspace)) is not None:
                return code
        finally:
            stop_session(process.pid)
    workspace.run("placement", "unlock", "lab", check=False, stdout=subprocess.DEVNULL)
    return -signal.SIGKILL


def _ended(process: subprocess.Popen[bytes], workspace: Workspace) -> int | None:
    """Return the exit code of a run; None where neither cleared faults nor Ctrl-C end it."""
    begun = time.monotonic()
    with suppress(subprocess.TimeoutExpired):
        return process.wait(STUCK)
    _lab(workspace, "fault", "clear")
    with suppress(subprocess.TimeoutExpired):
        return process.wait(PATIENCE - (time.monotonic() - begun))
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(STUCK)
    return None


def _unreached(
    status: Mapping[str, Any], wanted: Mapping[str, Any], ids: Mapping[str, str], turn: int
) -> list[str]:
    """Return what is not as declared, by the lab's account."""
    found = []
    by_id = {vm["id"]: vm for vm in status["vms"].values()}
    for name, entry in wanted.items():
        hosts = [entry["host"]] if isinstance(entry["host"], str) else entry["host"]
        vm = by_id.get(ids[name])
        if vm is None or vm["host"] not in hosts:
            found.append(
                f"run {turn} ended with 0, and {name} is on {vm['host'] if vm else 'no host'}, not {' or '.join(hosts)}"
            )
        elif not all(disk.casefold().startswith(entry.get("storage", "").casefold()) for disk in vm["disks"]):
            found.append(f"run {turn} ended with 0, and {name} has {', '.join(vm['disks'])}")
    return found


def _lab(workspace: Workspace, *words: str) -> None:
    workspace.run("lab", *words, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())

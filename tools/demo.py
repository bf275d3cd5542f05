"""`make demo`: a placement declared, previewed, reached by live migrations, disturbed, and repaired."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from lab.world.person import CommandError

from .workspace import PROJECT, Workspace, remove

FOLDER = PROJECT / ".lab" / "demo"
DRIFTER, ELSEWHERE = "VM003", "hv1"
"""The machine that somebody moves behind our back, and whereto; `stacks/lab.yaml` wants it elsewhere."""


class DemoError(Exception):
    """The demo did not show what it promises."""


def main() -> int:
    """Run the demo in a copy of the project; clean up whatever happens. Return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    remove(FOLDER)  # what a killed demo left
    FOLDER.parent.mkdir(exist_ok=True)
    workspace = Workspace(FOLDER)
    try:
        _show(workspace)
    except KeyboardInterrupt:
        _say("Interrupted; the demo's lab is stopped and removed.")
        return 130
    except (CommandError, DemoError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"The demo failed: {error}\n")
        return 1
    finally:
        workspace.close()
    return 0


def _show(workspace: Workspace) -> None:
    _say("Three simulated Hyper-V hosts and twelve virtual machines, on loopback.")
    _run(workspace, "lab", "up", "--ports", "auto")
    workspace.point_at_lab()
    first = workspace.status()

    _say(
        "What stacks/lab.yaml declares differs from where the machines are. The preview says what would move:"
    )
    _run(workspace, "pulumi", "preview")

    _say("Now move them, live:")
    _run(workspace, "pulumi", "up", "--yes", "--skip-preview")
    reached = workspace.status()
    _say("Who moved:")
    _print_moves(first, reached)

    _say(f"Somebody moves {DRIFTER} to {ELSEWHERE} by hand, and the preview finds it:")
    _run(workspace, "lab", "move", DRIFTER, ELSEWHERE)
    if _run(workspace, "pulumi", "preview", "--expect-no-changes", check=False) == 0:
        raise DemoError("the preview did not notice the drift")

    _say("One more `up` brings it back:")
    _run(workspace, "pulumi", "up", "--yes", "--skip-preview")
    _judge(workspace, first)


def _judge(workspace: Workspace, first: Mapping[str, Any]) -> None:
    _run(workspace, "pulumi", "preview", "--expect-no-changes")
    last = workspace.status()
    if last["violations"]:
        raise DemoError(f"the lab saw violations: {last['violations']}")
    if _checksums(first) != _checksums(last):
        raise DemoError("a disk's checksum changed")
    disks = sum(len(vm["disks"]) for vm in last["vms"].values())
    _say(
        "Done: the declared placement is reached, the checksums of all "
        f"{disks} disks are unchanged, and no host was ever overfilled."
    )


def _run(workspace: Workspace, *words: str, check: bool = True) -> int:
    sys.stdout.write(f"\n$ bin/{' '.join(words)}\n")
    sys.stdout.flush()
    code = workspace.show(*words)
    if check and code:
        raise DemoError(f"bin/{words[0]} ended with exit code {code}")
    return code


def _print_moves(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for name, vm in after["vms"].items():
        was = before["vms"][name]
        if (was["host"], was["roots"], was["disks"]) == (vm["host"], vm["roots"], vm["disks"]):
            continue
        same_host = was["host"] == vm["host"]
        way = f"stayed on {vm['host']}" if same_host else f"{was['host']} -> {vm['host']}"
        sys.stdout.write(f"  {name:<8} {way:<14}  {vm['roots']['config']}\n")


def _checksums(status: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: sorted(vm["sha256"].values()) for name, vm in status["vms"].items()}


def _say(text: str) -> None:
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

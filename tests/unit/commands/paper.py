"""Stack files and recorded inventories of stories, on disk: all that the commands need."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement.workspace.inventory_file import Recorded, write
from tests.scenarios.estate import estate_of
from tests.scenarios.test_scenarios import declared

PROJECT = Path(__file__).parents[3]
STORIES = PROJECT / "tests" / "scenarios"


def story(name: str) -> dict[str, Any]:
    """Return a scenario by its path below `tests/scenarios`."""
    return dict(yaml.safe_load((STORIES / f"{name}.yaml").read_text(encoding="utf-8")))


def on_paper(reported: dict[str, Any], folder: Path) -> list[str]:
    """Write a story's stack file and its hosts' answers; return them as words of a command line."""
    stack, inventory = declared(reported, folder), folder / "inventory.json"
    write(inventory, Recorded(read=datetime(2026, 1, 1, tzinfo=UTC), inventory=estate_of(reported)))
    return [str(stack.path), "--inventory", str(inventory)]


def placement(seed: int, *words: str, encoding: str = "utf-8") -> subprocess.CompletedProcess[bytes]:
    """Run `bin/placement` with a hash seed, without credentials, proxies and names of anything."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, str(PROJECT / "bin" / "placement"), *words], capture_output=True, timeout=120,
        env={**kept, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": encoding}, check=False,
    )  # fmt: skip

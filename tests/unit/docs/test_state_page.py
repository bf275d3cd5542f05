"""What docs/state.md has typed against growing history removes what is old, and nothing else."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from tests.documents import blocks
from tools.workspace import PROJECT

DAY = 24 * 3600


def test_old_records_go_and_state_stays(tmp_path: Path) -> None:
    """By age alone, of each stack; the state, its last copy beside it, locks and the audit log are no part of it."""
    kept, old = Path(".pulumi"), time.time() - 100 * DAY
    files = {
        kept / "history/hyperv-placement/lab/lab-1.checkpoint.json": False,
        kept / "history/hyperv-placement/lab/lab-1.history.json": False,
        kept / "backups/hyperv-placement/lab/lab.1.json": False,
        kept / "stacks/hyperv-placement/lab.json": True,
        kept / "stacks/hyperv-placement/lab.json.bak": True,
        kept / "audit/lab.jsonl": True,
        kept / "meta.yaml": True,
    }
    for path in files:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
        os.utime(tmp_path / path, (old, old))
    new = tmp_path / kept / "history/hyperv-placement/lab/lab-2.checkpoint.json"
    new.touch()
    [text] = [block.text for block in blocks(PROJECT / "docs" / "state.md") if "-delete" in block.text]
    subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=tmp_path, check=True)
    assert {path: (tmp_path / path).exists() for path in files} == files
    assert new.exists()

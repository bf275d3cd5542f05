"""What a full disk or a power cut leaves of the engine's files: `recover` mends it, also while no host answers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.workspace import Workspace

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def typed(workspace: Workspace, text: str) -> subprocess.CompletedProcess[str]:
    """Type a block of the page, or a command."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=workspace.folder, env=workspace.environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_torn_files_of_the_engine_have_a_way_back(tmp_path: Path) -> None:
    """An empty temporary lock, and a torn state: the engine says the same of both, and goes on after what the page types."""
    workspace = Workspace(tmp_path / "project")
    kept = workspace.folder / ".pulumi"
    assert typed(workspace, "bin/pulumi destroy --yes").returncode == 0
    lock = kept / "locks" / "organization" / "hyperv-placement" / "lab" / "x.json.18c2f.tmp"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert "error: unexpected end of JSON input" in typed(workspace, "bin/pulumi destroy --yes").stdout
    done = typed(workspace, "bin/placement recover lab")
    assert (done.returncode, lock.exists()) == (1, False), done.stdout
    assert "no host was read" in done.stdout
    assert typed(workspace, "bin/pulumi destroy --yes").returncode == 0

    state = kept / "stacks" / "hyperv-placement" / "lab.json"
    state.write_bytes(state.read_bytes()[:100])
    assert "unexpected end of JSON input" in typed(workspace, "bin/pulumi stack export").stdout
    done = typed(workspace, "bin/placement recover lab")
    assert (
        "the state was torn: lab.json.bak has taken its place, and the torn one is kept as lab.json.torn"
        in done.stdout
    )
    assert state.with_name("lab.json.torn").stat().st_size == 100
    assert typed(workspace, "bin/pulumi destroy --yes").returncode == 0

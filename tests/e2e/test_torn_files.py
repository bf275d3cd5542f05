"""What a full disk or a power cut leaves of the engine's files: the ways back of docs/when-something-goes-wrong.md."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.documents import blocks
from tools.workspace import PROJECT, Workspace

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGE = PROJECT / "docs" / "when-something-goes-wrong.md"


def typed(workspace: Workspace, text: str) -> subprocess.CompletedProcess[str]:
    """Type a block of the page, or a command."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=workspace.folder, env=workspace.environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=120, check=False,
    )  # fmt: skip


def reported_by(word: str) -> str:
    """Return the block of the page that types a word."""
    [text] = [block.text for block in blocks(PAGE) if word in block.text]
    return text


def test_torn_files_of_the_engine_have_a_way_back(tmp_path: Path) -> None:
    """An empty temporary lock, and a torn state: the engine says the same of both, and goes on after what the page types."""
    workspace = Workspace(tmp_path / "project")
    kept = workspace.folder / ".pulumi"
    assert typed(workspace, "bin/pulumi destroy --yes").returncode == 0
    lock = kept / "locks" / "organization" / "hyperv-placement" / "lab" / "x.json.18c2f.tmp"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert "error: unexpected end of JSON input" in typed(workspace, "bin/pulumi destroy --yes").stdout
    done = typed(workspace, reported_by("unlock lab\n"))
    assert (done.returncode, lock.exists()) == (0, False), done.stdout
    assert typed(workspace, "bin/pulumi destroy --yes").returncode == 0

    state = kept / "stacks" / "hyperv-placement" / "lab.json"
    state.write_bytes(state.read_bytes()[:100])
    assert "unexpected end of JSON input" in typed(workspace, "bin/pulumi stack export").stdout
    done = typed(workspace, reported_by("lab.json.bak"))
    assert done.returncode == 0, done.stdout
    assert typed(workspace, "bin/pulumi destroy --yes").returncode == 0

"""The tutorial, typed as it stands there."""

from __future__ import annotations

import subprocess

import pytest

from tests.documents import blocks
from tools.workspace import PROJECT, Workspace

from .conftest import QUICK

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "reader"), ("EMAIL", "reader@lab.example"))
}


def test_every_block_does_what_the_page_says(workspace: Workspace) -> None:
    """In order, in a repository; the lab is there already and quick, so that `bin/lab up` finds it running."""
    workspace.run("lab", "up", "--ports", "auto", "--speed", QUICK, stdout=subprocess.DEVNULL)
    workspace.point_at_lab()
    environment = {**workspace.environment, **IDENTITY}

    def type_in(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], cwd=workspace.folder, env=environment, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=240,
        )  # fmt: skip

    type_in("git init -q -b main && git add . && git commit -qm 'The clone'").check_returncode()
    said: dict[str, str] = {}
    for block in blocks(PROJECT / "docs" / "tutorial.md"):
        done = type_in(block.text)
        assert done.returncode == block.code, f"{block.text}\nended with {done.returncode}:\n{done.stdout}"
        said[block.text] = done.stdout

    [review] = [told for text, told in said.items() if "cat review.md" in text]
    assert "5 moves" in review.splitlines()[0]
    assert all(name in review for name in ("VM001", "VM002", "VM005", "VM007", "VM008"))
    drift = next(told for text, told in said.items() if text.startswith("bin/placement drift"))
    assert "VM004" in drift
    assert "VM011" in drift
    [accepted] = [told for text, told in said.items() if "--accept" in text]
    assert [line for line in accepted.splitlines() if line.startswith(("-  ", "+  "))] == [
        r"-  VM004: {host: hv1, storage: 'D:\Hyper-V\VM004'}",
        r"+  VM004: {host: hv2, storage: 'D:\Hyper-V\VM004'}",
    ]
    assert (workspace.folder / "review.html").stat().st_size > 0

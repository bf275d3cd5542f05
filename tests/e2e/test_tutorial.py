"""The tutorial, typed as it stands there."""

from __future__ import annotations

import subprocess

import pytest

from tests.documents import blocks
from tools.workspace import PROJECT

from .conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "reader"), ("EMAIL", "reader@lab.example"))
}


def test_every_block_does_what_the_page_says(site: Site) -> None:
    """In order, in a repository; the lab is there already and quick, so that `bin/lab up` finds it running."""
    folder = site.workspace.folder
    environment = {**site.workspace.environment, **IDENTITY}

    def type_in(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=240,
        )  # fmt: skip

    type_in("git init -q -b main && git add . && git commit -qm 'The clone'").check_returncode()
    said = []
    for block in blocks(PROJECT / "docs" / "tutorial.md"):
        done = type_in(block.text)
        assert done.returncode == block.code, f"{block.text}\nended with {done.returncode}:\n{done.stdout}"
        said.append(done.stdout)

    told = "\n".join(said)
    assert "5 moves" in told
    drift = next(text for text in said if "VM011" in text and "drift" in text.casefold())
    assert "VM004" in drift
    [changed] = [text for text in said if "diff --git" in text]
    lines = [line for line in changed.splitlines() if line.startswith(("-  ", "+  "))]
    assert lines == [
        r"-  VM004: {host: hv1, storage: 'D:\Hyper-V\VM004'}",
        r"+  VM004: {host: hv2, storage: 'D:\Hyper-V\VM004'}",
    ]
    assert (folder / "review.html").stat().st_size > 0

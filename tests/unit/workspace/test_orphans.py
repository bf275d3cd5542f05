"""Plugins without an engine above them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hyperv_placement.workspace.orphans import orphans

LIKE_A_PLUGIN = (
    "-c",
    "import sys; print(flush=True); sys.stdin.read()",
    "-m",
    "hyperv_placement.plugin",
    "127.0.0.1:1",
)


@pytest.mark.skipif(os.name != "posix", reason="what works in a folder is asked of POSIX systems here")
def test_a_plugin_of_this_project_without_an_engine_is_one(tmp_path: Path) -> None:
    """One of another folder is not, nor one that has ended."""
    (tmp_path / "other").mkdir()
    assert list(orphans(tmp_path)) == []
    with subprocess.Popen(
        [sys.executable, *LIKE_A_PLUGIN], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert list(orphans(tmp_path)) == [process.pid]
        assert list(orphans(tmp_path / "other")) == []
        process.kill()
        process.wait()
        assert list(orphans(tmp_path)) == []


@pytest.mark.skipif(os.name != "posix", reason="no copy of a program under another name")
def test_one_below_an_engine_is_none(tmp_path: Path) -> None:
    """The run goes on."""
    program = tmp_path / "pulumi"
    program.symlink_to("/bin/sh")
    words = " ".join(f"'{word}'" for word in (sys.executable, *LIKE_A_PLUGIN))
    with subprocess.Popen(
        [program, "-c", f"{words}; exit"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert list(orphans(tmp_path)) == []
        assert process.stdin is not None
        process.stdin.close()

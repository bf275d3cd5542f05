"""Which commit a run went by: that of the stack file's repository, whatever variables say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hyperv_placement.audit.origin import UNKNOWN, origin

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not there")


def git(folder: Path, *words: str) -> str:
    """Run git in a repository, as nobody in particular."""
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@x.example", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return a stack file that is committed."""
    path = tmp_path / "site" / "stacks" / "lab.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("hosts: {}\n", encoding="utf-8")
    git(tmp_path / "site", "init", "-q")
    git(tmp_path / "site", "add", ".")
    git(tmp_path / "site", "commit", "-qm", "one")
    return path


def test_the_commit_and_whether_the_file_is_that_of_it(
    stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR may lead to another repository; other files of the repository do not count."""
    head = git(stack.parent, "rev-parse", "HEAD")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    (stack.parent / "new.yaml").touch()
    found = origin({}, stack, "digest")
    assert (found.commit, found.dirty, found.file) == (head, False, "digest")
    stack.write_text("hosts: {hv1: {}}\n", encoding="utf-8")
    assert origin({}, stack).dirty is True
    assert origin({}, stack.parent / "new.yaml").dirty is True


def test_without_a_repository_or_git_it_is_unknown(
    stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown has a name, and whether the file is another one is not said then."""
    nowhere = origin({}, tmp_path / "lab.yaml")
    monkeypatch.setenv("PATH", os.devnull)
    for found in (nowhere, origin({}, stack), origin({})):
        assert found.commit == UNKNOWN
        assert "dirty" not in found.fields()

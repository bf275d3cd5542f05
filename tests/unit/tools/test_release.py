"""A release is made from a clean checkout whose changelog has the version's dated section, and from nothing else."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import date
from pathlib import Path

import pytest

from tools.release.__main__ import main
from tools.release.changelog import ReleaseError, dated, notes
from tools.workspace import PROJECT

BEFORE = "# Changelog\n\n## Unreleased\n\n### Added\n- One thing.\n\n## 0.8.0 - 2026-01-02\n\n- Older.\n"
DAY = date(2026, 11, 30)


def test_what_was_unreleased_becomes_the_versions() -> None:
    """Under its own heading with the day; the notes are that section and no other."""
    after = dated(BEFORE, "0.9.0", DAY)
    assert after.index("## Unreleased") < after.index("## 0.9.0 - 2026-11-30") < after.index("- One thing.")
    assert notes(after, "0.9.0") == "0.9.0 - 2026-11-30\n\n### Added\n- One thing.\n"


@pytest.mark.parametrize(
    ("text", "version", "why"),
    [
        (BEFORE, "0.8.0", "has a section of 0.8.0 already"),
        (BEFORE, "0.9", "is no version to release"),
        (BEFORE, "0.9.0.dev0", "is no version to release"),
        (
            "# Changelog\n\n## Unreleased\n\n## 0.8.0 - 2026-01-02\n\n- Older.\n",
            "0.9.0",
            "nothing to release",
        ),
    ],
)
def test_a_version_that_cannot_be_prepared_is_refused(text: str, version: str, why: str) -> None:
    """Twice the same number, a number of no release, or nothing in it."""
    with pytest.raises(ReleaseError, match=why):
        dated(text, version, DAY)


def test_notes_of_a_version_that_is_not_dated_or_not_all_are_refused() -> None:
    """What somebody has added meanwhile would be in the wheel and in no notes."""
    with pytest.raises(ReleaseError, match=r"release-prepare VERSION=0\.9\.0"):
        notes(BEFORE, "0.9.0")
    later = dated(BEFORE, "0.9.0", DAY).replace("## Unreleased\n", "## Unreleased\n\n- More.\n", 1)
    with pytest.raises(ReleaseError, match="more that is unreleased"):
        notes(later, "0.9.0")


def test_a_release_is_built_and_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a clone of what is committed and what is not yet: prepared, committed, built twice alike, installed, and its notes written."""
    clone = tmp_path / "clone"
    git(tmp_path, "init", "--quiet", str(clone))
    for name in git(PROJECT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if name.startswith(
            ("providers/", "schemas/", "docs/", "CHANGELOG", "LICENSE", "pyproject", "requirements", ".git")
        ):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((PROJECT / name).read_bytes())
    changes = clone / "CHANGELOG.md"
    text = changes.read_text(encoding="utf-8")
    changes.write_text(text.replace("## Unreleased\n", "## Unreleased\n\n- More.\n", 1), encoding="utf-8")
    assert main(["prepare", "99.0.0"], clone) == 0
    assert main([], clone) == 1
    assert "differs from its commit" in capsys.readouterr().err
    git(clone, "add", "--all")
    git(
        clone, "-c", "user.name=a", "-c", "user.email=a@corp.example", "commit", "--quiet", "--message=99.0.0"
    )
    assert main([], clone) == 0, capsys.readouterr().err

    folder = clone / "dist"
    wheel = folder / "hyperv_placement-99.0.0-py3-none-any.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert f"{digest}  {wheel.name}\n" in (folder / "SHA256SUMS").read_text(encoding="utf-8")
    said = (folder / "NOTES.md").read_text(encoding="utf-8")
    assert said.startswith("99.0.0 - ")
    assert digest in said
    assert "git tag --annotate v99.0.0" in capsys.readouterr().out
    assert git(clone, "status", "--porcelain") == ""
    assert main(["open", "99.1.0"], clone) == 0
    assert '__version__ = "99.1.0.dev0"' in (clone / "providers/hyperv_placement/__init__.py").read_text(
        encoding="utf-8"
    )


def git(folder: Path, *words: str) -> str:
    """Run git; return what it printed."""
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout

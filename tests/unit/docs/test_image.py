"""The image for runners: hadolint finds nothing in its Dockerfile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.workspace import PROJECT

HADOLINT = Path(sys.executable).with_name("hadolint")
DOCKERFILE = PROJECT / "docs" / "pipelines" / "image" / "Dockerfile"


@pytest.mark.skipif(sys.platform == "win32", reason="hadolint has no wheel for Windows")
def test_hadolint_finds_nothing_in_the_dockerfile_and_much_in_a_worse_one(tmp_path: Path) -> None:
    """`make check` runs it, too: a base without a version, a package without `--no-install-recommends`, root at the end are named."""

    def judged(file: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(HADOLINT), "--no-color", str(file)], check=False, capture_output=True, text=True
        )

    good = judged(DOCKERFILE)
    assert (good.returncode, good.stdout) == (0, "")
    worse = tmp_path / "Dockerfile"
    worse.write_text(
        "FROM debian\nRUN apt-get update && apt-get install --yes git\nUSER root\n", encoding="ascii"
    )
    bad = judged(worse)
    assert bad.returncode == 1
    for rule in ("DL3006", "DL3015", "DL3002"):
        assert rule in bad.stdout

"""Which pages are written by programs, whether they are as they would be written now, and the site made of all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hyperv_placement.codes.catalogue import catalogue
from hyperv_placement.codes.findings import finding_rows
from tools.docs import answers, codes, enumerations, exit_codes, findings, keys, served


def written(project: Path) -> Mapping[Path, str]:
    """Return the pages that programs write, with the text that they are to have."""
    docs = project / "docs"
    return {
        docs / "stack-file-keys.md": keys.page(project),
        docs / "error-catalogue.md": codes.render(catalogue()),
        docs / "enumerations.md": enumerations.render(enumerations.read(project)),
        docs / "refusals.md": findings.render(finding_rows()),
        docs / "lab-served.md": served.page(),
        docs / "json.md": answers.page(project),
        docs / "exit-codes.md": exit_codes.page(project),
    }


def write(project: Path) -> None:
    """Write those pages."""
    for path, text in written(project).items():
        path.write_text(text, encoding="utf-8")


def stale(project: Path) -> list[Path]:
    """Return those pages that are not as they would be written now."""
    return [
        path
        for path, text in written(project).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def build(project: Path, into: Path) -> int:
    """Make the site in `into`; every warning and every link to a page or heading that is not there fails it.

    Return the exit code. Nothing is downloaded.
    """
    options = ["--quiet", "--fail-on-warning", "--nitpicky", "--fresh-env", "--jobs", "auto"]
    command = [sys.executable, "-m", "sphinx", "--builder", "html", *options]
    places = [str(project / "docs"), str(into)]
    return subprocess.run([*command, *places], check=False, cwd=project).returncode

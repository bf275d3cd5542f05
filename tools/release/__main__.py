"""`python -m tools.release` builds the version of the checkout into dist/; `prepare VERSION` and `open VERSION` write which one that is."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.release.building import build, check_clean, check_runs, digest
from tools.release.changelog import ReleaseError, check_version, dated, notes

PROJECT = Path(__file__).resolve().parents[2]
_LINE = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_INSTALL = """
## Install

`python -m pip install {wheel}`, then `placement init DIR`; an earlier version: [docs/upgrade.md](docs/upgrade.md).

| file | SHA-256 |
| --- | --- |
"""


def main(words: Sequence[str] | None = None, project: Path = PROJECT) -> int:
    """Do what was asked; return 0, or 1 with the reason."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    for verb, line in (
        ("prepare", "write the version and its dated heading"),
        ("open", "write the version that comes next, as VERSION.dev0"),
    ):
        verbs.add_parser(verb, help=line).add_argument("version")
    given = parser.parse_args(words)
    try:
        if given.verb == "prepare":
            prepare(project, given.version)
        elif given.verb == "open":
            check_version(given.version)
            _write_version(project, f"{given.version}.dev0")
        else:
            release(project)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def prepare(project: Path, version: str) -> None:
    """Write version and heading, for a commit of their own. Raises ReleaseError."""
    page = project / "CHANGELOG.md"
    text = dated(page.read_text(encoding="utf-8"), version, datetime.now(UTC).date())
    page.write_text(text, encoding="utf-8")
    _write_version(project, version)
    print(f"CHANGELOG.md and the version say {version}. Look it through, commit it, and run: make release")


def release(project: Path) -> None:
    """Build and try the version into dist/, with notes and digests. Raises ReleaseError."""
    check_clean(project)
    version = _version(project)
    text = notes((project / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    folder = project / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    wheel, archive = build(project, folder)
    check_runs(wheel, version)
    sums = {file.name: digest(file) for file in (wheel, archive)}
    (folder / "SHA256SUMS").write_text(
        "".join(f"{value}  {name}\n" for name, value in sums.items()), encoding="utf-8"
    )
    rows = "".join(f"| {name} | `{value}` |\n" for name, value in sums.items())
    (folder / "NOTES.md").write_text(f"{text}{_INSTALL.format(wheel=wheel.name)}{rows}", encoding="utf-8")
    print(*(folder / name for name in (*sums, "SHA256SUMS", "NOTES.md")), sep="\n")
    print(f"Tried. The tag: git tag --annotate v{version} --cleanup=verbatim --file dist/NOTES.md")
    print("Then, so that nothing else bears this number: python -m tools.release open NEXT")


def _version(project: Path) -> str:
    found = _LINE.search(_module(project).read_text(encoding="utf-8"))
    assert found is not None, "hyperv_placement/__init__.py has no version"  # noqa: S101 - a file of this repository
    return found[1]


def _write_version(project: Path, version: str) -> None:
    module = _module(project)
    text = _LINE.sub(f'__version__ = "{version}"', module.read_text(encoding="utf-8"))
    module.write_text(text, encoding="utf-8")


def _module(project: Path) -> Path:
    return project / "providers" / "hyperv_placement" / "__init__.py"


if __name__ == "__main__":
    sys.exit(main())

"""CHANGELOG.md as Keep a Changelog has it: what is unreleased, and the section of a version with its date."""

from __future__ import annotations

import re
from datetime import date

UNRELEASED = "## Unreleased"
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:rc\d+)?")


class ReleaseError(Exception):
    """A release that is not made; the message says why, and what to do."""


def check_version(version: str) -> None:
    """Raise ReleaseError where a version is none that is released: three numbers, or a candidate of them."""
    if not _VERSION.fullmatch(version):
        raise ReleaseError(
            f"{version} is no version to release, such as 0.9.0 or 0.9.0rc1. Run: make release-prepare VERSION=..."
        )


def dated(text: str, version: str, day: date) -> str:
    """Return the changelog with what is unreleased under the version's own heading. Raises ReleaseError."""
    check_version(version)
    if not _body(text, UNRELEASED).strip():
        raise ReleaseError("CHANGELOG.md says of nothing that it is unreleased: there is nothing to release")
    if re.search(rf"^## {re.escape(version)} ", text, re.MULTILINE):
        raise ReleaseError(f"CHANGELOG.md has a section of {version} already: take the next number")
    return text.replace(f"{UNRELEASED}\n", f"{UNRELEASED}\n\n## {version} - {day.isoformat()}\n", 1)


def notes(text: str, version: str) -> str:
    """Return what the changelog says of a version, beneath its heading. Raises ReleaseError where that is missing or not all."""
    check_version(version)
    heading = next(
        (
            line
            for line in text.splitlines()
            if re.fullmatch(rf"## {re.escape(version)} - \d{{4}}-\d\d-\d\d", line)
        ),
        None,
    )
    if heading is None:
        raise ReleaseError(
            f"CHANGELOG.md has no heading of {version} with its date. Run: make release-prepare VERSION={version}"
        )
    if _body(text, UNRELEASED).strip():
        raise ReleaseError(
            f"CHANGELOG.md has more that is unreleased: it belongs under {version}, or to a version of its own"
        )
    return f"{heading.removeprefix('## ')}\n\n{_body(text, heading).strip()}\n"


def _body(text: str, heading: str) -> str:
    """Return what stands beneath a heading, up to the next one of its level."""
    _, _, after = f"\n{text}".partition(f"\n{heading}\n")
    return re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0]

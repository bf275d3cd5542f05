"""Which versions fit."""

from __future__ import annotations

import re

Version = tuple[int, int, int]

ENGINE: Version = (3, 259, 0)
"""The engine that set-up builds, and the oldest that it takes from a user."""
ENGINE_BELOW: Version = (4, 0, 0)
GO: Version = (1, 25, 11)
"""What the engine's modules ask for (`go` line of tools/pulumi/go.mod)."""

_NUMBERS = re.compile(r"(?<![\w.])(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?(?![\w.])")


def parse(text: str) -> Version | None:
    """Return the first release version in a program's answer: `v3.259.0`, `go version go1.26.8 linux/amd64`.

    A pre-release (`go1.27rc1`, `v3.260.0-alpha.1`) counts as none.
    """
    for found in _NUMBERS.finditer(text):
        if text[found.end() : found.end() + 1] not in {"-", "+"}:
            major, minor, patch = found.groups(default="0")
            return int(major), int(minor), int(patch)
    return None


def engine_fits(version: Version | None) -> bool:
    """Say whether an engine of this version serves the project."""
    return version is not None and ENGINE <= version < ENGINE_BELOW


def go_fits(version: Version | None) -> bool:
    """Say whether this Go builds the engine."""
    return version is not None and version >= GO


def dotted(version: Version) -> str:
    """Return the version as people write it."""
    return ".".join(map(str, version))

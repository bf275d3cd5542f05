"""Where files lie that ship with the product and are no code: in the installed package, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """Return a folder that the wheel holds within the package and a checkout at its root, such as `schemas`."""
    within = _PACKAGE / name
    return within if within.is_dir() else _PACKAGE.parents[1] / name

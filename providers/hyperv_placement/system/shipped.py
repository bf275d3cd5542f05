"""Where files lie that ship with the product and are no code: in the installed package, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_AT_THE_ROOT = {"schemas": "schemas", "pipelines": "docs/pipelines", "locks": "."}
"""As pyproject.toml's `force-include` takes them into the package -> where a checkout has them."""


def shipped(name: str) -> Path:
    """Return the folder of the schemas, the pipelines or the locks."""
    within = _PACKAGE / name
    return within if within.is_dir() else _PACKAGE.parents[1] / _AT_THE_ROOT[name]


def is_checkout() -> bool:
    """Say whether this code lies in a checkout of the product's repository, and not in an environment."""
    return not (_PACKAGE / "schemas").is_dir()

"""What `--json` prints: one object, with the version of its shape first. Its schemas: schemas/json, for people docs/json.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION = 1
"""Of the shape of all answers: keys may be added under the same version, none goes or changes its meaning."""


def json_text(answer: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """Return an answer as JSON in ASCII, its version first; `indent` None: on one line."""
    # In ASCII: a terminal or a pipe that lacks a letter would get an escape that JSON does not have.
    return json.dumps({"version": VERSION, **answer}, indent=indent)

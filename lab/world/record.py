"""The world as JSON: dataclasses to a file that is replaced whole, and back."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def write(path: Path, value: object) -> None:
    """Replace `path` by `value` in one step, so that a kill leaves the old or the new whole."""
    # Times as Python writes them, +00:00 and not Z: a lab of yesterday is read by the programs of yesterday, too.
    plain = msgspec.to_builtins(value, builtin_types=(datetime,))
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(plain, default=datetime.isoformat, separators=(",", ":")), encoding="utf-8")
    fresh.replace(path)


def read(path: Path, kind: type[T]) -> T:
    """Return what `write` has put there; names that `kind` does not have are passed over. Raises OSError or ValueError."""
    return msgspec.json.decode(path.read_bytes(), type=kind)

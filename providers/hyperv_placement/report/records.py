"""Values as JSON records: field names as in the model, keys sorted by the writer's order."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import IntEnum
from typing import Any


def record(value: object) -> Any:
    """Return `value` (model values, mappings, sequences, enums) as what `json.dumps` takes, without private fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = (field.name for field in dataclasses.fields(value) if not field.name.startswith("_"))
        return {name: record(getattr(value, name)) for name in shown}
    if isinstance(value, Mapping):
        return {str(key): record(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [record(item) for item in value]
    # A StrEnum is a str already; an IntEnum would be written as the number that WMI has for it.
    if isinstance(value, IntEnum):
        return value.name.lower()
    return value

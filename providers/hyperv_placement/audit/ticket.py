"""The ticket by which something was decided, as lines of the audit log name it."""

from __future__ import annotations

import re

from hyperv_placement.errors import PlacementError

TICKET = "PLACEMENT_TICKET"
_TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#:@+-]{0,63}")


def check_ticket(text: str) -> str:
    """Return `text` if it is well formed as a ticket. Raises PlacementError."""
    if _TICKET.fullmatch(text):
        return text
    raise PlacementError(
        f"{text[:80]!r} is not a ticket",
        remedy="Write its number, as CHG0031337: up to 64 letters, digits and . _ / # : @ + -",
    )

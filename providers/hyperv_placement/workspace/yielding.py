"""The request to a run under way to give its stack free: a tag of the stack, in the state that all computers share.

A run honours a request that was made after it had begun. Whoever honours it takes it away first, which is the answer. One that
is left over, as of a run that was killed, is older than every later run and stops none of them; where two computers' clocks
differ it may stop one, once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hyperv_placement.model import strict_json

from .holds import SharedHolds

TAG = "placement:yield"


@dataclass(frozen=True, slots=True, kw_only=True)
class YieldRequest:
    """Who wants the stack, since when and why."""

    id: str
    by: str
    """USER@HOST."""
    at: datetime
    """By the clock of that computer, in UTC."""
    reason: str = ""

    def __str__(self) -> str:
        """As messages name it: `operator@ops1 (firmware)`."""
        return f"{self.by} ({self.reason})" if self.reason else self.by


def ask(shared: SharedHolds, by: str, at: datetime, reason: str) -> YieldRequest:
    """Leave a request, over an earlier one. Raises HoldsError."""
    request = YieldRequest(id=secrets.token_hex(4), by=by, at=at, reason=reason)
    fields = {"id": request.id, "by": by, "at": at.isoformat(timespec="seconds"), "reason": reason}
    shared.write(TAG, json.dumps(fields, separators=(",", ":"), ensure_ascii=False))
    return request


def asked(tags: Mapping[str, str]) -> YieldRequest | None:
    """Return the request among the tags of a stack; None where there is none, or none that can be read."""
    try:
        given = strict_json.loads(tags[TAG].encode("utf-8"))
        at = datetime.fromisoformat(given["at"])
        if at.tzinfo is None:
            return None
        return YieldRequest(id=str(given["id"]), by=str(given["by"]), at=at, reason=str(given["reason"]))
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def take_away(shared: SharedHolds, request: YieldRequest) -> bool:
    """Take a request away if it is still this one; return whether it was. Raises HoldsError."""
    there = asked(shared.tags())
    if there is None or there.id != request.id:
        return False
    shared.remove(TAG)
    return True

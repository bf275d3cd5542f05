"""What a fault of the lab makes of an answer: none, or another one than the service would give."""

from __future__ import annotations

import random
from http import HTTPStatus

from lab.world.faults import Fault

_BROKEN = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><a:Act'


class Dropped(Exception):  # noqa: N818 - no error: a fault of the lab that was ordered
    """The connection is to be cut instead of an answer."""


class Instead(Exception):  # noqa: N818 - no error: a fault of the lab that was ordered
    """The answer is to be this: a status without SOAP, as from a service that starts, or a broken envelope."""

    def __init__(self, status: HTTPStatus, body: bytes = b"", location: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.location = location


def spoiled_by_chance(rule: Fault, host: str, number: int) -> bool:
    """Say whether a rule that speaks of a part of all answers fits the one of this number, the same for the same seed."""
    return random.Random(f"{rule.seed}-{host}-{number}").randrange(100) < rule.after


def instead_of_an_order(rule: Fault) -> Instead:
    """Return what an accepted order is answered with: HTTP 503 unless the rule says otherwise."""
    if rule.text:
        return Instead(HTTPStatus.OK, _BROKEN)
    try:
        return Instead(HTTPStatus(rule.code or HTTPStatus.SERVICE_UNAVAILABLE))
    except ValueError:
        return Instead(HTTPStatus.INTERNAL_SERVER_ERROR)

"""Requests and answers as they travel, for whoever listens: the file that `PLACEMENT_LOG=wire:FILE` names."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hyperv_placement.model.names import HostName
from hyperv_placement.wsman import Request

from .credentials import Credential

if TYPE_CHECKING:
    from .transport import Transport

WIRE = logging.getLogger(__name__)
WIRE.propagate = False  # envelopes go to a file that masks what is secret in them, never to a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A request and what came back for it; nothing is masked in it yet."""

    host: HostName
    request: Request
    sent: bytes
    seconds: float
    status: int | None
    """Of HTTP; None where no answer came."""
    answer: bytes | None
    error: str
    """Why there is no answer; empty where there is one."""
    credential: Credential = field(repr=False)
    """What was logged on with, so that it can be masked wherever a host repeats it."""


def exchanged(host: HostName, session: Transport, request: Request, sent: bytes) -> bytes:
    """Send an envelope and return the answer; whoever listens gets both. Raises what `session.send` raises."""
    if not WIRE.hasHandlers():
        return session.send(sent)
    begun, answer, failure = time.monotonic(), None, ""
    try:
        answer = session.send(sent)
    except BaseException as error:
        # An interrupt, too: what was under way then is what the file is asked for.
        failure = f"{type(error).__name__}: {error}"
        raise
    finally:
        exchange = Exchanged(
            host=host, request=request, sent=sent, seconds=time.monotonic() - begun, status=session.status,
            answer=answer, error=failure, credential=session.credential,
        )  # fmt: skip
        WIRE.debug("%s: a request and its answer", host, extra={"exchange": exchange})
    return answer

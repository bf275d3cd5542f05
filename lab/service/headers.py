"""What a host checks of a request's headers before it looks at anything else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hyperv_placement.wsman import Fault, Header, Request, catalogue, names
from lab.world.limits import WinrmLimits

_LEAST_ENVELOPE_SIZE = 8192  # MS-WSMV 3.1.4.1.7
_INVALID_TIMEOUT = "The request contains a timeout that is invalid. "


def refusal(request: Request, machine: str) -> Fault | None:
    """Return the fault of the first header that is wrong, None where all are fine.

    A wrong `To` is tolerated: hosts are dialled by any of their names.
    """
    return next(_findings(request.header, machine), None)


def _findings(header: Header, machine: str) -> Iterator[Fault]:
    """Yield a fault for each header that is wrong, in the order in which a host is taken to look."""
    required = (
        (header.reply_to, "ReplyTo"),
        (header.message_id, "MessageID"),
        (header.action, "Action"),
        (header.to, "To"),
    )
    for value, name in required:
        if not value:
            yield catalogue.missing_header(name)  # MS-WSMV 3.1.4.1; for others than ReplyTo a guess
    if header.reply_to != names.ANONYMOUS:
        yield catalogue.unsupported_feature(machine, "AddressingMode")  # DSP0226 5.4.2
    if header.unknown_mandatory:
        yield catalogue.must_understand(header.unknown_mandatory[0])
    if header.locale_mandatory:
        yield catalogue.unsupported_feature(machine, "Locale")  # MS-WSMV 3.1.4.1
    if header.max_envelope_size is not None and header.max_envelope_size < _LEAST_ENVELOPE_SIZE:
        yield catalogue.encoding_limit(machine)
    if header.operation_timeout_text and (header.operation_timeout or timedelta(0)) <= timedelta(0):
        yield catalogue.invalid_header(machine, _INVALID_TIMEOUT)
    if not header.resource_uri:
        yield catalogue.destination_unreachable(machine)


def envelope_size(request: Request, limits: WinrmLimits) -> int:
    """Return the size an answer may have; the service's own where none or a larger one is asked (3.1.4.1.7)."""
    return min(request.header.max_envelope_size or limits.max_envelope_bytes, limits.max_envelope_bytes)


def timeout_seconds(request: Request, limits: WinrmLimits) -> float:
    """Return how long the operation may take; MaxTimeoutms bounds it (MS-WSMV 2.2.4.10)."""
    most = limits.max_timeout_ms / 1000
    asked = request.header.operation_timeout
    return most if asked is None else min(asked.total_seconds(), most)

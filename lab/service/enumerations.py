"""Enumerations under way: their contexts, which change with every answer, and the cutting of pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from hyperv_placement.wsman import (
    Enumerate,
    EnumerateResponse,
    Item,
    Pull,
    PullResponse,
    Release,
    ReleaseResponse,
    catalogue,
    encode_items,
)
from lab.wmi.builds import optimises_fully
from lab.wmi.refusal import RequestRefusedError
from lab.world import LabHost

from .headers import envelope_size

_ENVELOPE_CHARACTERS = 1500
"""What header and body take beside the items, rounded up: captured pages end below half of the limit (txwinrm)."""


@dataclass(slots=True)
class _Enumeration:
    """The rows that have not been pulled yet."""

    items: list[Item]
    owner: str
    expires: float
    at: int = 0


@dataclass(slots=True)
class Enumerations:
    """The open enumerations of one host; hold the world's lock while using them."""

    host: LabHost
    """For its limits, and for the form of its answers."""
    now: Callable[[], float]
    """Monotonic seconds."""
    _open: dict[str, _Enumeration] = field(default_factory=dict)

    def begin(self, request: Enumerate, items: list[Item], owner: str, machine: str) -> EnumerateResponse:
        """Answer Enumerate: a context and nothing else, or the first page where that was asked for.

        Optimised answers have the items in the wsman namespace; when all fits, an empty context and EndOfSequence
        (txwinrm's captures). Where more is to come, old builds give one item and current ones a full page (guess).
        """
        opened = _Enumeration(items, owner, 0.0)
        if not request.optimize:
            return EnumerateResponse(context=self._keep(opened))
        page = self._page(opened, request, machine)
        if opened.at < len(items) and not optimises_fully(self.host.build):
            page, opened.at = page[:1], 1
        if opened.at == len(items):
            return EnumerateResponse(context=None, items=page, end=True)
        return EnumerateResponse(context=self._keep(opened), items=page)

    def pull(self, request: Pull, owner: str, machine: str) -> PullResponse:
        """Answer Pull, on the class URI or on `*` alike (libvirt): one item unless MaxElements says more."""
        opened = self._take(request.context, owner, machine)
        try:
            page = self._page(opened, request, machine)
        except RequestRefusedError:
            self._open[request.context] = opened
            raise
        if opened.at == len(opened.items):
            return PullResponse(context=None, items=page, end=True)
        return PullResponse(context=self._keep(opened), items=page)

    def release(self, request: Release, owner: str, machine: str) -> ReleaseResponse:
        """Forget an enumeration."""
        self._take(request.context, owner, machine)
        return ReleaseResponse()

    def _keep(self, opened: _Enumeration) -> str:
        context = f"uuid:{str(uuid.uuid4()).upper()}"
        opened.expires = self.now() + self.host.winrm.enumeration_timeout_ms / 1000
        self._open[context] = opened
        return context

    def _take(self, context: str, owner: str, machine: str) -> _Enumeration:
        """Return the enumeration of this context; a context serves once.

        Raises RequestRefusedError for a context that was used, has expired, or belongs to somebody else.
        """
        self._forget_expired()
        opened = self._open.get(context)
        if opened is None or opened.owner != owner:
            raise RequestRefusedError(catalogue.invalid_enumeration_context(machine))
        del self._open[context]
        return opened

    def _forget_expired(self) -> None:
        now = self.now()
        self._open = {context: each for context, each in self._open.items() if each.expires > now}

    def open_of(self, owner: str) -> int:
        """Return how many enumerations of this caller wait for a Pull."""
        self._forget_expired()
        return sum(each.owner == owner for each in self._open.values())

    def _page(self, opened: _Enumeration, request: Enumerate | Pull, machine: str) -> tuple[Item, ...]:
        """Return the next items: as many as asked for, one where nothing is said, and as fit.

        MaxEnvelopeSize counts UTF-16 bytes (captures of txwinrm). Raises RequestRefusedError where not even one fits.
        """
        limits = self.host.winrm
        room = envelope_size(request, limits) // 2 - _ENVELOPE_CHARACTERS
        most = min(max(1, request.max_elements or 1), limits.max_batch_items)
        page: list[Item] = []
        while opened.at < len(opened.items) and len(page) < most:
            item = opened.items[opened.at]
            room -= len(encode_items((item,)))
            if room < 0:
                break
            page.append(item)
            opened.at += 1
        if not page and opened.at < len(opened.items):
            raise RequestRefusedError(catalogue.encoding_limit(machine))
        return tuple(page)

"""The headers of a message that decisions depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from .epr import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The headers of a message that decisions depend on."""

    action: str = ""
    message_id: str = ""
    to: str = ""
    reply_to: str | None = None
    """Address of ReplyTo; None where the header is missing."""
    relates_to: str = ""
    resource_uri: str = ""
    selectors: Mapping[str, Selector] = field(default_factory=dict)
    max_envelope_size: int | None = None
    operation_timeout: timedelta | None = None
    operation_timeout_text: str = ""
    """As sent, so that a negative or malformed timeout is still seen."""
    locale: str = ""
    locale_mandatory: bool = False
    unknown_mandatory: tuple[str, ...] = ()
    """Local names of headers marked mustUnderstand that this codec does not know."""
    lang: str = ""
    """xml:lang of the envelope."""


EMPTY = Header()

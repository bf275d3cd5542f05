"""The headers of a message, as far as anybody decides by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from .epr import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Headers of a message, as far as anybody decides by them."""

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
    """As sent: a negative or malformed timeout has no value but is there."""
    locale: str = ""
    locale_mandatory: bool = False
    unknown_mandatory: tuple[str, ...] = ()
    """Local names of headers marked mustUnderstand that this codec does not know."""
    lang: str = ""
    """xml:lang of the envelope."""


EMPTY = Header()

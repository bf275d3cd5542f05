"""The ticket-granting ticket in the cache that Kerberos uses without password and keytab."""

from __future__ import annotations

import importlib
from typing import Any


def ticket_is_forwardable() -> bool | None:
    """Return whether it may be forwarded, which constrained delegation needs; None where there is no ticket, or none can be read.

    Windows keeps its tickets to itself, so that the answer there is None.
    """
    try:
        krb5: Any = importlib.import_module("krb5")
    except ImportError:
        return None
    try:
        context = krb5.init_context()
        tickets = [
            ticket for ticket in krb5.cc_default(context) if bytes(ticket.server.name).startswith(_GRANTING)
        ]
    except krb5.Krb5Error:
        return None
    return bool(tickets[-1].ticket_flags_raw & _FORWARDABLE) if tickets else None


_GRANTING = b"krbtgt/"
_FORWARDABLE = 0x40000000
"""Bit 1 of TicketFlags (RFC 4120 5.3)."""

"""Who is at the other end of one TCP connection: basic with each request, NTLM for the connection."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import spnego
from spnego.exceptions import SpnegoError

from .accounts import Accounts

_NTLM_SIGNATURE = b"NTLMSSP\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The request is answered with 401 and these WWW-Authenticate headers."""

    offers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The request may be carried out for `name`; `token` belongs into WWW-Authenticate of the answer."""

    name: str
    token: str = ""


OFFERS = ("Negotiate", 'Basic realm="WSMAN"')
"""Basic is off on real hosts unless switched on (WinRM installation page); the lab has it on, over TLS alone."""


class Login:
    """The state of authentication of one TCP connection.

    NTLM authenticates a connection, not a request (MS-NTHT 3.2): once done, further requests on it need none, and
    a request that comes in the middle of a handshake without its token ends the handshake. Channel bindings are
    not checked, as with CbtHardeningLevel Relaxed and a client that sends none (WinRM installation page).
    """

    def __init__(self, accounts: Accounts) -> None:
        """Start with nobody known."""
        self._accounts = accounts
        self._handshake: spnego.ContextProxy | None = None
        self._known = False

    def check(self, authorization: str | None) -> Granted | Challenge:
        """Judge one request by its Authorization header."""
        if authorization is None:
            self._handshake = None
            return Granted(name=self._accounts.username) if self._known else Challenge(offers=OFFERS)
        scheme, _, content = authorization.partition(" ")
        try:
            token = base64.b64decode(content.strip(), validate=True)
        except binascii.Error:
            return self._refuse()
        match scheme.casefold():
            case "basic":
                return self._basic(token)
            case "negotiate":
                return self._negotiate(token)
            case _:
                return self._refuse()

    def _refuse(self) -> Challenge:
        self._known, self._handshake = False, None
        return Challenge(offers=OFFERS)

    def _basic(self, token: bytes) -> Granted | Challenge:
        username, _, password = token.decode("utf-8", "replace").partition(":")
        if not self._accounts.accepts(username, password):
            return self._refuse()
        return Granted(name=self._accounts.username)

    def _negotiate(self, token: bytes) -> Granted | Challenge:
        """Take one step of the handshake: raw NTLM and NTLM within SPNEGO look alike from outside."""
        if self._handshake is None:
            self._known = False
            self._handshake = _acceptor(token)
        try:
            answer = self._handshake.step(token)
        except (SpnegoError, ValueError, IndexError, KeyError):  # whatever a client may have put in there
            return self._refuse()
        text = base64.b64encode(answer).decode() if answer else ""
        if not self._handshake.complete:
            return Challenge(offers=(f"Negotiate {text}",)) if text else self._refuse()
        principal = self._handshake.client_principal or ""
        self._handshake = None
        if not self._accounts.knows(principal):
            return self._refuse()
        self._known = True
        return Granted(name=self._accounts.username, token=f"Negotiate {text}" if text else "")


def _acceptor(token: bytes) -> spnego.ContextProxy:
    """Return a context that can accept what begins with `token`."""
    if token.startswith(_NTLM_SIGNATURE):
        return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)

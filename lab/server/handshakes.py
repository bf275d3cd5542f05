"""The hosts' side of Negotiate and CredSSP: tokens in, tokens out, and the sealing of messages afterwards."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from hyperv_placement.wsman import sealed
from lab.wmi.accounts import Accounts, User

if TYPE_CHECKING:
    from lab.directory.users import Door

_NTLM_SIGNATURE = b"NTLMSSP\x00"
_BINDINGS = struct.pack("<HH", 0x000A, 16)
"""Head of MsvAvChannelBindings, by which a client binds its login to the TLS channel (MS-NLMP 2.2.2.1)."""
_TOKEN_ERRORS = (SpnegoError, ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error)
"""What pyspnego raises at tokens that a client has made up."""


class TokenRefusedError(Exception):
    """A token is malformed, or proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a finished handshake leaves: who calls, and keys for messages."""

    user: User
    context: spnego.ContextProxy
    protocol: str
    """Name of the encryption in a message's Content-Type."""

    def opened(self, content_type: str, body: bytes) -> bytes:
        """Return the envelope in an encrypted body. Raises ProtocolError or TokenRefusedError."""
        return sealed.unpack(content_type, body, self.protocol, self._unseal)

    def closed(self, envelope: bytes) -> tuple[str, bytes]:
        """Return Content-Type and body of an encrypted envelope."""
        return sealed.pack(envelope, self.protocol, self._seal)

    def _unseal(self, piece: sealed.Sealed) -> bytes:
        try:
            text: bytes = self.context.unwrap_winrm(piece.header, piece.data)
        except _TOKEN_ERRORS as error:
            raise TokenRefusedError("a message cannot be decrypted") from error
        return text

    def _seal(self, text: bytes) -> sealed.Sealed:
        result = self.context.wrap_winrm(text)
        return sealed.Sealed(header=result.header, data=result.data, length=len(text) + result.padding_length)


class Handshake:
    """One login under way on one connection."""

    def __init__(self, scheme: str, accounts: Accounts, bindings: bytes, door: Door | None = None) -> None:
        """`scheme`: negotiate or credssp. `bindings`: the end point of the TLS channel (RFC 5929), else empty.

        `door`: what takes tokens at a host of a directory's domain.
        """
        self.scheme = scheme
        self._door = door
        self._accounts = accounts
        self._bindings = bindings
        self._context: spnego.ContextProxy | None = None

    def step(self, token: bytes) -> bytes:
        """Return the answer to a token, empty where none is due. Raises TokenRefusedError."""
        bound = self._bindings and (self._door is not None or _BINDINGS in token)
        bindings = GssChannelBindings(application_data=self._bindings) if bound else None
        try:
            with self._accounts.for_ntlm():
                self._context = self._context or _acceptor(self.scheme, token, self._door)
                return self._context.step(token, channel_bindings=bindings) or b""
        except _TOKEN_ERRORS as error:
            raise TokenRefusedError("a token is refused") from error

    def channel(self, computer: str) -> Channel | None:
        """Return what the handshake came to, None where it goes on. Raises TokenRefusedError for strangers."""
        context = self._context
        if context is None or not context.complete:
            return None
        user = self._accounts.user(context.client_principal or "", computer)
        if user is None:
            raise TokenRefusedError("no account of this host or its domain")
        if self.scheme != "credssp":
            return Channel(user=_came_by(user, context), context=context, protocol=sealed.SPNEGO)
        password = getattr(context.get_extra_info("client_credential"), "password", "")
        if not self._accounts.is_password_of(user, password):
            raise TokenRefusedError("the password that was handed over is not the account's")
        user = replace(user, scheme="credssp", password=password)
        return Channel(user=user, context=context, protocol=sealed.CREDSSP)


def _came_by(user: User, context: spnego.ContextProxy) -> User:
    """Return the user with what a login by Kerberos leaves to a host."""
    if context.negotiated_protocol != "kerberos":
        return user
    from lab.directory.acceptors import delegated  # noqa: PLC0415 - only where Kerberos is there

    return replace(user, scheme="kerberos", delegated=delegated(context))


def _acceptor(scheme: str, token: bytes, door: Door | None) -> spnego.ContextProxy:
    """Return a context that can accept what begins with `token`; raw NTLM goes under Negotiate, too."""
    if door is not None:
        return door.credssp() if scheme == "credssp" else door.negotiate()
    if scheme == "credssp":
        inner = spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
        return spnego.server(protocol="credssp", credssp_negotiate_context=inner)
    options = spnego.NegotiateOptions.wrapping_winrm
    if token.startswith(_NTLM_SIGNATURE):
        return spnego.server(protocol="ntlm", options=options | spnego.NegotiateOptions.use_ntlm)
    return spnego.server(protocol="negotiate", options=options | spnego.NegotiateOptions.use_negotiate)

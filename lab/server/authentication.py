"""Who is at the other end of one TCP connection: basic and certificate with each request, NTLM and CredSSP once."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.home.certificates import CLIENT_SCHEME, Peer
from lab.wmi.accounts import Accounts, User

from .handshakes import Channel, Handshake, TokenRefusedError

if TYPE_CHECKING:
    from lab.directory import users


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The request is answered with 401 and these WWW-Authenticate headers."""

    offers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The request may be carried out for `user`; `token` belongs into WWW-Authenticate of the answer."""

    user: User
    token: str = ""
    channel: Channel | None = None
    """Keys for encrypted messages, where the login left some."""


NEGOTIATE, CREDSSP, BASIC = "Negotiate", "CredSSP", 'Basic realm="WSMAN"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What a listener of a host asks of those who come."""

    accounts: Accounts
    computer: str
    """The host's name, the domain of its local accounts."""
    basic: bool
    """Whether basic is taken: over TLS, or where AllowUnencrypted is on."""
    credssp: bool = True
    """Whether CredSSP is switched on."""
    bindings: bytes = b""
    """End point of the TLS channel (RFC 5929); empty for plain HTTP."""
    domain: users.Door | None = None
    """What takes the tokens of a directory's people, where the host is of such a domain."""
    peer: Peer | None = None
    """Who the client's certificate is for, where there is one."""

    @property
    def offers(self) -> tuple[str, ...]:
        """The schemes for WWW-Authenticate.

        Basic, CredSSP and certificates are off on real hosts until switched on (WinRM installation page); the lab
        has them on. Kerberos, under Negotiate, needs a directory. Certificates are not among the offers.
        """
        return (NEGOTIATE, *((BASIC,) if self.basic else ()), *((CREDSSP,) if self.credssp else ()))


class Login:
    """The state of authentication of one TCP connection.

    NTLM and CredSSP authenticate a connection, not a request (MS-NTHT 3.2): once done, further requests on it need
    none, and a request that comes in the middle of a handshake without its token ends the handshake. Channel
    bindings are checked where a client sends them, as with CbtHardeningLevel Relaxed (WinRM installation page).
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._handshake: Handshake | None = None
        self._channel: Channel | None = None

    @property
    def is_known(self) -> bool:
        """Whether somebody has logged on for the connection."""
        return self._channel is not None

    def forget(self) -> None:
        """Forget who is logged on."""
        self._channel = self._handshake = None

    def check(self, authorization: str | None) -> Granted | Challenge:
        """Judge one request by its Authorization header."""
        if authorization is None:
            return self._known()
        if authorization.strip() == CLIENT_SCHEME:
            return self._certificate()
        scheme, _, content = authorization.partition(" ")
        try:
            token = base64.b64decode(content.strip(), validate=True)
        except ValueError:  # no base64, or not even ASCII
            return self.refuse()
        match scheme.casefold():
            case "basic" if self._door.basic:
                return self._basic(token)
            case "negotiate" | "credssp" as known if known == "negotiate" or self._door.credssp:
                return self._step(known, token)
            case _:
                return self.refuse()

    def _known(self) -> Granted | Challenge:
        """A request without the header is whoever has logged on, and ends a handshake that is under way."""
        self._handshake = None
        if self._channel is None:
            return Challenge(offers=self._door.offers)
        return Granted(user=self._channel.user, channel=self._channel)

    def refuse(self) -> Challenge:
        """Know nobody any more, and say what is on offer."""
        self.forget()
        return Challenge(offers=self._door.offers)

    def _basic(self, token: bytes) -> Granted | Challenge:
        """Basic logs on a local account (Learn, "Authentication for Remote Connections").

        The domain account's name is taken for the local account of that name: a guess.
        """
        username, _, password = token.decode("utf-8", "replace").partition(":")
        accounts, computer = self._door.accounts, self._door.computer
        user = accounts.user(username, computer)
        own = user is not None and (user.local or user.name.casefold() == accounts.username.casefold())
        if not own or not accounts.is_password(password):
            return self.refuse()
        return Granted(user=replace(accounts.local_user(computer), scheme="basic"))

    def _certificate(self) -> Granted | Challenge:
        """A client certificate is mapped to a local account, never to one of the domain (the same page)."""
        if self._door.peer is None or not self._door.peer.is_mapped:
            return self.refuse()
        user = self._door.accounts.local_user(self._door.computer)
        return Granted(user=replace(user, scheme="certificate"))

    def _step(self, scheme: str, token: bytes) -> Granted | Challenge:
        """Take one step of the handshake."""
        if self._handshake is None or self._handshake.scheme != scheme:
            self._channel = None
            self._handshake = Handshake(scheme, self._door.accounts, self._door.bindings, self._door.domain)
        try:
            answer = self._handshake.step(token)
            self._channel = self._handshake.channel(self._door.computer)
        except TokenRefusedError:
            return self.refuse()
        label = NEGOTIATE if scheme == "negotiate" else CREDSSP
        text = f"{label} {base64.b64encode(answer).decode()}" if answer else ""
        if self._channel is None:
            return Challenge(offers=(text,)) if text else self.refuse()
        self._handshake = None
        return Granted(user=self._channel.user, token=text, channel=self._channel)

"""A login by NTLM, Kerberos or CredSSP on one connection, and the encryption of its messages, through pyspnego."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from hyperv_placement.errors import ProtocolError
from hyperv_placement.model.stack import Authentication, HostSpec
from hyperv_placement.system.shipped import is_checkout
from hyperv_placement.wsman import sealed

from .bindings import channel_bindings, spnego_credential
from .connection_errors import LoginImpossibleError
from .credentials import Credential
from .login_failures import Login

NEGOTIATED: frozenset[Authentication] = frozenset({"ntlm", "kerberos", "credssp"})
"""Schemes that log on once for a connection and can encrypt messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a host said to an empty request."""

    status: int
    offers: str
    """WWW-Authenticate, several joined by commas."""
    certificate: bytes | None
    """The host's own in DER form, where the connection is TLS."""


Post = Callable[[Mapping[str, str]], Reply]
"""Posts an empty body with these headers, always on the same connection."""

_LEGS = 12  # CredSSP takes six
_OFFER = re.compile(
    r"(?:^|,)\s*(Negotiate|NTLM|Kerberos|CredSSP|Basic)\b[ ]*([A-Za-z0-9+/=]*)", re.IGNORECASE
)
_UNAUTHORIZED, _OK = 401, 200
_SETUP: Mapping[Authentication, str] = {
    "credssp": "Run Enable-WSManCredSSP -Role Server on it, or choose another auth: in the stack file",
    "ntlm": 'Run winrm set winrm/config/service/auth @{Negotiate="true"} on it, or choose another auth:',
    "kerberos": 'Run winrm set winrm/config/service/auth @{Negotiate="true"} on it, or choose another auth:',
}
_KERBEROS = "--require-hashes -r requirements-kerberos.txt" if is_checkout() else "'pyspnego[kerberos]'"
_KERBEROS_BUILD = (
    f"Run: apt install gcc python3-dev libkrb5-dev, then .venv/bin/python -m pip install {_KERBEROS}"
)
_UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError, NotImplementedError, struct.error)
"""What pyspnego raises beside its own errors, for bytes that are no token and for digests that are blocked."""


class SealingError(Exception):
    """A message could not be encrypted, so nothing of it was sent: the login is used up (SSPI expires contexts)."""


class Negotiation:
    """One login; it is worth nothing on another connection than the one it was made on."""

    def __init__(self, host: HostSpec, credential: Credential) -> None:
        self._host = host.name
        self._credential = credential
        self._auth = host.connection.auth
        self._encrypts = host.endpoint.startswith("http:")
        self._target = host.connection.kerberos_host or urlsplit(host.endpoint).hostname or ""
        self._login = Login(
            host=host.name,
            credential=credential,
            auth=self._auth,
            encrypts=self._encrypts,
            target=self._target,
        )
        self._scheme = "CredSSP" if self._auth == "credssp" else "Negotiate"
        self._protocol = sealed.CREDSSP if self._auth == "credssp" else sealed.SPNEGO
        self._context: Any = None

    def log_on(self, post: Post) -> None:
        """Log on by requests with empty bodies, so that nothing is sent to a host that has not been proven.

        Raises AuthenticationError where the credential is refused, LoginImpossibleError where it could not be
        tried, and what `post` raises.
        """
        first = post({})  # also makes the TLS connection, whose certificate the login is bound to
        self._check_offered(first)
        self._context = self._client(channel_bindings(first.certificate))
        self._shake_hands(post)
        if not self._context.complete:
            raise self._login.refused()
        # CredSSP always encrypts, in a TLS session of its own; of the others only the context says what came out.
        encrypts = self._auth == "credssp" or bool(
            self._context.context_attr & spnego.ContextReq.confidentiality
        )
        if self._encrypts and not encrypts:
            raise LoginImpossibleError(
                f"{self._host} negotiated a login without encryption, and plain HTTP would show every message",
                remedy="Use an https address",
            )

    def _shake_hands(self, post: Post) -> None:
        token = self._step(None)
        for _ in range(_LEGS):
            # NTLM and Kerberos alike travel as Negotiate (RFC 4559); the connection, not the header, has the login.
            text = base64.b64encode(token or b"").decode()
            answer = post({"Authorization": f"{self._scheme} {text}"})
            received = self._token(answer)
            if answer.status == _UNAUTHORIZED and received is None:
                raise self._login.refused()
            token = self._step(received) if received is not None else None
            # The last token of the host proves it to us, so it is taken in before the status counts.
            if answer.status == _OK:
                return
            if answer.status != _UNAUTHORIZED:
                raise ProtocolError(f"{self._host} answered a login with HTTP {answer.status}")
            if token is None:
                raise self._login.refused()
        raise self._login.refused()

    def _check_offered(self, answer: Reply) -> None:
        # A host that asks for no login proves nothing, so it gets no message either.
        if answer.status != _UNAUTHORIZED:
            raise ProtocolError(
                f"{self._host} answered HTTP {answer.status} where it should ask for a login",
                remedy="Check the address in the stack file: host, port and path (/wsman)",
            )
        offered = [match[1] for match in _OFFER.finditer(answer.offers)]
        if self._scheme.casefold() not in {name.casefold() for name in offered}:
            raise LoginImpossibleError(
                f"{self._host} does not offer {self._scheme}, which auth: {self._auth} needs"
                f" (it offers {', '.join(offered) or 'nothing'})",
                remedy=_SETUP[self._auth],
            )

    def _token(self, answer: Reply) -> bytes | None:
        """Return the host's token, None where it sent none."""
        found = [m for m in _OFFER.finditer(answer.offers) if m[1].casefold() == self._scheme.casefold()]
        if not found or not found[0][2]:
            return None
        try:
            return base64.b64decode(found[0][2], validate=True)
        except binascii.Error as error:
            raise ProtocolError(f"{self._host} sent a token that is not base64") from error

    def _step(self, token: bytes | None) -> bytes | None:
        try:
            answer: bytes | None = self._context.step(token)
        except SpnegoError as error:
            raise self._login.failed(error) from error
        except _UNREADABLE as error:
            raise self._login.impossible(error) or ProtocolError(
                f"{self._host} sent a token that cannot be read", detail=str(error)
            ) from error
        return answer

    def _client(self, bindings: GssChannelBindings | None) -> Any:
        """Return a context, on Windows for Kerberos by SSPI (unverified).

        Raises AuthenticationError where a KDC refuses, LoginImpossibleError where none can be.
        """
        options, more = spnego.NegotiateOptions.wrapping_winrm, cast("dict[str, Any]", {})
        if self._auth == "ntlm":
            options |= spnego.NegotiateOptions.use_ntlm
        # Hands a ticket on only to hosts that the domain trusts with it, as Windows does. It also makes pyspnego ask for
        # a forwardable ticket, which constrained delegation wants.
        delegation = spnego.ContextReq.delegate_policy if self._auth == "kerberos" else spnego.ContextReq.none
        try:
            if self._auth == "credssp":
                more = self._handing_over()
            return spnego.client(
                spnego_credential(self._credential),
                hostname=self._target,
                service="HTTP",
                # CredSSP binds itself, by the public key of its own TLS session (MS-CSSP 3.1.5, pubKeyAuth).
                channel_bindings=None if self._auth == "credssp" else bindings,
                context_req=spnego.ContextReq.default | delegation,
                protocol=self._auth,
                options=options,
                **more,
            )
        except ImportError as error:
            raise LoginImpossibleError(
                f"{self._login.scheme} needs the Python packages gssapi and krb5 ({error})",
                remedy=_KERBEROS_BUILD,
            ) from error
        except Exception as error:
            raise self._login.impossible(error) or self._login.failed(error) from error

    def _handing_over(self) -> dict[str, Any]:
        """Return how CredSSP is spoken. Over TLS the certificate has proven the host that gets the password.

        Over plain HTTP a ticket for it does, before anything of the password is sent (MS-CSSP 3.1.5: the credentials are its
        last message); CredSSP's own TLS takes any certificate. That a host takes Kerberos' tokens there without SPNEGO around
        them is unverified; pypsrp sends them so (credssp_auth_mechanism).
        """
        since_2018 = {"credssp_min_protocol": 5}  # what Windows itself asks for since CVE-2018-0886
        if not self._login.kerberos:
            return since_2018
        inner = spnego.client(
            spnego_credential(self._credential),
            hostname=self._target,
            service="HTTP",
            protocol="kerberos",
        )
        return {**since_2018, "credssp_negotiate_context": inner}

    # the interface of winrm.encryption.Encryption, which pywinrm's transport uses

    def prepare_encrypted_request(
        self, session: requests.Session, endpoint: str, message: bytes
    ) -> requests.PreparedRequest:
        """Return a request with an encrypted body."""
        kind, body = sealed.pack(message, self._protocol, self._seal)
        request = requests.Request("POST", endpoint, data=body, headers={"Content-Type": kind})
        return session.prepare_request(request)

    def parse_encrypted_response(self, response: requests.Response) -> bytes:
        """Return the envelope of an answer. Raises ProtocolError for one that is not encrypted or cannot be read."""
        kind = response.headers.get("Content-Type", "")
        if not sealed.is_sealed(kind):
            # With any other status there is no envelope to be had; the transport says what the status means.
            if response.content and response.status_code in {200, 500}:
                raise ProtocolError(f"{self._host} answered an encrypted message without encryption")
            return b""
        try:
            return sealed.unpack(kind, response.content, self._protocol, self._unseal)
        except SpnegoError as error:
            raise ProtocolError(
                f"{self._host} gave an answer that cannot be decrypted", detail=str(error)
            ) from error
        except ProtocolError as error:
            raise ProtocolError(f"{self._host}: {error.message}") from error

    def _seal(self, text: bytes) -> sealed.Sealed:
        try:
            result = self._context.wrap_winrm(text)
        except SpnegoError as error:
            raise SealingError from error
        return sealed.Sealed(header=result.header, data=result.data, length=len(text) + result.padding_length)

    def _unseal(self, piece: sealed.Sealed) -> bytes:
        text: bytes = self._context.unwrap_winrm(piece.header, piece.data)
        return text

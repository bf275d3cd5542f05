"""A login at a domain controller: a password inside TLS, or Kerberos, which seals messages where TLS does not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import spnego
from spnego.exceptions import SpnegoError

from hyperv_placement.errors import DirectoryLoginError, DirectoryUnreachableError
from hyperv_placement.model.directory import DirectorySpec
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection
from hyperv_placement.winrm.bindings import channel_bindings, spnego_credential
from hyperv_placement.winrm.credentials import Credential, read_credential

from . import messages
from .channel import Channel, ClosedError
from .messages import Result

DIRECTORY = "HYPERV_DIRECTORY"
"""How the names of variables begin that hold the login at the directory."""
_LEGS = 5
"""Kerberos needs two."""
Exchange = Callable[[Callable[[int], bytes]], Result]
"""Sends the message built for a number, and returns its result."""


def log_in(spec: DirectorySpec, channel: Channel, exchange: Exchange) -> str:
    """Log in, and return the name of the account for error messages.

    Raises CredentialsError, DirectoryLoginError or DirectoryUnreachableError.
    """
    credential = credential_of(spec)
    if spec.auth == "simple":
        _simple(credential, channel, exchange)
    else:
        _kerberos(spec, credential, channel, exchange)
    return credential.owner


def credential_of(spec: DirectorySpec) -> Credential:
    """Return the credential for the directory. Raises CredentialsError.

    Of its file, or where that is not there, of HYPERV_DIRECTORY_USERNAME, _PASSWORD and _KEYTAB; without a file the ticket in the cache.
    """
    connection = Connection(
        auth="basic" if spec.auth == "simple" else "kerberos",
        credentials=spec.credentials,
        policy=spec.policy,
    )
    # Without a file it is the ticket, as ever: what is set for somebody else's stack must not log on here.
    environment = {} if spec.credentials is None else os.environ
    return read_credential(connection, HostName("directory"), environment, prefix=DIRECTORY)


def _simple(credential: Credential, channel: Channel, exchange: Exchange) -> None:
    if channel.certificate is None:
        raise DirectoryLoginError(
            f"No password is sent to {channel.server}, which has no TLS",
            remedy="Write ldaps:// in directory.server",
        )
    # A directory treats a login with an empty password as anonymous (RFC 4513 5.1.2).
    if not credential.password:
        raise DirectoryLoginError(f"The password of {credential.owner} for the directory is empty")
    result = exchange(lambda number: messages.bind_simple(number, credential.username, credential.password))
    _judge(result, credential, channel)


def _kerberos(spec: DirectorySpec, credential: Credential, channel: Channel, exchange: Exchange) -> None:
    name = spec.kerberos_host or channel.host
    try:
        context = _context(name, credential, channel)
        token, result = context.step(None), Result(code=messages.SASL_BIND_IN_PROGRESS)
        for _ in range(_LEGS):
            result = exchange(lambda number, token=token: messages.bind_spnego(number, token or b""))  # type: ignore[misc] # a default binds it
            if result.code not in {messages.SUCCESS, messages.SASL_BIND_IN_PROGRESS}:
                break
            # Taken in before the code counts: the token that comes with success is the server's proof.
            token = context.step(result.token) if result.token is not None else None
            if result.code == messages.SUCCESS:
                break
    except (SpnegoError, ImportError, ValueError) as error:
        words = " ".join(str(error).split())
        raise DirectoryLoginError(
            f"No Kerberos ticket of {credential.owner} for ldap/{name} ({words})",
            remedy="Check with klist and kinit -f, directory.server or kerberos_host (the full name), and krb5.conf; "
            "auth: kerberos needs the Python packages gssapi and krb5, except on Windows",
        ) from error
    _judge(result, credential, channel)
    if not context.complete:
        raise DirectoryLoginError(f"{channel.server} did not prove who it is")
    if channel.certificate is None:
        _seal(context, channel)


def _context(name: str, credential: Credential, channel: Channel) -> Any:
    """Return a context that seals, or over TLS one that does not: a domain controller allows only one of the two.

    Over TLS the login is bound to the certificate instead (RFC 5929 4.1); that a domain controller which requires
    channel bindings accepts this is unverified.
    """
    certificate = channel.certificate
    wanted = spnego.ContextReq.mutual_auth | (
        spnego.ContextReq.default if certificate is None else spnego.ContextReq.no_integrity
    )
    return spnego.client(
        spnego_credential(credential),
        hostname=name,
        service="ldap",
        protocol="kerberos",  # never NTLM, whatever the server offers
        context_req=wanted,
        channel_bindings=channel_bindings(certificate),
    )


def _seal(context: Any, channel: Channel) -> None:
    # What a context was asked for is a wish; its attributes tell what came out (RFC 2743 1.2).
    if not context.context_attr & spnego.ContextReq.confidentiality:
        raise DirectoryLoginError(f"{channel.server} does not seal messages")

    def wrap(plain: bytes) -> bytes:
        try:
            return bytes(context.wrap(plain).data)
        except SpnegoError as error:  # the ticket has expired: a new login gets another one
            raise ClosedError(str(error)) from error

    def unwrap(sealed: bytes) -> bytes:
        try:
            return bytes(context.unwrap(sealed).data)
        except SpnegoError as error:
            raise ClosedError(str(error)) from error

    channel.seal(wrap, unwrap)


def _judge(result: Result, credential: Credential, channel: Channel) -> None:
    if result.code == messages.SUCCESS:
        return
    if result.code == messages.STRONGER_AUTH_REQUIRED:
        raise DirectoryLoginError(
            f"{channel.server} does not take this login ({result})",
            remedy="For auth: kerberos write ldap:// in directory.server, which is then sealed; for simple ldaps://",
        )
    if result.code == messages.INVALID_CREDENTIALS:
        raise DirectoryLoginError(f"{channel.server} refused {credential.owner} ({result})")
    raise DirectoryUnreachableError(
        f"{channel.server} did not take the login of {credential.owner} ({result})"
    )

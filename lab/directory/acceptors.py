"""How a host of the domain takes Kerberos, NTLM and CredSSP: acceptors on its own keytab, by pyspnego.

pyspnego's public `server()` takes no credential, and one of usage "both" is needed for constrained delegation; so its
context classes are made here by hand, with arguments that are its own. The lock file pins it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gssapi
import spnego
from gssapi.raw import acquire_cred_with_password
from spnego._context import GSSMech
from spnego._gss import GSSAPIProxy
from spnego._negotiate import NegotiateProxy
from spnego._ntlm import NTLMProxy

from .errors import DirectoryError

KERBEROS = gssapi.MechType.kerberos
_SEALING = spnego.NegotiateOptions.wrapping_winrm


class Acceptor:
    """The GSS acceptor of one host, by its keytab."""

    def __init__(self, label: str, keytab: Path, environment: Mapping[str, str]) -> None:
        """Log the host on by its keytab; `environment` points the Kerberos library of this process to the domain.

        Raises DirectoryError where the directory does not answer or does not know the host.
        """
        os.environ.update(environment)
        store = {"keytab": str(keytab), "client_keytab": str(keytab), "ccache": f"MEMORY:{keytab}"}
        try:
            # "both" is what makes a caller's delegated credential one of constrained delegation
            self.credential = gssapi.Credentials(usage="both", mechs=[KERBEROS], store=store)
        except gssapi.exceptions.GSSError as error:
            raise DirectoryError(f"the host {label} does not log on at the directory: {error}") from error

    def negotiate(self) -> spnego.ContextProxy:
        """Return a context that takes SPNEGO, and Kerberos or NTLM without it."""
        kerberos = GSSAPIProxy(usage="accept", options=_SEALING, _gssapi_credential=self.credential)
        ntlm = NTLMProxy(usage="accept", protocol="ntlm", options=_SEALING)
        for context in (kerberos, ntlm):
            context._is_wrapped = True  # noqa: SLF001 - SPNEGO's own signature counts on it
        contexts = {GSSMech.kerberos: kerberos, GSSMech.ntlm: ntlm}
        return _Negotiate(usage="accept", options=_SEALING, _negotiate_contexts=contexts)

    def credssp(self) -> spnego.ContextProxy:
        """Return a context that takes CredSSP, with Kerberos or NTLM inside."""
        return spnego.server(protocol="credssp", options=_SEALING, credssp_negotiate_context=self.negotiate())


class _Negotiate(NegotiateProxy):
    """Takes of its contexts those that the client offers: pyspnego does so only with contexts that it has made."""

    def _rebuild_context_list(self, mech_types: Any = None, channel_bindings: Any = None) -> Any:
        if mech_types:
            self._available_contexts = {
                mech: context
                for mech, context in (self._available_contexts or {}).items()
                if any(self._is_same_mech(mech, offered) for offered in mech_types)
            }
        return super()._rebuild_context_list(mech_types, channel_bindings)


def delegated(context: spnego.ContextProxy) -> Any:
    """Return the credential by which the host may act for a caller who came by Kerberos; None for others."""
    inner = context
    while not isinstance(inner, GSSAPIProxy):
        following = getattr(inner, "_context", None)
        if not isinstance(following, spnego.ContextProxy):
            return None
        inner = following
    return None if inner._context is None else inner._context.delegated_creds  # noqa: SLF001 - it has no name in public


def logged_on(principal: str, password: str) -> gssapi.Credentials | None:
    """Return what somebody has who logs on with a password, None where the KDC refuses it."""
    name = gssapi.Name(principal, gssapi.NameType.kerberos_principal)
    try:
        own = acquire_cred_with_password(name, password.encode(), mechs=[KERBEROS])
    except gssapi.exceptions.GSSError:
        return None
    return gssapi.Credentials(own.creds)

"""What is tried in a login, and what its failures mean: a refusal of the credential, or nothing that anybody has judged.

The difference protects accounts: a refused credential is tried nowhere again, one that nobody has judged may be.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass

from hyperv_placement.errors import AuthenticationError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication

from .connection_errors import LoginImpossibleError
from .credentials import Credential

_JUDGED_BY_KDC = frozenset({-1765328360, -1765328353, -1765328361, -1765328366, -1765328378})
"""krb5 codes by which a KDC refuses user or password: PREAUTH_FAILED, BAD_INTEGRITY, KEY_EXP, CLIENT_REVOKED and
C_PRINCIPAL_UNKNOWN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A credential and the host that it is shown to."""

    host: HostName
    credential: Credential
    auth: Authentication
    encrypts: bool
    """Whether messages are encrypted by the login, as over plain HTTP."""
    target: str
    """The name that a Kerberos ticket is for."""

    @property
    def kerberos(self) -> bool:
        """Whether nothing but Kerberos is spoken. Without TLS it alone proves a host, and CredSSP hands the password over."""
        return self.auth == "kerberos" or (self.auth == "credssp" and self.encrypts)

    @property
    def scheme(self) -> str:
        """The scheme as the stack file names it, for errors."""
        over = " over plain HTTP" if self.auth == "credssp" and self.encrypts else ""
        return f"auth: {self.auth}{over}"

    def impossible(self, error: Exception) -> LoginImpossibleError | None:
        """Return the error for a computer that does not compute NTLM; None where it does. Nobody has judged the credential then.

        pyspnego has its own MD4; MD5, for the checksums of messages (MS-NLMP 3.3.2), comes from OpenSSL, which may block it.
        """
        if self.kerberos or _has_md5():
            return None
        words = " ".join(str(error).split())
        return LoginImpossibleError(
            f"auth: {self.auth} needs NTLM, which this computer does not compute: MD5 is blocked, as in FIPS mode ({words})",
            remedy="Use auth: kerberos in the stack file, or a computer without FIPS mode",
        )

    def refused(self) -> AuthenticationError:
        """Return the error for a credential that the host has refused."""
        return AuthenticationError(
            f"{self.host} refused the credential of {self.credential.owner}",
            remedy="Check user name and password, and that the host's updates are not older than 2018 (CVE-2018-0886)"
            if self.auth == "credssp"
            else None,
        )

    def failed(self, error: Exception) -> AuthenticationError:
        """Translate what a security package says; only what a host or KDC has judged counts as a refusal."""
        code = getattr(error, "err_code", None) or getattr(
            getattr(error, "base_error", None), "min_code", None
        )
        # krb5's table has signed 32-bit numbers, of which the GSS-API makes unsigned ones (OM_uint32, RFC 2744).
        signed = (code & 0xFFFFFFFF) - (1 << 32) if isinstance(code, int) and code & 0x80000000 else None
        # With NTLM no code tells who has refused: it counts as a refusal, so that a wrong password is tried nowhere else.
        if not self.kerberos or signed in _JUDGED_BY_KDC:
            refused = self.refused()
            refused.detail = str(error)
            return refused
        words = " ".join(str(error).split())
        if self.auth == "credssp":
            return LoginImpossibleError(
                f"{self.host}: {self.scheme} hands the password only to a host that Kerberos has proven, and there is no ticket of"
                f" {self.credential.owner} for HTTP/{self.target} ({words})",
                remedy="Use an https address; or dial a host of the domain by its full name, as user@REALM, which krb5.conf knows",
            )
        return LoginImpossibleError(
            f"No Kerberos ticket of {self.credential.owner} for HTTP/{self.target} ({words})",
            remedy="Check with klist and kinit -f, the address (its full name) and krb5.conf"
            if sys.platform != "win32"
            else "Check with klist, and that the address is the host's full name",
        )


def _has_md5() -> bool:
    try:
        hashlib.md5(b"").digest()  # noqa: S324 - whether it is allowed is the question
    except ValueError:
        return False
    return True

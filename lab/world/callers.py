"""Who orders a migration, as far as the world has to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Scheme = Literal["console", "basic", "certificate", "ntlm", "kerberos", "credssp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondHopCaller:
    """Who orders a migration, and what his login has left on the host."""

    name: str
    r"""As `LAB\administrator`."""
    scheme: Scheme = "ntlm"
    """How he came; `console`: he is logged on at the host itself."""
    local: bool = False
    """An account of the host alone, which no other host takes."""
    principal: str | None = None
    """In Kerberos, `user@REALM`; None where no directory knows him."""
    delegated: Any = field(default=None, repr=False, compare=False)
    """The host's credential of a caller who came by Kerberos, opaque here."""
    password: str | None = field(default=None, repr=False)
    """The credentials that CredSSP delegated."""

    @property
    def logged_on(self) -> bool:
        """Whether his own credentials are on the host."""
        return self.scheme == "console" or self.password is not None

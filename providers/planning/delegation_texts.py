"""A change of delegation as somebody else can carry it out: an LDIF, or lines of PowerShell."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from providers.model.directory import TRUSTED_TO_AUTH, AccountChange

from .descriptor import with_allowed

_SAFE = re.compile(r"(?![ :<])[\x01-\x09\x0b\x0c\x0e-\x7f]*(?<! )")
"""SAFE-STRING of RFC 2849; anything else is written in base64."""


def ldif(changes: Iterable[AccountChange]) -> str:
    """Return the changes for `ldapmodify` or `ldifde -i` (RFC 2849); each holds only while nobody changed the account."""
    return "\n".join("\n".join(_record(change)) + "\n" for change in changes if change)


def powershell(changes: Iterable[AccountChange]) -> str:
    """Return the changes as lines for the ActiveDirectory module, run as a domain administrator."""
    return "\n".join(line for change in changes for line in _commands(change))


def _record(change: AccountChange) -> Iterator[str]:
    account = change.account
    yield _line("dn", account.dn)
    yield "changetype: modify"
    if change.delegate_to:
        yield "add: msDS-AllowedToDelegateTo"
        yield from (_line("msDS-AllowedToDelegateTo", service) for service in change.delegate_to)
        yield "-"
    if change.trust:
        yield from _exchange("userAccountControl", str(account.flags), str(account.flags | TRUSTED_TO_AUTH))
    if change.acting:
        after = with_allowed(account.descriptor, [other.sid for other in change.acting])
        yield from _exchange("msDS-AllowedToActOnBehalfOfOtherIdentity", account.descriptor, after)


def _exchange(attribute: str, before: str | bytes, after: str | bytes) -> Iterator[str]:
    """Yield the lines that take away exactly what was read: another value makes the whole change fail."""
    if before:
        yield from (f"delete: {attribute}", _line(attribute, before), "-")
    yield from (f"add: {attribute}", _line(attribute, after), "-")


def _line(attribute: str, value: str | bytes) -> str:
    if isinstance(value, str) and _SAFE.fullmatch(value):
        return f"{attribute}: {value}"
    raw = value.encode() if isinstance(value, str) else value
    return f"{attribute}:: {base64.b64encode(raw).decode()}"


def _commands(change: AccountChange) -> Iterator[str]:
    dn = _quoted(change.account.dn)
    if change.delegate_to:
        services = ", ".join(_quoted(service) for service in change.delegate_to)
        yield f"Set-ADObject -Identity {dn} -Add @{{'msDS-AllowedToDelegateTo' = {services}}}"
    if change.trust:
        yield f"Set-ADAccountControl -Identity {dn} -TrustedToAuthForDelegation $true"
    if change.acting:
        name = "PrincipalsAllowedToDelegateToAccount"
        kept = f"@((Get-ADComputer -Identity {dn} -Properties {name}).{name})"
        more = ", ".join(_quoted(other.dn) for other in change.acting)
        yield f"Set-ADComputer -Identity {dn} -{name} ({kept} + @({more}))"


def _quoted(text: str) -> str:
    """Return a PowerShell literal; PowerShell takes typographic quotes for plain ones."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"

"""A change of delegation as somebody else can carry it out: an LDIF, or lines of PowerShell."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from providers.model.directory import TRUSTED_TO_AUTH, AccountChange

from .descriptor import with_allowed, without_allowed

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
    for verb, services in (("add", change.delegate_to), ("delete", change.not_to)):
        if services:
            yield f"{verb}: msDS-AllowedToDelegateTo"
            yield from (_line("msDS-AllowedToDelegateTo", service) for service in services)
            yield "-"
    if (flags := changed_flags(change)) != account.flags:
        yield from _exchange("userAccountControl", str(account.flags), str(flags))
    if (descriptor := changed_descriptor(change)) != account.descriptor:
        yield from _exchange("msDS-AllowedToActOnBehalfOfOtherIdentity", account.descriptor, descriptor)


def changed_flags(change: AccountChange) -> int:
    """Return userAccountControl after a change: one bit of it differs at most."""
    flags = change.account.flags
    if change.trust is None:
        return flags
    return flags | TRUSTED_TO_AUTH if change.trust else flags & ~TRUSTED_TO_AUTH


def changed_descriptor(change: AccountChange) -> bytes:
    """Return msDS-AllowedToActOnBehalfOfOtherIdentity after a change, empty where nobody is let in any more."""
    descriptor = change.account.descriptor
    if change.acting:
        descriptor = with_allowed(descriptor, [other.sid for other in change.acting])
    if change.not_acting:
        descriptor = without_allowed(descriptor, [other.sid for other in change.not_acting])
    return descriptor


def _exchange(attribute: str, before: str | bytes, after: str | bytes) -> Iterator[str]:
    """Yield the lines that take away exactly what was read: another value makes the whole change fail."""
    if before:
        yield from (f"delete: {attribute}", _line(attribute, before), "-")
    if after:
        yield from (f"add: {attribute}", _line(attribute, after), "-")


def _line(attribute: str, value: str | bytes) -> str:
    if isinstance(value, str) and _SAFE.fullmatch(value):
        return f"{attribute}: {value}"
    raw = value.encode() if isinstance(value, str) else value
    return f"{attribute}:: {base64.b64encode(raw).decode()}"


def _commands(change: AccountChange) -> Iterator[str]:
    dn = _quoted(change.account.dn)
    for verb, services in (("Add", change.delegate_to), ("Remove", change.not_to)):
        if services:
            listed = ", ".join(_quoted(service) for service in services)
            yield f"Set-ADObject -Identity {dn} -{verb} @{{'msDS-AllowedToDelegateTo' = {listed}}}"
    if change.trust is not None:
        yield f"Set-ADAccountControl -Identity {dn} -TrustedToAuthForDelegation ${str(change.trust).lower()}"
    if change.acting or change.not_acting:
        yield _let_in(dn, change)


def _let_in(dn: str, change: AccountChange) -> str:
    """The parameter replaces the whole list: so the line reads it, and writes it with the difference."""
    name = "PrincipalsAllowedToDelegateToAccount"
    listed = f"@((Get-ADComputer -Identity {dn} -Properties {name}).{name})"
    if change.not_acting:
        gone = ", ".join(_quoted(other.dn) for other in change.not_acting)
        listed = f"({listed} | Where-Object {{ $_ -notin @({gone}) }})"
    if change.acting:
        listed = f"({listed} + @({', '.join(_quoted(other.dn) for other in change.acting)}))"
    return f"Set-ADComputer -Identity {dn} -{name} {listed}"


def _quoted(text: str) -> str:
    """Return a PowerShell literal; PowerShell takes typographic quotes for plain ones."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"

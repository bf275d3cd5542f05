"""A change of delegation as somebody else can carry it out: an LDIF, or lines of PowerShell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hyperv_placement import quoting
from hyperv_placement.model.directory import TRUSTED_TO_AUTH, AccountChange

from .security_descriptor import with_allowed, without_allowed


def ldif(changes: Iterable[AccountChange]) -> str:
    """Return the changes for `ldapmodify` or `ldifde -i` (RFC 2849); each holds only while nobody changed the account."""
    return "\n".join("\n".join(_record(change)) + "\n" for change in changes if change)


def powershell(changes: Iterable[AccountChange]) -> str:
    """Return the changes as lines for the ActiveDirectory module, run as a domain administrator."""
    return "\n".join(line for change in changes for line in _commands(change))


def _record(change: AccountChange) -> Iterator[str]:
    account = change.account
    yield quoting.ldif_line("dn", account.dn)
    yield "changetype: modify"
    for verb, services in (("add", change.delegate_to), ("delete", change.not_to)):
        if services:
            yield f"{verb}: msDS-AllowedToDelegateTo"
            yield from (quoting.ldif_line("msDS-AllowedToDelegateTo", service) for service in services)
            yield "-"
    # Taken away by value and added anew: `replace` would overwrite a bit that somebody has set meanwhile.
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
        yield from (f"delete: {attribute}", quoting.ldif_line(attribute, before), "-")
    if after:
        yield from (f"add: {attribute}", quoting.ldif_line(attribute, after), "-")


def _commands(change: AccountChange) -> Iterator[str]:
    dn = change.account.dn
    if change.delegate_to:
        yield str(
            quoting.powershell(
                "Set-ADObject -Identity {} -Add @{'msDS-AllowedToDelegateTo' = {}}",
                dn,
                tuple(change.delegate_to),
            )
        )
    if change.not_to:
        yield str(
            quoting.powershell(
                "Set-ADObject -Identity {} -Remove @{'msDS-AllowedToDelegateTo' = {}}",
                dn,
                tuple(change.not_to),
            )
        )
    if change.trust is not None:
        yield str(
            quoting.powershell(
                "Set-ADAccountControl -Identity {} -TrustedToAuthForDelegation {}", dn, change.trust
            )
        )
    if change.acting or change.not_acting:
        yield str(_let_in(change))


def _let_in(change: AccountChange) -> quoting.Command:
    """The parameter replaces the whole list: so the line reads it, and writes it with the difference."""
    dn = change.account.dn
    come, gone = (tuple(other.dn for other in others) for others in (change.acting, change.not_acting))
    if not gone:
        return quoting.powershell(
            "Set-ADComputer -Identity {} -PrincipalsAllowedToDelegateToAccount (@((Get-ADComputer -Identity {} -Properties"
            " PrincipalsAllowedToDelegateToAccount).PrincipalsAllowedToDelegateToAccount) + @({}))",
            dn, dn, come,
        )  # fmt: skip
    if not come:
        return quoting.powershell(
            "Set-ADComputer -Identity {} -PrincipalsAllowedToDelegateToAccount (@((Get-ADComputer -Identity {} -Properties"
            " PrincipalsAllowedToDelegateToAccount).PrincipalsAllowedToDelegateToAccount) | Where-Object { $_ -notin @({}) })",
            dn, dn, gone,
        )  # fmt: skip
    return quoting.powershell(
        "Set-ADComputer -Identity {} -PrincipalsAllowedToDelegateToAccount ((@((Get-ADComputer -Identity {} -Properties"
        " PrincipalsAllowedToDelegateToAccount).PrincipalsAllowedToDelegateToAccount) | Where-Object { $_ -notin @({}) })"
        " + @({}))",
        dn, dn, gone, come,
    )  # fmt: skip

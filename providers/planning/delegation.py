"""Which entries let hosts hand their callers' identity to each other, which of them the directory lacks, and as text.

Sources: "Set up hosts for live migration without Failover Clustering" (learn.microsoft.com) for the services and the
directions; "Live Migration via Constrained Delegation with Kerberos in Windows Server 2016" (Microsoft's
virtualization blog) for the flag; "Kerberos constrained delegation overview" for the resource-based form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from providers.model.directory import FLAG, AccountChange, ComputerAccount, MissingEntry, Mode
from providers.model.names import HostName

from .delegation_texts import ldif, powershell

__all__ = [
    "ACTING", "ANY", "MIGRATION_SERVICE", "change_of", "entries_of", "holds", "ldif", "missing_for_pair", "powershell",
    "services_of",
]  # fmt: skip

MIGRATION_SERVICE = "Microsoft Virtual System Migration Service"
"""Registered by every Hyper-V host at its account (setspn -L), moves machines."""
_FILES = "cifs"
"""Moves storage; an alias of HOST, so no host registers it by itself."""
ACTING = "msDS-AllowedToActOnBehalfOfOtherIdentity"
ANY = "any"
"""The destination of the flag, which counts for all."""


def services_of(full_name: str) -> tuple[str, ...]:
    """Return what a host is called as a destination: both services, full and short name.

    That the short name is the first label of the full one holds for names of up to 15 characters (a guess beyond).
    """
    names = dict.fromkeys((full_name, full_name.split(".", maxsplit=1)[0]))
    return tuple(f"{service}/{name}" for service in (MIGRATION_SERVICE, _FILES) for name in names)


def entries_of(
    host: HostName, full_names: Mapping[HostName, str], mode: Mode, shares: Iterable[str]
) -> dict[str, str]:
    """Return the entries that the account of `host` shall hold, each with the host or file server it is for.

    `full_names`: of all hosts that delegate to each other, this one among them.
    """
    others = {other: name for other, name in full_names.items() if other != host}
    if mode == "resource-based":
        return {f"{ACTING}: {name}": host for name in others.values()}
    entries = {service: str(other) for other, name in others.items() for service in services_of(name)}
    for share in shares:
        entries |= {f"{_FILES}/{name}": share for name in _both_names(share, full_names[host])}
    return {**entries, FLAG: ANY} if mode == "protocol-transition" and entries else entries


def _both_names(server: str, full_name: str) -> Iterator[str]:
    """Yield full and short name of a file server: one that is given short is of the host's domain."""
    short, _, domain = server.partition(".")
    domain = domain or full_name.partition(".")[2]
    if domain:
        yield f"{short}.{domain}"
    yield short


def holds(account: ComputerAccount, entry: str, sids: Mapping[str, str] | None = None) -> bool:
    """Say whether an account has an entry; names of services compare without regard to case, as the directory does.

    `sids`: of accounts by full name in lower case, for resource-based entries.
    """
    if entry == FLAG:
        return account.trusted_to_auth
    kind, _, principal = entry.partition(": ")
    if kind == ACTING:
        return (sids or {}).get(principal.lower(), "") in account.acting
    return entry.casefold() in {each.casefold() for each in account.allowed_to_delegate}


def missing_for_pair(
    source: ComputerAccount, destination: ComputerAccount, mode: Mode, shares: Iterable[str] = ()
) -> tuple[MissingEntry, ...]:
    """Return what the directory lacks for `source` to act at `destination` (and at `shares`) as its callers."""
    holder = destination if mode == "resource-based" else source
    names = {each.host: each.full_name for each in (source, destination)}
    sids = {source.full_name.lower(): source.sid}
    return tuple(
        MissingEntry(
            source=source.host,
            destination=destination.host if goal in (ANY, holder.host) else goal,
            entry=entry,
        )
        for entry, goal in entries_of(holder.host, names, mode, shares).items()
        if not holds(holder, entry, sids)
    )


def change_of(
    account: ComputerAccount, entries: Iterable[str], others: Mapping[str, ComputerAccount]
) -> AccountChange:
    """Return what adds those of `entries` that `account` lacks; `others`: accounts by full name in lower case."""
    sids = {name: other.sid for name, other in others.items()}
    missing = [entry for entry in entries if not holds(account, entry, sids)]
    principals = [entry.partition(": ")[2].lower() for entry in missing if entry.startswith(f"{ACTING}: ")]
    return AccountChange(
        account=account,
        delegate_to=tuple(
            entry for entry in missing if entry != FLAG and not entry.startswith(f"{ACTING}: ")
        ),
        trust=FLAG in missing,
        acting=tuple(others[name] for name in principals if name in others),
    )

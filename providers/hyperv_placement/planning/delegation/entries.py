"""Which entries let hosts act for their callers at each other, which of them the directory lacks, and their text form.

Sources: "Set up hosts for live migration without Failover Clustering" (learn.microsoft.com) for the services and the
directions; "Live Migration via Constrained Delegation with Kerberos in Windows Server 2016" (Microsoft's
virtualization blog) for the flag; "Kerberos constrained delegation overview" for the resource-based form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hyperv_placement.model.directory import (
    FLAG,
    AccountChange,
    ComputerAccount,
    DelegationSpec,
    MissingEntry,
    Mode,
)
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.own_name import NETBIOS

from .ldif import changed_descriptor, changed_flags, ldif, powershell

__all__ = [
    "ACTING", "ANY", "MIGRATION_SERVICE", "PRICE", "both_names", "change_of", "changed_descriptor", "changed_flags", "entries_of",
    "holder_for", "holds", "ldif", "missing_entries", "missing_for_pair", "needed_mode", "powershell", "principal_of",
    "services_of", "too_new",
]  # fmt: skip

MIGRATION_SERVICE = "Microsoft Virtual System Migration Service"
"""The service that moves machines; every Hyper-V host registers it at its account (setspn -L)."""
FILES = "cifs"
"""The service that moves storage; an alias of HOST, which no host registers itself."""
ACTING = "msDS-AllowedToActOnBehalfOfOtherIdentity"
_LAST_WITHOUT_TRANSITION = 9600
"""Build of Windows Server 2012 R2."""
ANY = "any"
"""The destination of the flag, which applies to all."""


def services_of(full_name: str) -> tuple[str, ...]:
    """Return what a host is called as a destination: both services, full and short name.

    The short one is the NetBIOS name, 15 characters at most: a host registers its DNS and its NetBIOS name (DsServerRegisterSpn page),
    and may register no other than dNSHostName and sAMAccountName (MS-ADTS 3.1.1.5.3.1.1.4).
    """
    names = dict.fromkeys((full_name, short_name(full_name)))
    return tuple(f"{service}/{name}" for service in (MIGRATION_SERVICE, FILES) for name in names)


def short_name(full_name: str) -> str:
    """Return the NetBIOS name of a host: the start of its name ("Naming conventions in Active Directory")."""
    return full_name.partition(".")[0][:NETBIOS]


def entries_of(
    host: HostName, full_names: Mapping[HostName, str], mode: Mode, shares: Iterable[str]
) -> dict[str, str]:
    """Return the entries that the account of `host` has to hold, each with the host or file server it is about.

    `full_names`: of all hosts that delegate to each other, including this one.
    """
    others = {other: name for other, name in full_names.items() if other != host}
    if mode == "resource-based":
        # No protocol transition here: for the resource-based form the KDC allows it always (Kerberos constrained delegation overview).
        return {f"{ACTING}: {name}": str(other) for other, name in others.items()}
    # Each host lists where it may act; the resource-based form turns that around: each lists who may act there.
    entries = {service: str(other) for other, name in others.items() for service in services_of(name)}
    for share in shares:
        entries |= {f"{FILES}/{name}": share for name in both_names(share, full_names[host])}
    return {**entries, FLAG: ANY} if mode == "protocol-transition" and entries else entries


def both_names(server: str, full_name: str) -> Iterator[str]:
    """Yield full and short name of a file server; a short name is taken to be in the host's domain, if that is known."""
    short, _, domain = server.partition(".")
    domain = domain or full_name.partition(".")[2]
    # A ticket is asked for by the name that a path has: both spellings are in use, so both are listed.
    if domain:
        yield f"{short}.{domain}"
    yield short


def principal_of(entry: str) -> str | None:
    """Return the full name, in lower case, of the account that a resource-based entry lets in; None for other entries."""
    kind, _, principal = entry.partition(": ")
    return principal.lower() if kind == ACTING else None


def holds(account: ComputerAccount, entry: str, others: Mapping[str, ComputerAccount]) -> bool:
    """Say whether an account has an entry; service names compare case-insensitively, as in the directory.

    `others`: accounts by full name in lower case, for resource-based entries.
    """
    if entry == FLAG:
        return account.trusted_to_auth
    if (principal := principal_of(entry)) is not None:
        return principal in others and others[principal].sid in account.acting
    return folded(entry) in {folded(each) for each in account.allowed_to_delegate}


def missing_entries(
    account: ComputerAccount, entries: Mapping[str, str], others: Mapping[str, ComputerAccount]
) -> tuple[MissingEntry, ...]:
    """Return which of `entries` an account lacks; `others` as for `holds`."""
    return tuple(
        MissingEntry(source=HostName(about), destination=account.host, entry=entry)
        if principal_of(entry) is not None
        else MissingEntry(source=account.host, destination=about, entry=entry)
        for entry, about in entries.items()
        if not holds(account, entry, others)
    )


def missing_for_pair(
    source: ComputerAccount, destination: ComputerAccount, mode: Mode, shares: Iterable[str] = ()
) -> tuple[MissingEntry, ...]:
    """Return what the directory lacks for `source` to act at `destination` (and at `shares`) as its callers."""
    holder, other = (destination, source) if mode == "resource-based" else (source, destination)
    names = {each.host: each.full_name for each in (source, destination)}
    entries = entries_of(holder.host, names, mode, shares)
    return tuple(
        replace(each, destination=destination.host) if each.destination == ANY else each
        for each in missing_entries(holder, entries, {other.full_name.lower(): other})
    )


def needed_mode(spec: DelegationSpec | None, build: int | None, auth: str | None) -> Mode:
    """Return which form of delegation a source of this build needs for a caller who logs on by `auth`.

    Since 2016 WinRM cannot hand a Kerberos ticket to the migration service, so that every caller needs protocol
    transition ("Live Migration via Constrained Delegation with Kerberos in Windows Server 2016", Microsoft's
    virtualization blog). A host of unknown build is taken for a new one, and an unknown `auth` for one that hands no
    ticket over.
    """
    if spec is not None and spec.mode == "resource-based":
        return "resource-based"
    old = build is not None and build <= _LAST_WITHOUT_TRANSITION
    return "constrained" if old and auth == "kerberos" else "protocol-transition"


def holder_for(spec: DelegationSpec, source: HostName, destination: HostName) -> HostName | None:
    """Return the host whose account a move from `source` to `destination` rests on; None where none of `spec` does.

    A move of storage alone rests on it where files may lie on a file server: the host acts as its caller there.
    """
    if source not in spec.hosts or destination not in spec.hosts:
        return None
    if source == destination and not spec.shares:
        return None
    return destination if spec.mode == "resource-based" else source


def too_new(spec: DelegationSpec, builds: Mapping[HostName, int | None]) -> Finding | None:
    """Return why mode `constrained` is not enough for these hosts, None where it is."""
    newer = [
        str(host) for host, build in builds.items() if build is not None and build > _LAST_WITHOUT_TRANSITION
    ]
    if spec.mode != "constrained" or not newer:
        return None
    return Finding.refusal(
        "delegation-mode-too-weak",
        f"delegation: mode: constrained is enough for Windows Server 2012 R2 alone, and {', '.join(newer)} "
        f"{'is' if len(newer) == 1 else 'are'} newer: since 2016 a caller comes over WinRM, whose ticket the migration "
        "service does not get, so that it needs protocol transition",
        f"Write mode: protocol-transition, or leave mode out (line {spec.line})",
    )


PRICE = Finding.warning(
    "delegation-price",
    "Delegation has a price: whoever controls one of these hosts can then act on the others, and on the file "
    "servers, in the name of anybody who calls it, members of Protected Users and sensitive accounts excepted",
    "Guard each of them as you guard all of them",
)


def change_of(
    account: ComputerAccount,
    entries: Iterable[str],
    others: Mapping[str, ComputerAccount],
    obsolete: Iterable[str] = (),
) -> AccountChange:
    """Return what adds those of `entries` that `account` lacks, and takes away those of `obsolete` that it has.

    `others`: accounts by full name in lower case; who is not among them is neither let in nor kept out.
    """
    missing = [entry for entry in entries if not holds(account, entry, others)]
    there = [entry for entry in obsolete if holds(account, entry, others)]
    # Taken away is what the account has, in its own spelling; entries compare without case.
    gone = {folded(service) for service in _services(there)}
    return AccountChange(
        account=account,
        delegate_to=tuple(_services(missing)),
        not_to=tuple(each for each in sorted(account.allowed_to_delegate) if folded(each) in gone),
        trust=True if FLAG in missing else False if FLAG in there else None,
        acting=tuple(_principals(missing, others)),
        not_acting=tuple(_principals(there, others)),
    )


def _services(entries: Iterable[str]) -> Iterator[str]:
    return (entry for entry in entries if entry != FLAG and principal_of(entry) is None)


def _principals(entries: Iterable[str], others: Mapping[str, ComputerAccount]) -> Iterator[ComputerAccount]:
    return (others[name] for entry in entries if (name := principal_of(entry)) is not None and name in others)

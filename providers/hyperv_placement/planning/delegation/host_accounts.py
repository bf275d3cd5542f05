"""Whether an account of the directory can be a host's: which are refused, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hyperv_placement import quoting
from hyperv_placement.model.directory import Accounts, ComputerAccount, Unfit
from hyperv_placement.model.names import HostName, dns, folded

from .entries import MIGRATION_SERVICE, services_of, short_name
from .find_account import account_called

CONTROLLER = 0x2000
"""Bit ST of userAccountControl: SERVER_TRUST_ACCOUNT, a domain controller (MS-ADTS 2.2.16)."""
READ_ONLY_CONTROLLER = 0x04000000
"""Bit PS of it: PARTIAL_SECRETS_ACCOUNT, a read-only domain controller (the same place)."""
_MEMBER = 0x1000
"""Bit WT of it: WORKSTATION_TRUST_ACCOUNT, a computer that is a member (the same place)."""
_DISABLED = 0x2
_NO_COMPUTER = "managedserviceaccount"
"""How the classes of managed service accounts end, which are derived from `computer` (MS-ADSC)."""


def judged(names: Iterable[str], found: Iterable[ComputerAccount]) -> Accounts:
    """Return which of `names` (full names of hosts) have an account that is a host's, and why others have none.

    `found`: every account that is called so, or that has a service which a host of that name has.
    """
    there = [account for account in found if not account.flags & _DISABLED]
    off = [account for account in found if account.flags & _DISABLED]
    fit: dict[str, ComputerAccount] = {}
    unfit: dict[str, Unfit] = {}
    for name in dict.fromkeys(folded(name) for name in names):
        match [account for account in there if _is_called(account, name)]:
            case []:
                unfit[name] = _none(name, [each for each in off if _is_called(each, name)])
            case [account]:
                why = _why_not(account, name, there)
                if why is None:
                    fit[name] = account
                else:
                    unfit[name] = why
            case several:
                unfit[name] = Unfit(
                    why=f"more than one account is called {name}: {'; '.join(_dns(several))}",
                    remedy="Remove what is left of an earlier host of that name, or disable its account",
                )
    return Accounts(fit=fit, unfit=unfit)


def _is_called(account: ComputerAccount, name: str) -> bool:
    """Say whether an account bears a host's name; one with letters beyond ASCII, some of which fold into others, bears none."""
    return account.full_name.isascii() and dns(account.full_name) == dns(name)


def base_services(full_name: str) -> tuple[str, str]:
    """Return the service of which cifs is an alias (sPNMappings), by full and short name."""
    return f"HOST/{full_name}", f"HOST/{short_name(full_name)}"


def against(entries: Iterable[str], found: Sequence[ComputerAccount]) -> str:
    """Return why none of these entries may be added, by the accounts that they are about; empty where nothing says so."""
    hosts = {name for entry in entries if (name := _after(MIGRATION_SERVICE, entry)) is not None}
    servers = {name for entry in entries if (name := _after("cifs", entry)) is not None} - hosts
    reasons = [each.why for each in judged(sorted(hosts), found).unfit.values()]
    reasons += [
        f"{account.dn}, a domain controller's account, is {server}"
        for server in sorted(servers)
        for account in holders(server, found)
        if is_controller(account)
    ]
    return "; ".join(dict.fromkeys(reasons))


def _after(service: str, entry: str) -> str | None:
    """Return the full name that an entry of this service is about."""
    kind, _, name = entry.partition("/")
    return dns(name) if folded(kind) == folded(service) and "." in name else None


def is_controller(account: ComputerAccount) -> bool:
    """Say whether an account is a domain controller's, a read-only one's included."""
    return is_controller_by(account.flags)


def is_controller_by(flags: int) -> bool:
    """Say the same by `userAccountControl` alone."""
    return bool(flags & (CONTROLLER | READ_ONLY_CONTROLLER))


def holders(server: str, found: Iterable[ComputerAccount]) -> Iterator[ComputerAccount]:
    """Yield the accounts that a file server of this full name may be: by its name, or by a service of it."""
    short = dns(server).partition(".")[0]
    names = {dns(server), short, dns(short_name(server))}
    wanted = {f"{service}/{name}" for service in ("cifs", "host") for name in names}
    for account in found:
        if dns(account.full_name) == dns(server) or wanted & {folded(each) for each in account.services}:
            yield account


def sharing(names: Mapping[HostName, str]) -> Iterator[tuple[HostName, HostName, str]]:
    """Yield each pair of hosts that have one account, or one service by its name, and that."""
    seen: dict[str, HostName] = {}
    for host, name in names.items():
        for service in services_of(name):
            other = seen.setdefault(folded(service), host)
            if other != host:
                yield other, host, service
                break


def _why_not(account: ComputerAccount, name: str, others: Sequence[ComputerAccount]) -> Unfit | None:
    """Return why an account is no host's, by what the directory itself says of it."""
    # By the directory's own bits, never by a name that a host reports: else it could name a controller (ADR 0029).
    if is_controller(account):
        return Unfit(
            why=f"{account.dn} is a domain controller's: whoever may act there as anybody has the domain",
            remedy="Delegate nothing to or from it; move its virtual machines to other hosts by hand",
            account=account,
        )
    if any(kind.endswith(_NO_COMPUTER) for kind in account.kinds) or not account.flags & _MEMBER:
        return Unfit(
            why=f"{account.dn} is no computer's",
            remedy=f"Look for it: {account_called(name)}",
            account=account,
        )
    # cifs is an alias of HOST (sPNMappings): who holds HOST answers for cifs, too.
    mine = {folded(service) for service in (*services_of(name), *base_services(name))}
    has = {folded(service) for service in account.services}
    needed = f"{MIGRATION_SERVICE}/{name}"
    if folded(needed) not in has:
        return Unfit(
            why=f"{account.dn} has no service {needed}, which every host with Hyper-V has",
            remedy="Restart its service Virtual Machine Management, which registers it; if that changes nothing:"
            f" {quoting.powershell('setspn -S {} {}', needed, account.account.rstrip('$'))}",
            account=account,
        )
    rivals = [
        other
        for other in others
        if other.dn != account.dn and mine & {folded(service) for service in other.services}
    ]
    if rivals:
        return Unfit(
            why=f"{account.dn} is not alone with its services, of which there is one at: {'; '.join(_dns(rivals))}",
            remedy="Find out why (setspn -X), and take it from the account that is not the host's",
            account=account,
        )
    return None


def _none(name: str, disabled: Sequence[ComputerAccount]) -> Unfit:
    if disabled:
        return Unfit(
            why=f"{'; '.join(_dns(disabled))} is disabled",
            remedy="Enable it if the host is still a member of the domain",
        )
    return Unfit(
        why=f"no account of the directory is called {name}",
        remedy=f"Check with {account_called(name)}, and that directory.server is of its domain",
    )


def _dns(accounts: Iterable[ComputerAccount]) -> list[str]:
    return sorted(account.dn for account in accounts)

"""Compares what a host is called: by itself, by its certificate, and by the services of its account."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model.directory import ComputerAccount
from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.names import dns, folded
from hyperv_placement.planning.delegation.entries import MIGRATION_SERVICE, services_of

from .symptoms import HostReading


def name_diagnoses(host: HostReading, account: ComputerAccount | None) -> Iterator[Finding]:
    """Yield in what the names of a host differ from its own name; nothing where that is not known, which is said elsewhere."""
    own = host.own_name
    if own is None:
        return
    if host.certificate_names and not any(_covers(each, own) for each in host.certificate_names):
        yield Finding.warning(
            "certificate-of-another-name",
            f"{_reported(host, own)}, and its certificate is for {', '.join(host.certificate_names)}",
            f"If that is an alias, leave it; else have a certificate issued for {own}",
            subject=Subject.host(host.name),
            breaks="Who dials it by its own name is refused by TLS",
        )
    if account is not None:
        yield from _services(host, own, account)


def _reported(host: HostReading, own: str) -> str:
    """Return by which name the host goes, and what it reports where that is another."""
    if not host.reported or dns(host.reported) == dns(own):
        return f"It is {own}"
    return f"It is {own} by the stack file, reports {host.reported}"


def _covers(certified: str, name: str) -> bool:
    """Say whether a name in a certificate, which may be a wildcard for one label (RFC 9525 6.3), is a host's."""
    first, _, rest = dns(name).partition(".")
    return dns(certified) in {dns(name), f"*.{rest}"} and bool(first)


def _services(host: HostReading, own: str, account: ComputerAccount) -> Iterator[Finding]:
    """Yield a finding for the names of the migration service that the account lacks; `cifs` is an alias of HOST (sPNMappings)."""
    there = {folded(each) for each in account.services}
    wanted = [each for each in services_of(own) if each.startswith(f"{MIGRATION_SERVICE}/")]
    missing = [each for each in wanted if folded(each) not in there]
    if not missing:
        return
    has = [
        each.partition("/")[2]
        for each in sorted(account.services)
        if each.startswith(f"{MIGRATION_SERVICE}/")
    ]
    lines = "; ".join(
        str(quoting.powershell("setspn -S {} {}", each, account.account.rstrip("$"))) for each in missing
    )
    yield Finding.warning(
        "host-service-missing",
        f"{_reported(host, own)}, and {account.dn} has {MIGRATION_SERVICE} of {', '.join(has) or 'no name'}, not of"
        f" {' and '.join(each.partition('/')[2] for each in missing)}",
        f"Restart its service Virtual Machine Management, which registers it; if that changes nothing: {lines}",
        subject=Subject.host(host.name),
        breaks="A host that asks for it by that name gets no ticket: moves to it fail (0x8009030E)",
    )

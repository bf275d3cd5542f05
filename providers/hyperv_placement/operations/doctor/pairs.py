"""Diagnoses of pairs of hosts between which a machine may move, and of the accounts that log on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from hyperv_placement.model.directory import ComputerAccount
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.finding import DIRECTORY, TICKET, Finding, Subject
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.checks.preflight.delegation_settings import AUTHENTICATIONS, CREDSSP
from hyperv_placement.planning.delegation.entries import missing_for_pair, needed_mode

from .symptoms import Reading

_LOCAL = frozenset({"basic", "certificate"})
_DELEGATED = frozenset({"kerberos", "ntlm"})


def pair_diagnoses(
    stack: Stack, reading: Reading, source: HostName, destination: HostName
) -> Iterator[Finding]:
    """Yield what keeps machines from moving from one host to the other."""
    hosts = reading.inventory.hosts
    one, other = (hosts[name].facts if name in hosts else None for name in (source, destination))
    if one is None or other is None:
        return
    where = Subject.pair(source, destination)
    yield from _authentication(where, source, destination, one, other)
    yield from _second_hop(stack, reading, source, destination, one)
    yield from _networks(where, reading.hosts[source].migration, other)


def needs_delegation(stack: Stack) -> bool:
    """Say whether moves between hosts of the stack need entries of delegation, by how it logs on."""
    return len(stack.hosts) > 1 and any(host.connection.auth in _DELEGATED for host in stack.hosts.values())


def caller_diagnoses(reading: Reading) -> Iterator[Finding]:
    """Yield what is wrong with the accounts that log on, and with the directory, whichever pair it is."""
    for user, why in reading.callers.items():
        yield Finding.refusal(
            "caller-not-delegated",
            f"The account {user} {why}",
            "Log on with another account (connection.credentials), or by auth: credssp",
            subject=DIRECTORY,
            breaks="No host acts for it at another host (0x8009030E): its moves between hosts fail",
        )
    if reading.forwardable is False:
        yield Finding.refusal(
            "ticket-not-forwardable",
            "The Kerberos ticket in use may not be forwarded",
            "Run kinit -f",
            subject=TICKET,
            # From 2016 on hosts obtain the ticket themselves, by protocol transition (virtualization blog, 2017-02-01).
            breaks="Hosts of Windows Server 2012 R2 cannot act with it at another host (0x8009030E)",
        )
    if reading.directory_trouble is not None:
        yield Finding.refusal(
            "directory-unread",
            reading.directory_trouble.message,
            reading.directory_trouble.remedy,
            subject=DIRECTORY,
            breaks="Delegation can neither be read nor set",
        )
    elif reading.accounts is not None:
        for host, unfit in reading.unfit.items():
            yield Finding.refusal(
                "host-account-unfit",
                f"{unfit.why[:1].upper()}{unfit.why[1:]}",
                unfit.remedy,
                subject=Subject.host(host),
                breaks="Its delegation can neither be read nor set",
            )


def _authentication(
    where: Subject, source: HostName, destination: HostName, one: HostFacts, other: HostFacts
) -> Iterator[Finding]:
    if one.migration.authentication != other.migration.authentication:
        yield Finding.refusal(
            "migration-authentication-differs",
            f"{source} is set to {_named(one)} for migrations, {destination} to {_named(other)}",
            "Declare live_migration: {authentication: kerberos}, or run"
            " Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos on both",
            subject=where,
            breaks="Moves between them fail",
        )


def _named(facts: HostFacts) -> str:
    return AUTHENTICATIONS.get(facts.migration.authentication, "nothing that has a name")


def _second_hop(
    stack: Stack, reading: Reading, source: HostName, destination: HostName, facts: HostFacts
) -> Iterator[Finding]:
    """Check the second hop of our login: a local account, CredSSP, or delegation."""
    where, auth = Subject.pair(source, destination), stack.hosts[source].connection.auth
    guarded = reading.hosts[source].credential_guard
    # The source has to log on at the destination as us: the second hop (Learn, "Multi-Hop Support in WinRM").
    if auth in _LOCAL:
        yield Finding.refusal(
            "login-local-account",
            f"auth: {auth} logs on with an account of {source} itself",
            "Use auth: kerberos, ntlm or credssp with an account of the domain",
            subject=where,
            breaks=f"{destination} does not know it (0x8009030E); moves of storage within {source} work",
        )
    elif auth == "credssp" and guarded:
        # The source needs our password for CredSSP (Learn, "Considerations and known issues when using Credential Guard").
        yield Finding.refusal(
            "credential-guard",
            f"{source} runs Credential Guard, and we log on by CredSSP",
            "Use auth: kerberos or ntlm and delegation: instead",
            subject=where,
            breaks="Credential Guard keeps the host from using the password that was handed over",
        )
    elif auth in _DELEGATED and facts.migration.authentication == CREDSSP:
        # Set to CredSSP, a host uses the password that it was handed, and no delegation
        # (Learn, "Set up hosts for live migration without Failover Clustering").
        yield Finding.refusal(
            "login-without-password",
            f"{source} is set to CredSSP, and auth: {auth} hands no password over",
            _cheaper_route(guarded=guarded),
            subject=where,
            breaks="Every move fails with 0x8009030E",
        )
    elif auth in _DELEGATED and reading.accounts is not None:
        yield from _delegation(stack, reading.accounts, source, destination, facts)


def _cheaper_route(*, guarded: bool | None) -> str:
    """Recommend delegation, which hands out no password; CredSSP only where Credential Guard does not stop it."""
    delegation = "Declare live_migration: {authentication: kerberos} and delegation:"
    return (
        delegation
        if guarded
        else f"{delegation} (recommended); or use auth: credssp, which hands every host the password"
    )


def _delegation(
    stack: Stack,
    accounts: Mapping[HostName, ComputerAccount],
    source: HostName,
    destination: HostName,
    facts: HostFacts,
) -> Iterator[Finding]:
    # Delegation has a direction: that the other way is allowed says nothing of this one.
    one, other = accounts.get(source), accounts.get(destination)
    if one is None or other is None:
        return
    mode = needed_mode(stack.delegation, facts.build, stack.hosts[source].connection.auth)
    missing = missing_for_pair(one, other, mode)
    # Either form is enough: what the declared one lacks does not matter where the destination lets the source in.
    if missing and missing_for_pair(one, other, "resource-based"):
        listed = ", ".join(entry.entry for entry in missing)
        yield Finding.refusal(
            "delegation-missing",
            f"{one.dn} lacks {listed}",
            "Run bin/pulumi up: delegation: is declared"
            if stack.delegation and {source, destination} <= set(stack.delegation.hosts)
            else "Declare delegation: {hosts: all}, and run bin/pulumi up",
            subject=Subject.pair(source, destination),
            breaks="Every move fails with 0x8009030E",
        )


def _networks(where: Subject, source: HostMigration | None, destination: HostFacts) -> Iterator[Finding]:
    """The source sends from its own migration networks: the destination has to listen in one of them (unverified)."""
    addresses = destination.migration.addresses
    if source is None or not source.networks or not addresses:
        return
    subnets = [ipaddress.ip_network(network.subnet, strict=False) for network in source.networks]
    if not any(
        # An address of a link has its zone behind it, which no subnet has (RFC 4007, 11).
        ipaddress.ip_address(address.partition("%")[0]) in subnet
        for address in addresses
        for subnet in subnets
    ):
        yield Finding.refusal(
            "migration-networks-apart",
            f"They have no migration network in common: {', '.join(map(str, subnets))} against {', '.join(addresses)}",
            "Declare live_migration: {networks: [...]} with a subnet that both are in",
            subject=where,
            breaks="Moves find no connection (0x8007274C)",
        )

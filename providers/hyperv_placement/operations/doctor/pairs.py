"""What stands between two hosts of which one may hand a machine to the other."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from hyperv_placement.model.diagnosis import Diagnosis, Weight
from hyperv_placement.model.directory import ComputerAccount
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.delegation.entries import missing_for_pair, needed_mode

from .symptoms import Reading

CREDSSP = 0
_LOCAL = frozenset({"basic", "certificate"})
_DELEGATED = frozenset({"kerberos", "ntlm"})


def pair_diagnoses(
    stack: Stack, reading: Reading, source: HostName, destination: HostName
) -> Iterator[Diagnosis]:
    """Yield what keeps machines from going from one host to the other."""
    ends = [_facts(reading, name) for name in (source, destination)]
    if ends[0] is None or ends[1] is None:
        return
    where = f"{source} -> {destination}"
    yield from _authentication(where, source, destination, ends[0], ends[1])
    yield from _second_hop(stack, reading, source, destination, ends[0])
    yield from _networks(where, reading.hosts[source].migration, ends[1])


def caller_diagnoses(reading: Reading) -> Iterator[Diagnosis]:
    """Yield what is wrong with those as whom we log on, whichever pair it is."""
    for user, why in reading.callers.items():
        yield Diagnosis(
            weight=Weight.ERROR, where="directory", text=f"The account {user} {why}",
            breaks="No host acts for it at another host (0x8009030E): its moves between hosts fail",
            remedy="Log on with another account (connection.credentials), or by auth: credssp",
        )  # fmt: skip
    if reading.forwardable is False:
        yield Diagnosis(
            weight=Weight.ERROR, where="ticket", text="The Kerberos ticket in use may not be forwarded",
            breaks="Hosts of Windows Server 2012 R2 cannot act with it at another host (0x8009030E)",
            remedy="Run kinit -f",
        )  # fmt: skip
    if reading.directory_trouble is not None:
        yield Diagnosis(
            weight=Weight.ERROR, where="directory", text=reading.directory_trouble.message,
            breaks="Delegation can neither be told nor set", remedy=reading.directory_trouble.remedy,
        )  # fmt: skip
    elif reading.accounts is not None:
        for host, unfit in reading.unfit.items():
            yield Diagnosis(
                weight=Weight.ERROR, where=host, text=_sentence(unfit.why),
                breaks="Its delegation can neither be told nor set", remedy=unfit.remedy,
            )  # fmt: skip


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _facts(reading: Reading, host: HostName) -> HostFacts | None:
    found = reading.inventory.hosts.get(host)
    return None if found is None else found.facts


def _authentication(
    where: str, source: HostName, destination: HostName, one: HostFacts, other: HostFacts
) -> Iterator[Diagnosis]:
    if one.migration.authentication != other.migration.authentication:
        named = {CREDSSP: "CredSSP"}
        yield Diagnosis(
            weight=Weight.ERROR, where=where,
            text=f"{source} is set to {named.get(one.migration.authentication, 'Kerberos')} for migrations, {destination}"
            f" to {named.get(other.migration.authentication, 'Kerberos')}",
            breaks="Moves between them fail",
            remedy="Declare live_migration: {authentication: kerberos}, or run"
            " Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos on both",
        )  # fmt: skip


def _second_hop(
    stack: Stack, reading: Reading, source: HostName, destination: HostName, facts: HostFacts
) -> Iterator[Diagnosis]:
    """Judge the route that our login takes: a local account, CredSSP, or delegation."""
    where, auth = f"{source} -> {destination}", stack.hosts[source].connection.auth
    guarded = reading.hosts[source].credential_guard
    if auth in _LOCAL:
        yield Diagnosis(
            weight=Weight.ERROR, where=where, text=f"auth: {auth} logs on with an account of {source} itself",
            breaks=f"{destination} does not know it (0x8009030E); moves of storage within {source} work",
            remedy="Use auth: kerberos, ntlm or credssp with an account of the domain",
        )  # fmt: skip
    elif auth == "credssp" and guarded:
        yield Diagnosis(
            weight=Weight.ERROR, where=where, text=f"{source} runs Credential Guard, and we log on by CredSSP",
            breaks="Credential Guard keeps the host from using the password that was handed over",
            remedy="Use auth: kerberos or ntlm and delegation: instead",
        )  # fmt: skip
    elif auth in _DELEGATED and facts.migration.authentication == CREDSSP:
        yield Diagnosis(
            weight=Weight.ERROR, where=where, text=f"{source} is set to CredSSP, and auth: {auth} hands no password over",
            breaks="Every move fails with 0x8009030E",
            remedy=_cheaper_route(guarded=guarded),
        )  # fmt: skip
    elif auth in _DELEGATED and reading.accounts is not None:
        yield from _delegation(stack, reading.accounts, source, destination, facts)


def _cheaper_route(*, guarded: bool | None) -> str:
    """Return the recommended route: delegation, which hands out no password; CredSSP only where nothing guards."""
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
) -> Iterator[Diagnosis]:
    one, other = accounts.get(source), accounts.get(destination)
    if one is None or other is None:
        return
    mode = needed_mode(stack.delegation, facts.build, stack.hosts[source].connection.auth)
    missing = missing_for_pair(one, other, mode)
    if missing and missing_for_pair(one, other, "resource-based"):
        listed = ", ".join(entry.entry for entry in missing)
        yield Diagnosis(
            weight=Weight.ERROR, where=f"{source} -> {destination}", text=f"{one.dn} lacks {listed}",
            breaks="Every move fails with 0x8009030E",
            remedy="Run bin/pulumi up: delegation: is declared"
            if stack.delegation and {source, destination} <= set(stack.delegation.hosts)
            else "Declare delegation: {hosts: all}, and run bin/pulumi up",
        )  # fmt: skip


def _networks(where: str, source: HostMigration | None, destination: HostFacts) -> Iterator[Diagnosis]:
    """The source sends from its own migration networks: the destination has to listen in one of them (unverified)."""
    addresses = destination.migration.addresses
    if source is None or not source.networks or not addresses:
        return
    subnets = [ipaddress.ip_network(network.subnet, strict=False) for network in source.networks]
    if not any(
        ipaddress.ip_address(address.partition("%")[0]) in subnet
        for address in addresses
        for subnet in subnets
    ):
        yield Diagnosis(
            weight=Weight.ERROR, where=where,
            text=f"They have no migration network in common: {', '.join(map(str, subnets))} against {', '.join(addresses)}",
            breaks="Moves find no connection (0x8007274C)",
            remedy="Declare live_migration: {networks: [...]} with a subnet that both are in",
        )  # fmt: skip

"""Checks by the hosts' settings whether the source can act at the destination on behalf of the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move

CREDSSP, KERBEROS = 0, 1
"""AuthenticationType of a host's migration service (win32 page of its setting data)."""
AUTHENTICATIONS: Mapping[int, str] = {CREDSSP: "CredSSP", KERBEROS: "Kerberos"}
_LOCAL = frozenset({"basic", "certificate"})


def second_hop(move: Move, source: HostFacts) -> Iterator[Finding]:
    """Yield why the move would fail with 0x8009030E, whatever the directory allows.

    A host set to CredSSP acts only for callers who have handed their password over ("Set up hosts for live migration without
    Failover Clustering", learn.microsoft.com), and the host's own accounts mean nothing elsewhere. Credential Guard of the
    source stops CredSSP ("Considerations and known issues when using Credential Guard", the same place).
    """
    # Both kinds of logon are mapped to local accounts alone (Authentication for Remote Connections, learn.microsoft.com).
    if move.caller in _LOCAL:
        yield Finding.refusal(
            "login-local-account",
            f"{move.vm.name}: auth: {move.caller} logs on with an account of {move.source} itself, which"
            f" {move.destination} does not know (0x8009030E)",
            "Use auth: kerberos, ntlm or credssp with an account of the domain; within a host it can stay",
        )
    elif source.migration.authentication == CREDSSP and move.caller in {"kerberos", "ntlm"}:
        yield Finding.refusal(
            "login-without-password",
            f"{move.vm.name}: {move.source} is set to CredSSP for migrations, and auth: {move.caller} hands no"
            " password over (0x8009030E)",
            f"Use auth: credssp, or set {move.source} to Kerberos (live_migration: {{authentication: kerberos}}) and"
            " delegate (delegation:)",
        )
    elif move.caller == "credssp":
        yield from _guarded(move, source)


def _guarded(move: Move, source: HostFacts) -> Iterator[Finding]:
    if source.credential_guard:
        yield Finding.refusal(
            "credential-guard",
            f"{move.vm.name}: Credential Guard of {move.source} keeps it from using the password that auth: credssp hands"
            " over",
            f"Use auth: kerberos or ntlm, set {move.source} to Kerberos (live_migration: {{authentication: kerberos}}) and"
            " delegate (delegation:)",
        )
    # It is on by default on domain members of Windows Server 2025, so unread is not taken for off.
    elif source.credential_guard is None:
        yield Finding.warning(
            "credential-guard-unread",
            f"Whether Credential Guard of {move.source} would stop auth: credssp could not be read",
            "The account needs the right to read root/Microsoft/Windows/DeviceGuard there",
        )

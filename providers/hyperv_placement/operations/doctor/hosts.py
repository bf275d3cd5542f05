"""Diagnoses of single hosts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from hyperv_placement import quoting
from hyperv_placement.model.alike import alike
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.own_name import doubt
from hyperv_placement.model.stack import HostSpec, Stack
from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.model.unreachable import several
from hyperv_placement.planning.machine.computers import another_computer
from hyperv_placement.planning.what_counts import is_away
from hyperv_placement.winrm.trust import NEW_CERTIFICATE

from .names import name_diagnoses
from .symptoms import HostReading, Reading

SKEW = 300.0
"""Seconds that two clocks may be apart (MS-KILE, the default of "Maximum tolerance for computer clock synchronization")."""
RENEW = timedelta(days=30)
"""A certificate that ends sooner than this is reported."""


def silent_hosts(stack: Stack, reading: Reading) -> Iterator[Finding]:
    """Yield why hosts could not be read, once for each cause; a host that is declared away only warns."""
    causes: dict[str, list[tuple[str, str]]] = {}
    today = stack.at(reading.now)
    for host in reading.hosts.values():
        away = today.hosts[host.name].away
        if host.trouble is not None and away is not None:
            yield Finding.warning(
                "host-away",
                is_away(host.name, away),
                f"Remove hosts.{host.name}.away when it is back",
                subject=Subject.host(host.name),
                breaks="Nothing is known of it, and that does not count for now",
            )
        elif host.trouble is not None:
            causes.setdefault(host.trouble.remedy, []).append((host.name, host.trouble.message))
    for remedy, said in causes.items():
        for names, message in alike(said):
            yield _unread(several(names), message, remedy)


def _unread(where: str, message: str, remedy: str) -> Finding:
    return Finding.refusal(
        "host-unread",
        message,
        remedy,
        subject=Subject.host(where),
        breaks="Nothing is known of what runs there; no machine moves from there or to there",
    )


def unproven_hosts(stack: Stack) -> Iterator[Finding]:
    """Yield one warning for all hosts that nothing proves: without TLS only Kerberos does."""
    names = [
        spec.name
        for spec in stack.hosts.values()
        if spec.endpoint.startswith("http:") and spec.connection.auth == "ntlm"
    ]
    if names:
        yield Finding.warning(
            "plain-http",
            "dialled over plain HTTP with auth: ntlm, which proves no host",
            "Write an https address, or auth: kerberos",
            subject=Subject.host(several(names)),
            breaks="A computer to which the name is diverted can answer in its place, and use the login elsewhere meanwhile",
        )


def host_diagnoses(reading: Reading, spec: HostSpec) -> Iterator[Finding]:
    """Yield what is wrong with one host."""
    host = reading.hosts[spec.name]
    if host.trouble is not None:
        yield _unread(spec.name, host.trouble.message, host.trouble.remedy)
        return
    yield from _certificate(host, reading.now)
    yield from _clock(host, reading)
    yield from _management(host)
    found = reading.inventory.hosts.get(spec.name)
    if found is not None and found.facts is not None:
        yield from _computer(host, found.facts)
        yield from _name(host, found.facts)
        yield from name_diagnoses(host, (reading.accounts or {}).get(host.name))
        yield from _migration(host, found.facts)
        yield from _room(found.facts, spec)


def _computer(host: HostReading, facts: HostFacts) -> Iterator[Finding]:
    if facts.replaced:
        found = another_computer(host.name, facts.uuid or "", facts.uuid_before or "")
        yield Finding.refusal(
            "host-replaced",
            found.text,
            found.remedy,
            subject=Subject.host(host.name),
            breaks="No machine moves from it or to it",
        )


def _name(host: HostReading, facts: HostFacts) -> Iterator[Finding]:
    # What a host reports of itself it may have made up: rights in the directory would go to the account of that name.
    if (why := doubt(host.name, facts)) is not None:
        yield Finding.refusal(
            "host-name-unproven",
            why.text,
            why.remedy,
            subject=Subject.host(host.name),
            breaks="No machine moves to it, and its account in the directory is not looked for",
        )


def _certificate(host: HostReading, now: datetime) -> Iterator[Finding]:
    end = host.certificate_end
    if end is not None and end - now < RENEW:
        days = max(0, (end - now).days)
        yield Finding.warning(
            "certificate-ends",
            f"Its certificate ends on {end:%Y-%m-%d}, in {counted(days, 'day')}",
            f"Have a new one issued, and on {host.full_name} give it to the listener: {NEW_CERTIFICATE}",
            subject=Subject.host(host.name),
            breaks="After that nobody reaches it over TLS",
        )


def _clock(host: HostReading, reading: Reading) -> Iterator[Finding]:
    """Compare with the other hosts: Kerberos between them tolerates only a small difference."""
    reported = [each.ahead for each in reading.hosts.values() if each.ahead is not None]
    if host.ahead is None or len(reported) < 2:  # noqa: PLR2004 - one clock has nothing to be compared with
        return
    # The median, so that one wrong clock does not make the others look wrong.
    apart = host.ahead - median(reported)
    if abs(apart) > SKEW:
        yield Finding.refusal(
            "clock-apart",
            f"Its clock is {format_seconds(abs(apart))} {'ahead of' if apart > 0 else 'behind'} the other hosts'",
            f"On {host.full_name} run {quoting.powershell('w32tm /resync')}, and look at its time source ({quoting.powershell('w32tm /query /source')})",
            subject=Subject.host(host.name),
            breaks="Kerberos refuses tickets across more than 5 minutes: logins and moves fail",
        )


def _management(host: HostReading) -> Iterator[Finding]:
    if host.managed_by_vmm:
        yield Finding.warning(
            "vmm-agent",
            "Virtual Machine Manager's agent runs there",
            "Take these machines out of its placement, or out of the stack file",
            subject=Subject.host(host.name),
            breaks="It may move machines by itself, and each run would move them back",
        )


def _migration(host: HostReading, facts: HostFacts) -> Iterator[Finding]:
    settings = facts.migration
    if not settings.enabled:
        yield Finding.refusal(
            "migration-disabled",
            "Live migration is disabled",
            "Declare live_migration: {enabled: true}, or run Enable-VMMigration there",
            subject=Subject.host(host.name),
            breaks="No machine leaves it or comes to it",
        )
    elif not settings.addresses:
        # Enabled and listening nowhere is a state of its own: such a host can still be left.
        yield Finding.refusal(
            "migration-no-address",
            "It listens for migrations on no address",
            "Declare live_migration: {networks: any}, or run Set-VMHost -UseAnyNetworkForMigration $true there",
            subject=Subject.host(host.name),
            breaks="No machine comes to it",
        )
    for kind, limit, line in (
        ("live", settings.max_live, quoting.powershell("Set-VMHost -MaximumVirtualMachineMigrations 2")),
        ("storage", settings.max_storage, quoting.powershell("Set-VMHost -MaximumStorageMigrations 2")),
    ):
        if not limit:
            yield Finding.refusal(
                "migration-limit-zero",
                f"It allows no {kind} migration at once",
                f"Declare live_migration: {{{kind}_limit: 2}}, or run {line} there",
                subject=Subject.host(host.name),
                breaks=f"Every {kind} migration of it fails",
            )


def _room(facts: HostFacts, spec: HostSpec) -> Iterator[Finding]:
    """Yield a warning where less is free than the reserve of the stack file."""
    reserve = spec.reserve
    for volume in facts.volumes or ():
        kept = reserve.on(volume)
        # Only a warning: what lies there already stays, and nothing more is sent.
        if kept and volume.free_bytes < kept:
            yield Finding.warning(
                "reserve-disk",
                f"{volume.path} has {format_bytes(volume.free_bytes)} free, {format_bytes(kept)} are to stay free",
                "Free space there, or lower reserve.disk of the host",
                subject=Subject.host(spec.name),
                breaks="No files come to that volume",
            )
    if facts.memory_free_mib is not None and reserve.left_of_memory(facts.memory_free_mib) < 0:
        yield Finding.warning(
            "reserve-memory",
            f"{facts.memory_free_mib} MiB of memory are free, {reserve.memory_mib} MiB are to stay free",
            "Move machines away, or lower reserve.memory of the host",
            subject=Subject.host(spec.name),
            breaks="No running machine comes to it",
        )

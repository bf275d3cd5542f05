"""Whether two hosts of a stack file are one computer, by what they report, and machines that two hosts show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from hyperv_placement import quoting
from hyperv_placement.model.estate import HostFacts, Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.names import HostName, VmId, dns, natural
from hyperv_placement.model.own_name import doubt, own_name
from hyperv_placement.model.unreachable import several

REPLICAS = frozenset({2, 3, 4})
"""Msvm_ComputerSystem.ReplicationMode of a replica, a test replica and an extended replica (win32 page of the class):
copies, never the machine; a replica carries its primary's GUID."""
_NAMED = 8
"""Machines that a line names."""
NAME_IT_ONCE = "Name it once"


def one_host(first: str, second: str, full_name: str) -> str:
    """Return the sentence about two entries that are one computer; `NAME_IT_ONCE` is the remedy."""
    return f"{first} and {second} are one host, {full_name}"


def is_one_computer(one: HostFacts, other: HostFacts) -> bool:
    """Say whether two hosts are one computer: they report one full name, and their firmware UUIDs do not contradict it.

    Equal UUIDs alone prove nothing: some makers give a whole series the same one. Nor does an equal name if it is
    proven or declared for only one of the two.
    """
    if dns(one.full_name) != dns(other.full_name):
        return False
    differ = one.uuid is not None and other.uuid is not None and one.uuid != other.uuid
    # A host in the wrong hands reports any name: only the host to which the name belongs may be compared by it (ADR 0029).
    alike = (own_name(one) is None) == (own_name(other) is None)
    return not differ and alike


def same_names(facts: Mapping[HostName, HostFacts]) -> Iterator[tuple[HostName, Finding]]:
    """Yield a finding for each pair of entries that report one full name, with the entry that it is about.

    A computer declared twice refuses everything, since its machines and room would count twice; so do two computers
    for which one name is proven or declared. If only one of them, or neither, owns the name, the other may be lying:
    machines go to no host that does not own its name, and the rest goes on.
    """
    by_name: dict[str, list[HostName]] = {}
    for name, each in facts.items():
        # Compared as DNS compares: neither case nor the dot of the root makes another name.
        by_name.setdefault(dns(each.full_name), []).append(name)
    for names in by_name.values():
        for first, second in combinations(names, 2):
            yield second, _of_one_name(first, second, facts)


def _of_one_name(first: HostName, second: HostName, facts: Mapping[HostName, HostFacts]) -> Finding:
    one, other = facts[first], facts[second]
    owners = [name for name in (first, second) if own_name(facts[name]) is not None]
    if len(owners) == 1:
        stranger = second if owners == [first] else first
        return Finding.warning(
            "host-name-of-another",
            f"{stranger} reports what {owners[0]} reports too, the name {one.full_name}, which is {owners[0]}'s",
            f"See which computer answers as {stranger}",
        )
    if not owners:
        return Finding.warning(
            "host-name-shared",
            f"{first} reports what {second} reports too, the name {one.full_name}: which of them it is is unknown",
            f"Name it once, or write account: under hosts.{first} and hosts.{second}",
        )
    # Both own the name here: one computer declared twice, unless their firmware says otherwise.
    if is_one_computer(one, other):
        return Finding.refusal("hosts-are-one", one_host(first, second, one.full_name), NAME_IT_ONCE)
    return Finding.refusal(
        "host-name-of-two",
        f"{first} reports what {second} reports too, the name {one.full_name}, and their firmware says that they are two"
        " computers",
        "See what answers at both addresses, and give each host a certificate and an account of its own",
    )


def named_twice(inventory: Inventory) -> Iterator[Finding]:
    """Yield the findings about hosts that report one name."""
    for _, finding in same_names(facts_in(inventory)):
        yield finding


def telling_of_others(inventory: Inventory) -> Iterator[Finding]:
    """Yield a warning for hosts that report other hosts' machines or migrations, and say where to look."""
    for (one, other), names in _shown_by_both(inventory).items():
        yield Finding.warning(
            "machine-shown-by-two",
            f"{one} reports what {other} reports too: {_some(names)} with one GUID. Where they are is unknown, and they"
            " are left alone",
            "See on both hosts which is true, and what became of the host that is not",
        )
    foreign: dict[tuple[HostName, HostName], list[str]] = {}
    for host, _, vm in inventory.foreign_jobs():
        foreign.setdefault((host.name, vm.host), []).append(vm.name)
    for (one, other), names in foreign.items():
        yield Finding.warning(
            "migration-of-anothers-machine",
            f"{one} reports migrations of {_some(names)}, which {other} has: {other}'s word counts",
            "Run again: one of them may just have changed hosts",
        )


def _some(names: Iterable[str]) -> str:
    """Return names of machines; of many only the first."""
    known = list(dict.fromkeys(names))
    more = len(known) - _NAMED
    return ", ".join(known[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shown_by_both(inventory: Inventory) -> dict[tuple[HostName, HostName], list[str]]:
    """Return, by pair of hosts, the names of machines that both show and that are not moving; replicas do not count."""
    seen: dict[VmId, VirtualMachine] = {}
    found: dict[tuple[HostName, HostName], list[str]] = {}
    for vm in inventory.vms():
        # A machine on its way may show at both ends, for the hosts are not read at one moment.
        if vm.replication_mode in REPLICAS or inventory.job_of(vm.id) is not None:
            continue
        other = seen.setdefault(vm.id, vm)
        if other.host != vm.host:
            found.setdefault((other.host, vm.host), []).append(other.name)
    return found


def another_computer(host: HostName, uuid: str, before: str) -> Finding:
    """Return the warning about a host that was replaced under its name."""
    return Finding.warning(
        "host-replaced",
        f"{host} is another computer than in the last run (its UUID is {uuid}, it was {before}): nothing moves to it"
        " or from it",
        f"If it was replaced on purpose: {quoting.own('bin/placement accept-host {}', host)}",
    )


def replaced(inventory: Inventory) -> Iterator[Finding]:
    """Yield a warning for each host that is another computer than in the last run."""
    for name, facts in facts_in(inventory).items():
        if facts.replaced:
            yield another_computer(name, facts.uuid or "", facts.uuid_before or "")


def keeps_out(name: HostName, facts: HostFacts) -> Iterator[Finding]:
    """Refuse a move from or to a host that is another computer; a warning of the plan has the remedy."""
    if facts.replaced:
        yield Finding.refusal(
            "host-replaced", f"{name} is another computer than in the last run", subject=Subject.host(name)
        )


def unnamed(inventory: Inventory, destinations: Iterable[HostName]) -> Iterator[Finding]:
    """Yield a warning for each destination whose name nothing proves, with what to write into the stack file.

    Those of an inventory that was recorded before proofs were noted have one warning together.
    """
    facts = facts_in(inventory)
    doubts = {
        name: why
        for name in dict.fromkeys(destinations)
        if name in facts and (why := doubt(name, facts[name])) is not None
    }
    unnoted = [name for name in doubts if _unnoted(facts[name])]
    if len(unnoted) > 1:
        yield Finding.warning(
            "host-name-unproven",
            f"What proved the names of {several(sorted(unnoted, key=natural))} was not recorded: a move to one of them starts only"
            " where its name is proven then",
            "Record the inventory anew, or write account: with the full name of each under hosts:",
        )
        doubts = {name: why for name, why in doubts.items() if name not in unnoted}
    for name, why in doubts.items():
        yield Finding.warning("host-name-unproven", f"{why.text}: {_meaning(facts[name])}", why.remedy)


def is_unnamed(name: HostName, facts: HostFacts) -> Iterator[Finding]:
    """Refuse a move to a host whose name is neither proven nor declared; a warning of the plan has the remedy.

    An inventory that was recorded before proofs were noted says neither: its moves are planned, and proven when they start.
    """
    if doubt(name, facts) is not None and not _unnoted(facts):
        yield Finding.refusal(
            "host-name-unproven",
            f"Nothing proves that {name} is the computer that it says it is",
            f"Write what the warning about {name} says, then run again",
            subject=Subject.host(name),
        )


def _unnoted(facts: HostFacts) -> bool:
    return facts.proven is None and facts.declared is None


def _meaning(facts: HostFacts) -> str:
    return (
        "a move to it starts only where its name is proven then" if _unnoted(facts) else "nothing moves to it"
    )


def facts_in(inventory: Inventory) -> dict[HostName, HostFacts]:
    """Return the facts of the hosts that were read in detail."""
    return {name: host.facts for name, host in inventory.hosts.items() if host.facts is not None}


def showing_the_same(inventory: Inventory) -> set[HostName]:
    """Return the hosts that show a machine that another host shows, too; replicas do not count."""
    owner: dict[VmId, HostName] = {}
    found: set[HostName] = set()
    for vm in inventory.vms():
        if vm.replication_mode not in REPLICAS and (other := owner.setdefault(vm.id, vm.host)) != vm.host:
            found |= {other, vm.host}
    return found

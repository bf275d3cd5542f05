"""What the directory says about the second hop of moves: read for many moves at once, and again after a failure."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hyperv_placement.clock import Clock
from hyperv_placement.errors import DirectoryDeniedError, PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.known_delegation import Delegation
from hyperv_placement.model import winpath
from hyperv_placement.model.directory import Accounts, ComputerAccount, DelegationPlan, Mode
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, dns, folded
from hyperv_placement.model.own_name import doubt, own_name
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.delegation.entries import FILES, missing_for_pair, needed_mode
from hyperv_placement.winrm.credentials import read_credential

if TYPE_CHECKING:
    from hyperv_placement.directory.accounts import Person
    from hyperv_placement.directory.client import DirectoryClient

READING_MAX_AGE_S = 10.0
"""Seconds for which a reading serves the moves of a run, unless an entry is missing in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the directory had about all hosts and callers asked for so far, or why it gave no answer."""

    begun: float
    hosts: frozenset[str]
    accounts: Accounts
    people: Mapping[str, Person | None]
    trouble: PlacementError | None = None


class DirectorySecondHop:
    """Answers from one directory. Any number of threads may use it; one reading serves all threads that wait for it."""

    def __init__(self, stack: Stack, estate: Estate, directory: DirectoryClient, clock: Clock) -> None:
        self.wait = float(stack.delegation_wait)
        self._stack = stack
        self._estate = estate
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._hosts: set[str] = set()
        self._callers: set[str] = set()
        self._last: _Reading | None = None
        self._builds: dict[HostName, int | None] = {}

    def delegation(self, move: Move, *, fresh: bool) -> Delegation | None:
        """Return what the directory says about a move; None if it needs no delegation. `fresh`: read it now.

        A missing entry is always read again: the run itself may have added it a moment ago.
        """
        if not needs_delegation(move):
            return None
        asked = self._clock.now()
        try:
            found = self._judged(move, since=asked if fresh else asked - READING_MAX_AGE_S)
            return self._judged(move, since=asked) if found.against and not fresh else found
        except PlacementError as error:
            return Delegation(unknown=str(error))

    def foreseen(self, moves: Iterable[Move]) -> Iterator[tuple[Move, Delegation]]:
        """Yield what one reading of the directory says about each move that needs delegation."""
        needed = [move for move in moves if needs_delegation(move)]
        ends = {host for move in needed for host in (move.source, move.destination)}
        names = self._estate.all_names(ends)  # in parallel, so that none is asked for singly below
        with self._lock:
            self._hosts |= {folded(own) for each in names.values() if (own := own_name(each)) is not None}
        asked = self._clock.now()
        for move in needed:
            try:
                yield move, self._judged(move, since=asked - READING_MAX_AGE_S)
            except PlacementError as error:
                yield move, Delegation(unknown=str(error))

    def _judged(self, move: Move, *, since: float) -> Delegation:
        """Judge a move by a reading begun after `since`. Raises PlacementError."""
        said = {host: self._estate.names(host) for host in (move.source, move.destination)}
        for host, each in said.items():
            if (why := doubt(host, each)) is not None:
                return Delegation(unknown=f"{why.text}. {why.remedy}")
        names = {host: own_name(each) or "" for host, each in said.items()}
        caller = read_credential(self._stack.hosts[move.source].connection, move.source).username
        reading = self._reading(names.values(), caller, since)
        for host, name in names.items():
            if (unfit := reading.accounts.unfit.get(folded(name))) is not None:
                return Delegation(unknown=f"{unfit.why} ({host}). {unfit.remedy}")
        source, destination = (
            replace(reading.accounts.fit[folded(name)], host=host) for host, name in names.items()
        )
        person = reading.people.get(caller) if caller else None
        if caller and person is not None and (person.sensitive or person.protected):
            return _barred(caller, person)
        mode, used = self._mode(move), tuple(_file_servers(move))
        # To servers that delegation.shares does not list nothing is ever delegated.
        shares = tuple(
            share
            for share in _listed(self._stack)
            if any(winpath.may_be_one_server(server, dns(share)) for server in used)
        )
        missing = missing_for_pair(source, destination, mode, shares)
        # Either form is enough for the domain, whichever the stack file declares.
        if not missing or not missing_for_pair(source, destination, "resource-based", shares):
            return Delegation(
                account=source.dn, elsewhere=tuple(_without_entry(source, used, _listed(self._stack)))
            )
        holder = destination if mode == "resource-based" else source
        return Delegation(account=holder.dn, missing=missing)

    def _mode(self, move: Move) -> Mode:
        """Return the form of delegation that the source needs for this caller."""
        build: int | None = None
        if move.caller == "kerberos":
            if move.source not in self._builds:
                self._builds |= self._estate.builds([move.source])
            # A host that reports no build counts as a new one, where protocol transition is needed.
            build = self._builds.get(move.source)
        return needed_mode(self._stack.delegation, build, move.caller)

    def _reading(self, hosts: Iterable[str], caller: str, since: float) -> _Reading:
        """Return a reading about these, begun after `since`. Raises what kept the directory from answering."""
        wanted = {folded(name) for name in hosts}
        with self._lock:
            self._hosts |= wanted
            self._callers |= {caller} - {""}
            last = self._last
            covers = last is not None and wanted <= last.hosts and (not caller or caller in last.people)
            # A failed reading covers every question: the directory is silent for all of them.
            if last is None or last.begun <= since or not (last.trouble or covers):
                last = self._last = self._read()
        if last.trouble is not None:
            raise last.trouble
        return last

    def _read(self) -> _Reading:
        """Read everything asked for so far. A failed reading counts from its end, so that nobody waits for the silence twice."""
        begun, hosts = self._clock.now(), frozenset(self._hosts)
        try:
            accounts = self._directory.computers(hosts)
            people = {caller: self._person(caller) for caller in sorted(self._callers)}
        except PlacementError as error:
            return _Reading(
                begun=self._clock.now(), hosts=hosts, accounts=Accounts(), people={}, trouble=error
            )
        return _Reading(begun=begun, hosts=hosts, accounts=accounts, people=people)

    def _person(self, caller: str) -> Person | None:
        """Return a caller's account; None also where we may not read it, which proves nothing about the caller."""
        try:
            return self._directory.person(caller)
        except DirectoryDeniedError:
            return None


def warn_missing_delegation(
    stack: Stack, estate: Estate, plan: Plan, declared: DelegationPlan | None, clock: Clock
) -> Plan:
    """Return `plan` with a warning at each move that would fail by what the directory says now.

    `declared`: entries that `delegation:` is about to add, which are not warned about.
    """
    if stack.directory is None or not any(needs_delegation(move) for move in plan.starts):
        return plan
    if declared is not None and set(declared.unknown) >= set(declared.spec.hosts):
        return plan  # the directory is silent, and a finding already says so
    from hyperv_placement.directory.client import DirectoryClient  # noqa: PLC0415 - a fifth of a second that most stacks save

    client = DirectoryClient(stack.directory, clock=clock)
    try:
        hop = DirectorySecondHop(stack, estate, client, clock)
        reported = [(move, _without(found, declared)) for move, found in hop.foreseen(plan.starts)]
    finally:
        client.close()
    steps = tuple(_warned(step, reported) for step in plan.steps)
    unknown = dict.fromkeys(found.unknown for _, found in reported if found.unknown)
    silent = (
        Finding.warning("delegation-unknown", f"Whether moves are delegated is unknown: {why}")
        for why in unknown
    )
    return replace(plan, steps=steps, findings=(*plan.findings, *silent, *_unlisted(stack, plan.starts)))


def _without(found: Delegation, declared: DelegationPlan | None) -> Delegation:
    """Return `found` without the entries that the run adds before the move."""
    if declared is None:
        return found
    planned = {(host, folded(entry)) for host, entries in declared.entries.items() for entry in entries}
    # An entry is held by the source's account, or by the destination's that lets the source in (Learn, "Kerberos constrained delegation overview").
    at_destination = declared.spec.mode == "resource-based"
    left = tuple(
        each
        for each in found.missing
        if (each.destination if at_destination else each.source, folded(each.entry)) not in planned
    )
    return replace(found, missing=left)


def _warned(step: Step, reported: Iterable[tuple[Move, Delegation]]) -> Step:
    """Return a step with a warning for each of its moves that would fail, parking moves included."""
    warnings = (
        Finding.warning(
            "delegation-missing",
            f"{step.label} ({move.source} -> {move.destination}) would fail with 0x8009030E: {found.against}",
            found.remedy,
        )
        for move, found in reported
        if move.vm.id == step.vm_id and step.standing == Standing.MOVE and found.against
    )
    return replace(step, findings=(*step.findings, *warnings))


def needs_delegation(move: Move) -> bool:
    """Say whether the source has to act at the destination for a caller whose login does not pass on a password."""
    return move.changes_host and move.caller in {"kerberos", "ntlm"}


def _barred(caller: str, person: Person) -> Delegation:
    """Return why the caller can never be delegated (Learn, "Protected Users Security Group", and userAccountControl)."""
    if person.protected:
        return Delegation(
            account=person.dn, barred=f"{caller} is a member of Protected Users, for whom nobody can act",
            way_out="Use another account",
        )  # fmt: skip
    return Delegation(
        account=person.dn, barred=f"{caller} is sensitive and cannot be delegated",
        way_out="Use another account, or auth: credssp",
    )  # fmt: skip


def _listed(stack: Stack) -> tuple[str, ...]:
    return stack.delegation.shares if stack.delegation else ()


def _without_entry(source: ComputerAccount, servers: Iterable[str], listed: Iterable[str]) -> Iterator[str]:
    """Yield the servers that are not listed, and for which an account has no entry.

    What a DFS namespace leads to is not known here: one whose domain has a listed server counts as allowed.
    """
    declared = [*map(dns, listed)]
    # A name may have a port, and a third part ("Name Formats for Unique SPNs", win32).
    entries = (re.split("[/:]", entry) for entry in source.allowed_to_delegate)
    allowed = [
        *declared,
        *(dns(parts[1]) for parts in entries if len(parts) > 1 and folded(parts[0]) == FILES),
    ]
    for server in servers:
        of_server = any(winpath.may_be_one_server(server, each) for each in allowed)
        if not of_server and not any(winpath.may_be_namespace(server, each) for each in declared):
            yield server


def _unlisted(stack: Stack, moves: Iterable[Move]) -> Iterator[Finding]:
    """Yield a warning for each file server with files of moves that delegation.shares does not list."""
    listed = [dns(share) for share in _listed(stack)]
    used = dict.fromkeys(server for move in moves if needs_delegation(move) for server in _file_servers(move))
    for server in used:
        if not any(winpath.may_be_one_server(server, share) for share in listed):
            yield Finding.warning(
                "delegation-server-unlisted",
                f"Files of moves lie on {server}, which delegation.shares does not list: whether hosts may act there for their"
                " callers is not looked at, and nothing is delegated to it",
                f"If it is a file server of yours, list its full name under delegation.shares, such as {server}",
            )


def _file_servers(move: Move) -> Iterator[str]:
    """Yield the file servers that hold files of the move, before or after."""
    paths = [move.roots.config, *(path for disk in move.all_disks for path in (disk.source, disk.target))]
    paths += [disk.path for disk in move.vm.disks]
    servers = (parts[0] for path in paths if (parts := winpath.server_and_rest(path)) is not None)
    yield from dict.fromkeys(servers)

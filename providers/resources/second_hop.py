"""What the directory says of a move's second hop: read for many moves at once, and anew after a failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from providers.clock import Clock
from providers.errors import PlacementError
from providers.hyperv.credentials import read_credential
from providers.hyperv.estate import Estate
from providers.hyperv.second_hop import Delegation
from providers.model import winpath
from providers.model.directory import ComputerAccount, Mode
from providers.model.names import HostName
from providers.model.plan import Move
from providers.model.stack import Stack
from providers.planning.delegation import missing_for_pair

if TYPE_CHECKING:
    from providers.ldap.client import DirectoryClient

SERVER_2016 = 14393
"""Build from which on WinRM cannot hand a Kerberos ticket to the migration service: the flag is needed for every
caller ("Live Migration via Constrained Delegation with Kerberos in Windows Server 2016", Microsoft's virtualization blog)."""
YOUNG = 10.0
"""Seconds for which a reading serves the moves of a run; after a failure the directory is read anew."""


class DirectorySecondHop:
    """Answers from one directory. Any number of threads may use it."""

    def __init__(self, stack: Stack, estate: Estate, directory: DirectoryClient, clock: Clock) -> None:
        """Ask nothing yet."""
        self.wait = float(stack.delegation_wait)
        self._stack = stack
        self._estate = estate
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._read: dict[str, tuple[float, ComputerAccount | None]] = {}
        self._builds: dict[HostName, int | None] = {}

    def delegation(self, move: Move, *, fresh: bool) -> Delegation | None:
        """Return what the directory says, None where it cannot be told or is not needed. `fresh`: read it now."""
        if not move.changes_host or move.caller not in {"kerberos", "ntlm"}:
            return None
        try:
            found = self._judged(move, fresh=fresh)
            if found is not None and found.missing and not fresh:
                found = self._judged(move, fresh=True)  # this very run may have added it since
        except PlacementError:
            return None  # a silent directory proves nothing; the hosts' answer will tell
        return found

    def _judged(self, move: Move, *, fresh: bool) -> Delegation | None:
        source, destination = (
            self._account(move.source, fresh=fresh),
            self._account(move.destination, fresh=fresh),
        )
        if source is None or destination is None:
            return None
        if (bar := self._bar(move)) is not None:
            return bar
        mode, shares = self._mode(move), tuple(_file_servers(move))
        missing = missing_for_pair(source, destination, mode, shares)
        if not missing or not missing_for_pair(source, destination, "resource-based", shares):
            return Delegation(account=source.dn, missing=())
        holder = destination if mode == "resource-based" else source
        return Delegation(account=holder.dn, missing=tuple(str(entry) for entry in missing))

    def _bar(self, move: Move) -> Delegation | None:
        """Return why the caller is never delegated whatever the hosts' accounts have, None where nothing says so."""
        name = read_credential(self._stack.hosts[move.source].connection, move.source).username
        person = self._directory.person(name) if name else None
        if person is None or not (person.sensitive or person.protected):
            return None
        why = "is a member of Protected Users" if person.protected else "is sensitive and cannot be delegated"
        return Delegation(
            account=person.dn, missing=(f"{name} {why}: use another account, or auth: credssp",)
        )

    def _mode(self, move: Move) -> Mode:
        """Return which form of delegation the source needs for this caller."""
        declared = self._stack.delegation
        if declared is not None and declared.mode == "resource-based":
            return "resource-based"
        build = self._build(move.source) if move.caller == "kerberos" else None
        return "constrained" if build is not None and build < SERVER_2016 else "protocol-transition"

    def _build(self, host: HostName) -> int | None:
        if host not in self._builds:
            self._builds[host] = self._estate.facts(host).build
        return self._builds[host]

    def _account(self, host: HostName, *, fresh: bool) -> ComputerAccount | None:
        name = self._estate.names(host).full_name.lower()
        with self._lock:
            known = self._read.get(name)
            if known is None or fresh or self._clock.now() - known[0] > YOUNG:
                self._refresh(name, fresh=fresh)
            found = self._read[name][1]
        return None if found is None else replace(found, host=host)

    def _refresh(self, name: str, *, fresh: bool) -> None:
        """Read one account, and where it need not be new to the second all that were asked for before, in one go."""
        names = {name} if fresh else {name, *self._read}
        now = self._clock.now()
        found: Mapping[str, ComputerAccount] = self._directory.computers(names)
        self._read |= {each: (now, found.get(each)) for each in names}


def _file_servers(move: Move) -> Iterator[str]:
    """Yield the servers of shares that hold files of the move, before or after."""
    paths = [move.roots.config, *(path for disk in move.all_disks for path in (disk.source, disk.target))]
    paths += [disk.path for disk in move.vm.disks]
    servers = (winpath.comparable(path).lstrip("\\").split("\\")[0] for path in paths if winpath.is_unc(path))
    yield from dict.fromkeys(servers)

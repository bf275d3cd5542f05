"""The identities of a stack, kept between its runs in a file beside the audit log: machines by GUID, hosts by UUID.

State knows them too, but only the engine reads it, and not in every run before the program plans (`--refresh=false`,
`--target`). Where the file is missing, torn or of another kind, nothing is known: then state and names decide. One
that another user has made, or could have, is an error.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.model import strict_json
from hyperv_placement.model.identity import NOTHING_KEPT, Home, Kept
from hyperv_placement.model.names import HostName, VmId, is_guid, stack_name, vm_id
from hyperv_placement.model.siblings import Siblings
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.way_back import WayBack
from hyperv_placement.system import ForeignError, private_folder
from hyperv_placement.system.files import read_own, write_whole

from .holds import SharedHolds, with_holds
from .siblings import read_siblings

Change = Callable[[Kept], Kept]
_VERSION = 1
_LARGEST = 64 << 20
"""Bytes; 10,000 machines have about 1 MiB."""


def identities_path(project: Path, stack: str) -> Path:
    """Return where the file of a stack lies. Raises StackNameError."""
    return project / ".pulumi" / "identities" / f"{stack_name(stack)}.json"


def kept_of(stack: Stack, project: Path) -> Kept:
    """Return what is kept of a stack of the project, with its holds in the shared state, and what the other stacks declare.

    Nothing is known of a stack file that lies elsewhere.
    """
    if not is_of_project(stack, project):
        return NOTHING_KEPT
    name = stack.path.stem
    kept = replace(read_kept(identities_path(project, name)), siblings=siblings_of(stack, project))
    return with_holds(kept, SharedHolds(project, name))


def siblings_of(stack: Stack, project: Path) -> Siblings:
    """Return what the other stacks of the project declare, and where their last runs have left their machines."""
    return read_siblings(stack, project, lambda name: read_kept(identities_path(project, name)))


def is_of_project(stack: Stack, project: Path) -> bool:
    """Say whether a stack file lies where the engine looks for it: of others no run is known."""
    return stack.path.absolute().parent == (project / "stacks").absolute()


def read_kept(path: Path) -> Kept:
    """Return what a file keeps; nothing where there is none that can be read. Raises PlacementError where somebody else has made it."""
    try:
        return _kept(strict_json.loads(read_own(path, _LARGEST)))
    except ForeignError as error:
        raise PlacementError(
            f"Which machines the last run has managed is not read: {error.strerror}",
            remedy="See who did that; with the file removed, state and names decide",
        ) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        # Torn or of another kind: names decide then, and reports say so.
        return NOTHING_KEPT


def known_to_state(
    kept: Kept, reported: Mapping[str, VmId], homes: Mapping[VmId, Home | None] | None = None
) -> Kept:
    """Return what is kept, with what state was read to have in this very run: that counts.

    `homes`: of the machines that state has, where they go back to; None for one that has no such place.
    """
    every = {**kept.homes, **(homes or {})}
    return replace(
        kept,
        machines={**kept.machines, **reported},
        homes={machine: home for machine, home in every.items() if home is not None},
    )


class Identities:
    """The file of one stack. Any number of threads may use it; those that come while it is written share the next writing."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """The file is read when its content is first asked for."""
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._kept: Kept | None = None
        self._unwritten: list[Change] = []
        self._changes = 0
        self._written = 0

    def kept(self) -> Kept:
        """Return what is kept, with all that this process has changed."""
        with self._lock:
            if self._kept is None:
                self._kept = read_kept(self.path)
            return self._kept

    def keep(
        self,
        machines: Mapping[str, VmId],
        *,
        places: Mapping[VmId, HostName] | None = None,
        of_a_run: bool = False,
    ) -> str | None:
        """Keep which machines are managed, and where they are; return why that could not be written, or None.

        `of_a_run`: that a run has begun is kept as well, even where nothing else is new.
        """
        now = self._clock.utc().replace(microsecond=0)
        return self._change(
            lambda kept: replace(
                kept,
                machines={**kept.machines, **machines},
                places={**kept.places, **(places or {})},
                at=now if of_a_run or kept.at is None else kept.at,
            )
        )

    def forget(self, label: str) -> str | None:
        """Forget the machine of a key; return why that could not be written, or None."""
        return self._change(lambda kept: _without(kept, label))

    def rename(self, old: str, label: str) -> str | None:
        """Keep the machine of a key under another one; return why that could not be written, or None."""
        return self._change(
            lambda kept: replace(
                kept,
                machines={label if key == old else key: machine for key, machine in kept.machines.items()},
            )
        )

    def keep_homes(self, homes: Mapping[VmId, Home | None]) -> str | None:
        """Keep where machines go back to after maintenance, and forget what is None; return why that could not be written, or None."""
        return self._change(
            lambda kept: replace(
                kept,
                homes={
                    machine: home for machine, home in {**kept.homes, **homes}.items() if home is not None
                },
            )
        )

    def keep_way_back(self, machine: VmId, way: WayBack | None) -> str | None:
        """Keep where the files of a machine go back to, or forget it (None); return why that could not be written, or None."""
        if way is None and machine not in self.kept().ways_back:
            return None
        others = {machine: way} if way is not None else {}
        return self._change(
            lambda kept: replace(
                kept,
                ways_back={
                    **{each: back for each, back in kept.ways_back.items() if each != machine},
                    **others,
                },
            )
        )

    def keep_hosts(self, hosts: Mapping[HostName, str]) -> str | None:
        """Keep which computers the hosts are; return why that could not be written, or None."""
        return self._change(lambda kept: replace(kept, hosts={**kept.hosts, **hosts}))

    def _change(self, change: Change) -> str | None:
        """Change what is kept, in the file as it is by then: the run's other process may have written it meanwhile."""
        self.kept()
        with self._lock:
            self._kept = change(self._kept or NOTHING_KEPT)
            self._unwritten.append(change)
            self._changes += 1
            mine = self._changes
        with self._writing:
            # Another thread may have written ours with its own, while we waited for the lock.
            return None if self._written >= mine else self._write()

    def _write(self) -> str | None:
        with self._lock:
            changes, number = tuple(self._unwritten), self._changes
        before = read_kept(self.path)
        kept = _changed(before, changes) if before != NOTHING_KEPT else self.kept()
        try:
            if kept != before:
                private_folder(self.path.parent)
                write_whole(self.path, json.dumps(_plain(kept), indent=1))
        except OSError as error:
            return (
                f"Which machines this stack manages is not kept: {self.path} cannot be written:"
                f" {error.strerror}"
            )
        with self._lock:
            del self._unwritten[: len(changes)]
            # What has come while the file was written is put on top, and is written by whoever waits for that.
            self._kept = _changed(kept, self._unwritten)
        self._written = number
        return None


def _without(kept: Kept, label: str) -> Kept:
    """Return what is kept without a key; of its machine nothing else, where another key has it as well."""
    machines = {key: each for key, each in kept.machines.items() if key != label}
    gone = {kept.machines.get(label)} - set(machines.values())
    return replace(
        kept,
        machines=machines,
        places={each: host for each, host in kept.places.items() if each not in gone},
        homes={each: home for each, home in kept.homes.items() if each not in gone},
    )


def _changed(kept: Kept, changes: Iterable[Change]) -> Kept:
    for change in changes:
        kept = change(kept)
    return kept


def _plain(kept: Kept) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "at": None if kept.at is None else kept.at.isoformat(timespec="seconds"),
        "machines": dict(sorted(kept.machines.items())),
        "hosts": dict(sorted(kept.hosts.items())),
        "places": dict(sorted(kept.places.items())),
        "ways_back": {each: asdict(way) for each, way in sorted(kept.ways_back.items())},
        "homes": {each: [home.host, home.entry] for each, home in sorted(kept.homes.items())},
    }


def _kept(content: Any) -> Kept:
    """Raises ValueError, TypeError, KeyError or AttributeError where that is nothing of ours."""
    if content["version"] != _VERSION:
        raise ValueError("another version")
    machines = {str(key): vm_id(each) for key, each in content["machines"].items()}
    hosts = {HostName(key): each for key, each in content["hosts"].items() if is_guid(each)}
    # A file of an earlier version has no places.
    places = {vm_id(each): HostName(host) for each, host in content.get("places", {}).items()}
    homes = {
        vm_id(each): Home(host=HostName(host), entry=str(entry))
        for each, (host, entry) in content.get("homes", {}).items()
    }
    at = None if content["at"] is None else datetime.fromisoformat(content["at"])
    ways = {vm_id(each): _way_back(way) for each, way in content.get("ways_back", {}).items()}
    return Kept(machines=machines, hosts=hosts, places=places, homes=homes, ways_back=ways, at=at)


def _way_back(content: Any) -> WayBack:
    texts = {name: str(content[name]) for name in ("aside", "config", "checkpoints", "paging", "entry")}
    disks = {str(slot): str(path) for slot, path in content["disks"].items()}
    return WayBack(**texts, disks=disks)

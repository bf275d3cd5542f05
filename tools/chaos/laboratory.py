"""The lab of one round, in this process: its time is driven, and what happens in it is reported to whoever waits for a moment."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.directory.directory import Directory, prepare
from lab.directory.users import users_of
from lab.estate.building import build
from lab.estate.reading import read_estate
from lab.home import certificates, credentials
from lab.server import serve
from lab.storage.checksums import Checksums
from lab.world import LabVm, World, vmms
from lab.world.clock import DrivenClock
from lab.world.objects import FILELESS

from .moments import Triggers

TICK = 0.05
"""Seconds of this machine between two steps of the lab's time."""
STEP = 0.4
"""Seconds of the lab's time that a step takes: a move of 4 to 8 s takes 10 to 20 steps."""


class Laboratory:
    """Hosts that listen on ports of their own, and the events of their world."""

    def __init__(self, home: Path, estate: Mapping[str, Any], seed: int, *, domain: bool = False) -> None:
        """Build the estate in `home` and start its hosts; certificates that are there stay.

        `domain`: with a real directory, in which nothing is delegated yet. Raises EstateError, DirectoryError or OSError.
        """
        home.mkdir(parents=True, exist_ok=True)
        path = home / "estate.yaml"
        path.write_text(yaml.safe_dump(dict(estate)), encoding="utf-8")
        spec = read_estate(path, seed=seed)
        self.home, self.clock = home, DrivenClock()
        self.world: World = build(spec, home, self.clock, ports={host.name: 0 for host in spec.hosts})
        self.account = credentials.ensure(home, self.world.settings.netbios)
        certificates.ensure(home, [(host.name, host.full_name) for host in self.world.hosts.values()])
        self.triggers = Triggers()
        self.watched: list[Callable[[], None]] = []
        """Asked at each step for what happens outside the lab; with the world held."""
        self.events: list[tuple[str, dict[str, Any]]] = []
        """What was asked, started, ended or done, in its order; requests are counted in `requests`."""
        self.requests = Counter[str]()
        self._percents: dict[str, int] = {}
        self.world.log.listeners.append(self._heard)
        self.directory = _directory(home, self.world) if domain else None
        users = None if self.directory is None else users_of(self.directory)
        self._servers = serve(self.world, home, users=users)
        if users is not None:
            from lab.directory.second_hop import KerberosSecondHop  # noqa: PLC0415 - its libraries come with a directory

            self.world.second_hop = KerberosSecondHop(users, self.world)
        self._servers.start()
        self._over = threading.Event()
        self._driver = threading.Thread(target=self._drive, name="driver")
        self._driver.start()

    def _heard(self, event: str, fields: Mapping[str, object]) -> None:
        """Take an event of the world. One that comes from outside its lock waits for it: nothing happens meanwhile."""
        with self.world.lock:
            if event == "request":
                self.requests[str(fields["host"])] += 1
            elif event != "progress":
                self.events.append((event, {**fields, **self._arrival(event, fields)}))
            self.triggers.happened(event, fields)

    def _arrival(self, event: str, fields: Mapping[str, object]) -> dict[str, Any]:
        """Return, of a job that ends, whether its machine is at the destination then."""
        host = self.world.hosts.get(str(fields["to"])) if event == "end" else None
        return {"arrived": host is not None and fields["id"] in host.realized} if event == "end" else {}

    def _drive(self) -> None:
        while not self._over.wait(TICK):
            with self.world.lock:
                self.clock.advance(STEP)
                vmms.advance(self.world)
                self._report_progress()
                for look in self.watched:
                    look()
                self.triggers.happened("step", {})

    def _report_progress(self) -> None:
        for job in self.world.state.jobs:
            if self._percents.get(job.id, 0) != job.percent:
                self._percents[job.id] = job.percent
                self._heard("progress", {"vm": job.vm_name, "percent": job.percent})

    def addresses(self) -> dict[str, str]:
        """Return the URL of each host."""
        return {host.name: host.url for host in self.world.hosts.values()}

    def ports(self, scheme: str) -> dict[str, int]:
        """Return the port of each host's listener for `http` or `https`."""
        hosts = self.world.hosts.values()
        return {host.name: host.http_port if scheme == "http" else host.port for host in hosts}

    def vms(self) -> list[LabVm]:
        """Return every realized machine, also one that is on two hosts."""
        return self.world.vms()

    def running(self) -> list[str]:
        """Return the machines that a job moves or prepares now."""
        with self.world.lock:
            return [job.vm_name for job in self.world.state.jobs if job.running]

    def sums(self, vm: LabVm) -> dict[str, str | None]:
        """Return the checksum of each disk by its slot, those of checkpoints included; None where the file is missing."""
        disks = {disk.slot: disk.path for disk in vm.disks if disk.kind not in FILELESS}
        for checkpoint in vm.checkpoints:
            disks |= {f"{checkpoint.name}/{disk.slot}": disk.path for disk in checkpoint.disks}
        return {
            slot: Checksums().sha256(self.world.files.real(vm.host, path)) for slot, path in disks.items()
        }

    def log(self) -> list[dict[str, Any]]:
        """Return the lab's own log."""
        path = self.home / "lab.log"
        return (
            [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if path.exists()
            else []
        )

    def close(self) -> None:
        """Stop everything."""
        self._over.set()
        self._driver.join()
        self._servers.stop()
        if self.directory is not None:
            self.directory.stop()


def _directory(home: Path, world: World) -> Directory:
    """Start the directory of a world, and wait until it answers. Raises DirectoryError."""
    world.settings.directory = True
    prepare(home, world.state, lambda _: None)
    directory = Directory.start(home)
    try:
        directory.wait_ready()
    except BaseException:
        directory.stop()
        raise
    return directory

"""The world as a whole: its state, look-ups in it, and how it is kept. What VMMS does with it is in `vmms.py`."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from lab.storage.copying import Copying
from lab.storage.files import Files
from lab.world.faults import Fault, Faults

from . import record, room, spelling
from .clock import LabClock
from .jobs import LabJob
from .log import EventLog
from .objects import LabHost, LabShare, LabVm
from .second_hop import SecondHop

RETENTION = timedelta(minutes=5)  # Msvm_MigrationJob.TimeBeforeRemoval, default 00000000000500.000000:000


@dataclass(slots=True, kw_only=True)
class Settings:
    """What was chosen for this world where nobody has seen a real host do it, and who lives in it."""

    domain: str = "lab.example"
    netbios: str = "LAB"
    combined_move_takes: str = "both"
    """Slots that a move of host and storage takes at each end: `both` (a live and a storage one: stricter) or `live`. Guess."""
    dynamic_memory_takes: str = "start"
    """What must be free where a machine with dynamic memory goes: `start` (what its start takes, if it has less: stricter) or
    `now` (what it has). Guess."""
    allow_unencrypted: bool = False
    """AllowUnencrypted of the hosts' WinRM services: plain messages and basic over HTTP."""
    directory: bool = False
    """Whether the domain has a real directory: Samba's domain controller."""
    ticket_cache: float = 20.0
    """World seconds for which a host keeps what the directory answered it; on Windows up to 15 minutes."""
    speed: float = 1.0
    """How fast the world's time runs."""
    built_from: dict[str, str] = field(default_factory=dict)
    """The arguments the estate was built from, as text."""


@dataclass(slots=True, kw_only=True)
class State:
    """All that is kept over a restart."""

    time: str = ""
    settings: Settings = field(default_factory=Settings)
    hosts: dict[str, LabHost] = field(default_factory=dict)
    shares: list[LabShare] = field(default_factory=list)
    jobs: list[LabJob] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    violations: list[dict[str, str]] = field(default_factory=list)
    peak_jobs: int = 0


class World:
    """A running estate. Hold `lock` while reading several things that must fit together."""

    def __init__(self, home: Path, clock: LabClock, state: State) -> None:
        """Take over `state`; `home` is the `.lab` folder. Nothing is written yet."""
        self.lock = threading.RLock()
        self.home = home
        self.clock = clock
        self.state = state
        self.files = Files(
            home,
            lambda host: state.hosts[host].cluster,
            lambda host, path: spelling.plain(state.hosts[host], state.shares, path),
        )
        self.log = EventLog(home / "lab.log", clock)
        self.faults = Faults(self._faults_changed, state.faults)
        self.copies: dict[str, Copying] = {}
        """Copies of running jobs, by job id."""
        self.second_hop: SecondHop | None = None
        """What gets tickets, where the world has a directory; without one, every domain account's delegation is in order."""
        self._exceeded: set[tuple[str, str]] = set()

    # reading

    @property
    def settings(self) -> Settings:
        """Who lives here, and the choices made where nobody has seen a real host."""
        return self.state.settings

    @property
    def hosts(self) -> dict[str, LabHost]:
        """Hosts by label (`hv1`)."""
        return self.state.hosts

    @property
    def shares(self) -> list[LabShare]:
        """SMB shares."""
        return self.state.shares

    def vms(self) -> list[LabVm]:
        """Return every realized machine, host by host."""
        return [vm for host in self.hosts.values() for vm in host.vms()]

    def find(self, vm_id: str) -> LabVm | None:
        """Return the realized machine with this GUID; the first where an estate has it twice."""
        return next((vm for vm in self.vms() if vm.id == vm_id.upper()), None)

    def host_named(self, text: str) -> LabHost | None:
        """Return the host whose full or computer name this is, as a resolver would."""
        wanted = text.casefold().rstrip(".")
        return next(
            (
                h
                for h in self.hosts.values()
                if wanted in {each.casefold() for each in (h.full_name, h.computer_name, h.dns_name) if each}
            ),
            None,
        )

    def jobs(self, host: str | None = None) -> list[LabJob]:
        """Return the jobs at `host` (or everywhere), ended ones too while the host keeps them."""
        with self.lock:
            self.forget_old()
            return [job for job in self.state.jobs if host in (None, job.host)]

    def job(self, job_id: str) -> LabJob | None:
        """Return the job with this InstanceID while its host keeps it."""
        return next((job for job in self.jobs() if job.id == job_id.upper()), None)

    def running_job(self, vm_id: str) -> LabJob | None:
        """Return the job that moves this machine now."""
        return next((job for job in self.state.jobs if job.vm == vm_id and job.running), None)

    def memory_free_mib(self, host: str) -> int:
        """Return the memory that a machine could still get at `host`."""
        return room.memory_free_mib(self.hosts[host], self.state.jobs)

    def memory_wanted_mib(self, vm: LabVm) -> int:
        """Return what must be free where the machine goes: what it has, and by the settings no less than its start takes."""
        if not vm.memory_in_use_mib or not vm.dynamic_memory or self.settings.dynamic_memory_takes == "now":
            return vm.memory_in_use_mib
        return max(vm.memory_in_use_mib, vm.memory_mib)

    def volume_free(self, host: str, path: str) -> int | None:
        """Return the free bytes of the volume or share that holds `path`; None where `host` has no such place."""
        return room.free_bytes(self.hosts, self.shares, self.state.jobs, host, path)

    def active_live(self, host: str) -> int:
        """Return how many live migrations `host` takes part in."""
        return sum(job.work.live_at.count(host) for job in self.state.jobs if job.work)

    def active_storage(self, host: str) -> int:
        """Return how many storage migrations `host` takes part in."""
        return sum(job.work.storage_at.count(host) for job in self.state.jobs if job.work)

    # notes

    def configured(self, host: str, what: str, who: str) -> None:
        """Note that somebody has changed how a host takes part in migrations, and keep it."""
        self.log.write("configure", host=host, what=what, by=who)
        self.save()

    def violation(self, what: str, who: str) -> None:
        """Note that something happened which must not."""
        self.state.violations.append({"time": self.clock.now().isoformat(), "what": what, "who": who})
        self.log.write("violation", what=what, who=who)

    # keeping

    def save(self) -> None:
        """Write the world to `world.json`, whole or not at all."""
        with self.lock:
            self.state.time = self.clock.now().isoformat()
            self.state.faults = self.faults.rules
            record.write(self.home / "world.json", self.state)

    def _faults_changed(self) -> None:
        with self.lock:
            self.save()

    def forget_old(self) -> None:
        """Drop the jobs that their hosts no longer keep."""
        horizon = self.clock.now() - RETENTION
        self.state.jobs = [job for job in self.state.jobs if job.ended is None or job.ended > horizon]

    def measure(self) -> None:
        """Keep the peak, and note what has come to exceed a bound."""
        active = sum(bool(job.work and (job.work.live_at or job.work.storage_at)) for job in self.state.jobs)
        self.state.peak_jobs = max(self.state.peak_jobs, active)
        found = set(room.excesses(self.hosts, self.shares, self.state.jobs))
        for what, who in sorted(found - self._exceeded):
            self.violation(what, who)
        self._exceeded = found

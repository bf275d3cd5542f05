"""Starting and stopping the lab in the background."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.background.control import FILE, Control, connect
from lab.directory import directory
from lab.estate import stack_file
from lab.estate.building import build
from lab.estate.generated import DEFAULT_HOSTS, DEFAULT_VMS, generate
from lab.estate.reading import read_estate
from lab.estate.spec import DEFAULT_SEED, EstateSpec
from lab.home import ports
from lab.world import RunningClock, record
from lab.world.builds import BUILDS
from lab.world.person import CommandError
from lab.world.world import State

_START_PATIENCE, _STOP_PATIENCE, _EXIT_PATIENCE, _POLL = 30.0, 15.0, 1.0, 0.02  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked of `up`; None where nothing was said."""

    hosts: int | None = None
    vms: int | None = None
    estate: Path | None = None
    seed: int | None = None
    fresh: bool = False
    speed: float | None = None
    limit: int | None = None
    ports: str | None = None
    allow_unencrypted: bool | None = None
    directory: bool = False
    ticket_cache: float | None = None
    build: str | None = None
    locale: str | None = None
    absent_form: str | None = None
    stack: Path | None = None

    @property
    def built_from(self) -> dict[str, str]:
        """The arguments that make another estate, as they are kept with it."""
        build = {} if self.build is None else {"build": self.build}
        if self.estate is not None:
            content = hashlib.sha256(self.estate.read_bytes()).hexdigest()
            seed = {} if self.seed is None else {"seed": str(self.seed)}
            return {"estate": str(self.estate.resolve()), "sha256": content, **seed, **build}
        return {
            "hosts": str(self.hosts or DEFAULT_HOSTS),
            "vms": str(self.vms if self.vms is not None else DEFAULT_VMS),
            "seed": str(self.seed if self.seed is not None else DEFAULT_SEED),
            **build,
        }

    @property
    def builds(self) -> bool:
        """Whether an estate was asked for, so that the old one goes."""
        given = (self.hosts, self.vms, self.estate, self.seed, self.build)
        return self.fresh or any(wish is not None for wish in given)

    @property
    def says_something(self) -> bool:
        """Whether more was asked than to be up."""
        run = (
            self.speed, self.limit, self.ports, self.locale, self.allow_unencrypted, self.ticket_cache,
            self.absent_form,
        )  # fmt: skip
        return self.builds or self.directory or any(wish is not None for wish in run)


def up(home: Path, wish: Wish, say: Callable[[str], None]) -> tuple[State, bool]:
    """Start the lab, or find it running; return its state and whether it was started.

    `say` gets a line for each step that takes long. Raises CommandError, DirectoryError, PortTakenError, EstateError or OSError.
    """
    if wish.directory:
        directory.check(home)  # before anything that stands is touched
    running = connect(home)
    if running is not None and not _agrees(home, wish):
        _check_quiet(home, wish)
        down(home)
        running = None
    if running is None:
        (home / FILE).unlink(missing_ok=True)
        directory.end_leftover(home)
        _prepare(home, wish, say)
        _start(home)
    state = _kept(home)
    if wish.stack is not None:
        stack_file.write_stack(wish.stack, home, state, _directory_of(home))
    return state, running is None


def _directory_of(home: Path) -> dict[str, Any] | None:
    """Return what the running lab says of its directory, None where it has none."""
    control = connect(home)
    return None if control is None else control.call("directory")


def down(home: Path) -> bool:
    """Stop the lab and wait until it is gone; return whether one ran. Raises CommandError."""
    control = connect(home)
    if control is None:
        (home / FILE).unlink(missing_ok=True)
        return directory.end_leftover(home)
    control.call("stop")
    if not _gone(control):
        # The pid is the lab's own: it answered with the token that only it and its owner have.
        os.kill(control.pid, signal.SIGTERM)
        if not _gone(control):
            raise CommandError(f"the lab (process {control.pid}) does not end")
    (home / FILE).unlink(missing_ok=True)
    return True


def _agrees(home: Path, wish: Wish) -> bool:
    """Say whether what runs is what was asked for."""
    if not wish.says_something:
        return True
    state = _kept(home)
    hosts = list(state.hosts.values())
    return (
        not wish.fresh
        and (not wish.builds or wish.built_from == state.settings.built_from)
        and wish.speed in (None, state.settings.speed)
        and all(wish.limit in (None, host.max_live) and wish.locale in (None, host.locale) for host in hosts)
        and all(wish.absent_form in (None, host.absent_form) for host in hosts)
        and wish.ports in (None, "auto", str(hosts[0].port))
        and wish.allow_unencrypted in (None, state.settings.allow_unencrypted)
        and (state.settings.directory or not wish.directory)
        and wish.ticket_cache in (None, state.settings.ticket_cache)
    )


def _check_quiet(home: Path, wish: Wish) -> None:
    """Raise CommandError where a restart would break moves of a world that is to be kept."""
    moving = [job.vm_name for job in _kept(home).jobs if job.running]
    if moving and not wish.builds:
        raise CommandError(
            f"the lab runs already, and not as asked; {', '.join(moving)} would be interrupted. "
            "Wait for them, or end it: bin/lab down"
        )


def _prepare(home: Path, wish: Wish, say: Callable[[str], None]) -> None:
    """Have an estate in `home` that fits the wish, on ports that are free."""
    kept = None if wish.builds or not (home / "world.json").exists() else _kept(home)
    if kept is None:
        spec = _spec(wish)
        chosen = ports.assign([host.name for host in spec.hosts], wish.ports)
        ports.check(chosen)
        world = build(spec, home, RunningClock(), ports=chosen)
        kept, plain = world.state, ports.for_http(chosen, wish.ports)
        kept.settings.built_from = wish.built_from
    else:
        chosen = {host.name: host.port for host in kept.hosts.values()}
        plain = {host.name: host.http_port for host in kept.hosts.values()}
        if wish.ports is not None:
            chosen = ports.assign(kept.hosts, wish.ports)
            plain = ports.for_http(chosen, wish.ports)
        ports.check(chosen)
    ports.check(plain)
    for host in kept.hosts.values():
        host.port, host.http_port = chosen[host.name], plain[host.name]
        if wish.limit is not None:
            host.max_live = host.max_storage = wish.limit
        host.locale = wish.locale or host.locale
        host.absent_form = wish.absent_form or host.absent_form
    kept.settings.speed = wish.speed if wish.speed is not None else kept.settings.speed
    if wish.allow_unencrypted is not None:
        kept.settings.allow_unencrypted = wish.allow_unencrypted
    if wish.ticket_cache is not None:
        kept.settings.ticket_cache = wish.ticket_cache
    kept.settings.directory = kept.settings.directory or wish.directory
    if kept.settings.directory:
        directory.prepare(home, kept, say)
    record.write(home / "world.json", kept)


def _spec(wish: Wish) -> EstateSpec:
    spec = _read_or_generated(wish)
    if wish.build is None:
        return spec
    build = BUILDS[wish.build]
    return replace(spec, hosts=tuple(replace(host, build=build) for host in spec.hosts))


def _read_or_generated(wish: Wish) -> EstateSpec:
    if wish.estate is not None:
        return read_estate(wish.estate, seed=wish.seed)
    return generate(
        hosts=wish.hosts or DEFAULT_HOSTS,
        vms=wish.vms if wish.vms is not None else DEFAULT_VMS,
        seed=wish.seed if wish.seed is not None else DEFAULT_SEED,
    )


def _kept(home: Path) -> State:
    try:
        return record.read(home / "world.json", State)
    except (OSError, ValueError) as error:
        raise CommandError(
            f"the estate in {home} cannot be read; build it anew: bin/lab up --fresh"
        ) from error


def _start(home: Path) -> None:
    """Start the daemon and wait until it answers; its last words become the error."""
    root = Path(__file__).resolve().parents[2]
    with (home / "daemon.log").open("w", encoding="utf-8") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", "serve"],
            cwd=root,
            env={**os.environ, "LAB_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    waiting = time.monotonic() + _START_PATIENCE
    while (control := connect(home)) is None or control.pid != process.pid:
        if process.poll() is not None:
            said = (home / "daemon.log").read_text(encoding="utf-8").strip().splitlines()
            raise CommandError(said[-1] if said else f"the lab ended at once ({process.returncode})")
        if time.monotonic() > waiting:
            process.terminate()
            raise CommandError(f"the lab did not come up; its words are in {home / 'daemon.log'}")
        time.sleep(_POLL)


def _gone(control: Control) -> bool:
    """Wait until nobody listens on the control port any more, and then for the process to be gone."""
    waiting = time.monotonic() + _STOP_PATIENCE
    while control.listens():
        if time.monotonic() > waiting:
            return False
        time.sleep(_POLL)
    leaving = time.monotonic() + _EXIT_PATIENCE
    while os.name == "posix" and _exists(control.pid) and time.monotonic() < leaving:
        time.sleep(_POLL)
    return True


def _exists(pid: int) -> bool:
    """Say whether there is such a process; one that has ended but that nobody has buried does not count."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:  # no /proc, as on macOS
        return True
    except OSError:
        return False
    return state != "Z"

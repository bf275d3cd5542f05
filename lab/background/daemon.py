"""The lab in the background: the world, its hosts' servers and its directory, and the passing of time."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from lab.background.control import FILE, ControlServer
from lab.background.verbs import verbs
from lab.directory.directory import Directory
from lab.directory.errors import DirectoryError
from lab.directory.users import users_of
from lab.home import certificates, credentials
from lab.server import serve
from lab.world import World, vmms
from lab.world.restart import resume

_TICK = 0.05  # seconds between two looks at the running jobs


def run(home: Path) -> int:
    """Serve the estate that lies in `home` until asked to stop; return the exit code."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    world = resume(home)
    try:
        directory = Directory.start(home) if world.settings.directory else None
    except DirectoryError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        return _serve(home, world, directory, stop)
    finally:
        if directory is not None:
            directory.stop()


def _serve(home: Path, world: World, directory: Directory | None, stop: threading.Event) -> int:
    account = credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
    try:
        if directory is not None:
            directory.wait_ready()
        users = None if directory is None else users_of(directory)
        servers = serve(world, home, users=users)
    except DirectoryError as error:
        print(error, file=sys.stderr)
        return 1
    if users is not None:
        from lab.directory.second_hop import KerberosSecondHop  # noqa: PLC0415 - its libraries come with a directory

        world.second_hop = KerberosSecondHop(users, world)
    try:
        servers.start()
    except OSError as error:
        print(f"a host's port is taken: {error}", file=sys.stderr)
        return 1
    world.save()  # with the ports that hosts have got
    control = ControlServer(verbs(world, account, stop, directory))
    control.start(home)
    world.log.write("up", hosts=len(world.hosts), vms=len(world.vms()))
    while not stop.wait(_TICK):
        vmms.advance(world)
    servers.stop()
    with world.lock:
        world.save()
        world.log.write("down")
    control.stop()
    (home / FILE).unlink(missing_ok=True)
    return 0

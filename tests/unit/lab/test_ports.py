"""Ports of the lab's hosts: those that are in use are nobody's choice."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

from lab.estate.building import build
from lab.estate.generated import generate
from lab.home import certificates, credentials, ports
from lab.server import Servers, serve
from lab.world import World

from .conftest import StillClock


def made(home: Path, taking_part: ExitStack) -> tuple[World, Servers]:
    """Return ten hosts of a lab that chooses its ports."""
    spec = generate(hosts=10, vms=0)
    world = build(spec, home, StillClock(), ports=ports.assign([host.name for host in spec.hosts], "auto"))
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
    servers = serve(world, home)
    taking_part.callback(servers.stop)
    return world, servers


def test_labs_that_start_at_once_choose_ports_that_nobody_has(tmp_path: Path) -> None:
    """Each host of three labs listens, at two ports that are its own."""
    with ExitStack() as taking_part:
        labs = [made(tmp_path / str(number), taking_part) for number in range(3)]
        threads = [threading.Thread(target=servers.start) for _, servers in labs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        chosen = [
            port for world, _ in labs for host in world.hosts.values() for port in (host.port, host.http_port)
        ]
        assert 0 not in chosen
        assert len(set(chosen)) == len(chosen) == 60

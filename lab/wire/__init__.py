"""The hosts' WinRM services: WS-Management over real sockets, in front of the world."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from lab.world import World

from . import certificates
from .accounts import Accounts
from .servers import Servers, Site
from .service import Service

__all__ = ["Servers", "Site", "certificates", "serve"]


def serve(world: World, home: Path, *, now: Callable[[], float] = time.monotonic) -> Servers:
    """Return the servers of every host of `world`; nothing listens before their `start()`.

    Certificates and account must be in `home` (`certificates.ensure`, `lab.credentials.ensure`). `now` gives the
    monotonic seconds by which enumeration contexts expire. Raises OSError or ValueError where something is missing.
    """
    accounts = Accounts.of(world, home)
    return Servers(Site.of(Service(world, host, accounts, now), home) for host in world.hosts.values())

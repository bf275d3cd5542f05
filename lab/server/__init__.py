"""The hosts' WinRM services: WS-Management over real sockets, in front of the world."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lab.home import certificates
from lab.service.answering import Service
from lab.wmi.accounts import Accounts
from lab.world import World

from .connection import Connection
from .servers import Servers, Site

if TYPE_CHECKING:
    from lab.directory.users import Users

__all__ = ["Connection", "Servers", "Site", "certificates", "serve"]


def serve(
    world: World,
    home: Path,
    *,
    users: Users | None = None,
    now: Callable[[], float] = time.monotonic,
    talk: type[Connection] = Connection,
) -> Servers:
    """Return the servers of every host of `world`; nothing listens before their `start()`.

    Certificates and account must be in `home` (`certificates.ensure`, `lab.home.credentials.ensure`). `users`: the
    people of a running directory. `now` gives the monotonic seconds by which enumeration contexts expire. `talk`: what serves a
    connection. Raises OSError, ValueError or DirectoryError where something is missing.
    """
    accounts = Accounts.of(world, home, users)
    if users is not None:  # a missing library or keytab is said now, not to the first caller
        for host in world.hosts.values():
            users.door(host.name)
    return Servers(Site.of(Service(world, host, accounts, now), home, talk) for host in world.hosts.values())

"""Names that are known before a host is asked: those of the stack file."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from hyperv_placement.model.stack import Stack


def names_in(stack: Stack) -> Iterator[str]:
    """Yield hosts as they are called and dialled, proxies, and machines."""
    for host in stack.hosts.values():
        yield host.name
        yield urlsplit(host.endpoint).hostname or ""
        yield urlsplit(host.connection.proxy or "").hostname or ""
    for vm in stack.vms.values():
        yield vm.label
        yield vm.name

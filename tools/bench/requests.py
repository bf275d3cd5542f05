"""How many requests a sweep of one host takes, class by class, as the lab counts them."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.wsman import (
    MAX_ENVELOPE_SIZE,
    Enumerate,
    EnumerateResponse,
    Invoke,
    Pull,
    PullResponse,
    class_of,
    decode_request,
    decode_response,
)
from lab.home import certificates, credentials
from lab.server.servers import Servers, Site
from lab.service.answering import Reply, Service
from lab.wmi.accounts import Accounts, Caller
from lab.world import LabHost, World

from .figure import Figure, excess_requests
from .one_host import one_host
from .site import Sites

FEW, MANY = 10, 1000
PAGE = MAX_ENVELOPE_SIZE // 2
"""Characters in a full page: the limit counts UTF-16 bytes (captures of txwinrm)."""
_FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)


@dataclass(slots=True)
class Tally:
    """Requests and answered characters by class."""

    requests: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)

    def worst(self) -> int:
        """Return by how many requests the worst class misses its goal."""
        return max(
            excess_requests(count, self.characters[name], PAGE) for name, count in self.requests.items()
        )


class CountingService(Service):
    """A host's service that knows which class each request was for."""

    def __init__(self, world: World, host: LabHost, accounts: Accounts, **more: Any) -> None:
        """Serve as the lab does."""
        super().__init__(world, host, accounts, **more)
        self.tally = Tally()
        self._contexts: dict[str, str] = {}
        self._counting = threading.Lock()

    def answer(self, content: bytes, caller: Caller, machine: str) -> Reply:
        """Answer, and count."""
        reply = super().answer(content, caller, machine)
        with self._counting:
            self._count(content, reply)
        return reply

    def _count(self, content: bytes, reply: Reply) -> None:
        request = decode_request(content)
        match request:
            case Enumerate(query=str(query)) if found := _FROM.search(query):
                name = found.group(1)
            case Pull(context=context):
                name = self._contexts.get(context, "?")
            case Invoke(method=method):
                name = method
            case _:
                name = class_of(request.header.resource_uri)
        self.tally.requests[name] += 1
        self.tally.characters[name] += len(reply.body.decode())
        answer = decode_response(reply.body)
        if isinstance(answer, EnumerateResponse | PullResponse) and answer.context:
            self._contexts[answer.context] = name


def measure(sites: Sites) -> list[Figure]:
    """Sweep a host with few machines and one with several pages of them."""
    few = tally_of(sites.folder / "requests-few", FEW)
    many = tally_of(sites.folder / "requests-many", MANY)
    return [_figure(few, FEW), _figure(many, MANY)]


def _figure(tally: Tally, machines: int) -> Figure:
    total = f"{tally.requests.total()} requests for {len(tally.requests)} classes:"
    return Figure(
        name=f"requests above 2 a class and 1 a further full page, host of {machines} machines",
        unit="",
        result=tally.worst(),
        at_most=0,
        notes=(total, *(f"  {line}" for line in _lines(tally))),
    )


def _lines(tally: Tally) -> list[str]:
    """Return a line for each count of requests, with the classes that took so many and their full pages."""
    lines = []
    for count in sorted(set(tally.requests.values()), reverse=True):
        alike = sorted(name for name, requests in tally.requests.items() if requests == count)
        reported = ", ".join(name + _full(tally.characters[name] // PAGE) for name in alike)
        lines.append(f"{count}: {reported}")
    return lines


def _full(pages: int) -> str:
    return f" ({pages} full)" if pages else ""


def tally_of(home: Path, machines: int) -> Tally:
    """Sweep a host with so many machines, once, and return what it was asked."""
    world, host = one_host(home, machines)
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name)])
    service = CountingService(world, host, Accounts.of(world, home), now=SystemClock().now)
    servers = Servers([Site.of(service, home)])
    servers.start()
    connection = Connection(auth="ntlm", credentials=home / credentials.FILE, ca=home / "ca.pem")
    name = HostName(host.name)
    estate = Estate(
        {name: HostSpec(name=name, endpoint=host.url, connection=connection)}, clock=SystemClock()
    )
    try:
        inventory = estate.read(Detail.PLACEMENT)
    finally:
        estate.close()
        servers.stop()
    if len(list(inventory.vms())) != machines:
        raise RuntimeError(f"the sweep is not whole: {inventory.unreachable or 'machines are missing'}")
    return service.tally

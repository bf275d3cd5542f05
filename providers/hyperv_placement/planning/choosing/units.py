"""Groups of machines as units of a choice: what each would hold on which host, and the bytes that it costs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from hyperv_placement.model.memory import in_memory, needed_mib
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.machine.allowed import Group

from .names import Names
from .problem import Holds, Option, Shape, Sites, Unit
from .rooms import Rooms, merged


class Units:
    """Makes units by the room, the names of files and the rules of an estate."""

    def __init__(self, rooms: Rooms, names: Names, seats: Mapping[str, Collection[int]]) -> None:
        self._rooms = rooms
        self._names = names
        self._seats = seats
        self._by_processors = "processors" in rooms.stack.balance.by
        self._sites = Sites(base=tuple(rooms.base), kind=tuple(rooms.kinds))
        self._same: dict[tuple[int, ...], tuple[int, ...]] = {}
        """Sets of hosts, each kept once: most machines share theirs."""

    def unit(self, group: Group, suiting: Iterable[HostName]) -> Unit:
        """Return a group whose host is to be chosen among `suiting`."""
        rooms = self._rooms
        hosts = tuple(rooms.number[name] for name in suiting)
        hosts = self._same.setdefault(hosts, hosts)
        vms = [self._rooms.found[label] for label in group.labels]
        at = {vm.host for vm in vms}
        seats: dict[int, int] = {}
        for label in group.labels:
            for first in self._seats.get(label, ()):
                seats[first] = seats.get(first, 0) + 1
        names = {}
        for host in hosts if self._names.contested else ():
            if taken := [
                pool for label in group.labels for pool in self._names.there(label, rooms.hosts[host])
            ]:
                names[host] = tuple(sorted(taken))
        home = rooms.number.get(next(iter(at)), -1) if len(at) == 1 else -1
        seated: Holds = tuple(sorted(seats.items()))
        unit = Unit(
            key=group.labels[0], hosts=hosts, seats=seated, names=names, home=home,
            own={
                host: self._own(group, host, seated, names.get(host, ()))
                for host in hosts
                if rooms.hosts[host] in at
            },
            stay=merged(
                [rooms.now(vm) for vm in vms]
                + [tuple((pool, 1) for pool in self._names.now(label)) for label in group.labels]
            ),
            left=merged(rooms.left(label) for label in group.labels),
            machines=len(vms),
            needs=tuple(sorted(needed_mib(vm) or 0 for vm in vms if in_memory(vm))),
            processors=sum(vm.processors or 0 for vm in vms if in_memory(vm)) if self._by_processors else 0,
            wish=self._wish(group, hosts),
        )  # fmt: skip
        return self._with_shapes(unit, group, hosts)

    def _wish(self, group: Group, hosts: Collection[int]) -> Mapping[int, int]:
        """Return how far down its list of preferred hosts each host is; what is not on the list comes after it."""
        lists = [prefer for label in group.labels if (prefer := self._rooms.stack.vms[label].prefer)]
        return {
            host: sum(
                each.index(name) if (name := self._rooms.hosts[host]) in each else len(each) for each in lists
            )
            for host in (hosts if lists else ())
        }

    def _with_shapes(self, unit: Unit, group: Group, hosts: Sequence[int]) -> Unit:
        """Return a unit with what it holds on hosts where none of its machines is, by kind of host."""
        rooms, shapes = self._rooms, {}
        for host in hosts:
            if host in unit.own or rooms.kinds[host] in shapes:
                continue
            parts = [rooms.shape(label, host) for label in group.labels]
            shapes[rooms.kinds[host]] = Shape(
                holds=merged(part.holds for part in parts),
                cost=sum(self._cost(label, host, hosts) for label in group.labels),
            )
        return replace(unit, shapes=shapes, sites=self._sites)

    def _own(self, group: Group, host: int, seats: Holds, names: tuple[int, ...]) -> Option:
        """Return what a group holds on a host where one of its machines is."""
        rooms, name = self._rooms, self._rooms.hosts[host]
        parts: list[Holds] = [
            tuple((first + host, count) for first, count in seats),
            tuple((pool, 1) for pool in names),
        ]
        for label in group.labels:
            if self._rooms.found[label].host == name:
                parts.append(rooms.at_home(label)[0])
            else:
                parts += [rooms.there(label, host), rooms.left(label)]
        cost = sum(self._cost(label, host, (host,)) for label in group.labels)
        return Option(host=host, holds=merged(parts), cost=cost)

    def _cost(self, label: str, host: int, hosts: Collection[int]) -> int:
        """Return the bytes that a machine's way to a host copies, less those that it copies anyway where it may stay."""
        vm = self._rooms.found[label]
        home = self._rooms.number.get(vm.host)
        if home == host:
            return 0
        anyway = self._rooms.at_home(label)[1] if home in hosts else 0
        return max(1, self._rooms.shape(label, host).cost - anyway)

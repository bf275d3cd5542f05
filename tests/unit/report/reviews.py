"""Estates of any size for reviews: a ring of hosts on which machines go one host further."""

from __future__ import annotations

from typing import Any


def ring(hosts: int, machines: int, moves: int) -> dict[str, Any]:
    """Return a story of so many hosts and machines, of which the first `moves` are declared one host further."""
    each = -(-machines // hosts)
    names = [f"hv{number:03d}" for number in range(hosts)]
    at = {f"VM{number:04d}": number % hosts for number in range(machines)}
    wanted = {
        vm: {"host": names[(place + (number < moves)) % hosts]}
        for number, (vm, place) in enumerate(at.items())
    }
    return {
        "hosts": {name: {"memory": each * 12, "volumes": {"D:\\": each * 60}} for name in names},
        "vms": {vm: {"at": names[place], "memory": 4 + 2 * (place % 3)} for vm, place in at.items()},
        "stack": {"vms": wanted},
    }

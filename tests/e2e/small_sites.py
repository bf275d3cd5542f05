"""Many small stacks in one estate: two hosts and two machines each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def names(count: int) -> list[str]:
    """Return the names of so many stacks."""
    return [f"site{number:02d}" for number in range(1, count + 1)]


def estate(count: int) -> dict[str, Any]:
    """Return an estate for so many stacks; of each, A is on the first host and B on the second."""
    vms = {
        f"{letter}{number:02d}": {"host": f"hv{2 * number - 2 + place}"}
        for number in range(1, count + 1)
        for letter, place in (("A", 1), ("B", 2))
    }
    return {"hosts": {f"hv{number}": {} for number in range(1, 2 * count + 1)}, "vms": vms}


def stack_of(number: int, host: int, hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a stack file that declares A on the first or second host. `hosts`: those of the lab's status."""
    own = [f"hv{2 * number - 1}", f"hv{2 * number}"]
    return {
        "connection": {
            "auth": "ntlm", "credentials": "../.lab/credentials.yaml", "ca": "../.lab/ca.pem",
        },
        "hosts": {name: {"address": hosts[name]["https"]} for name in own},
        "vms": {f"A{number:02d}": {"host": own[host - 1]}, f"B{number:02d}": {"host": own[1]}},
    }  # fmt: skip

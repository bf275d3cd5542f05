"""What a round starts from: an estate, and the stack file before and after the change that the disturbed run carries out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

HOSTS = ("hv1", "hv2", "hv3")
FRESH, ADOPTED, AGAIN, FAILED = "fresh", "adopted", "again", "failed"
HISTORIES = (FRESH, ADOPTED, FRESH, ADOPTED, AGAIN, FAILED)
"""What has happened to the stack before: nothing, an `up` that adopted, a whole run there (this one goes back), a failed one."""
SHARE = r"\\sofs.lab.example\vms"
CLUSTER, ROLE = "CL1", "ROLE1"

Entries = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start; both stacks lack connection and addresses, which the round adds."""

    estate: Mapping[str, Any]
    """As `bin/lab up --estate` reads it."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def movers(self) -> list[str]:
        """Return the machines whose entries differ, or that a maintenance takes away."""
        drained = {each["host"] for each in self.after.get("maintenance", ())}
        vms = self.estate["vms"]
        return [
            name for name, entry in self.after["vms"].items()
            if entry != self.before["vms"][name] or vms[name]["host"] in drained
        ]  # fmt: skip


def _estate(vms: Entries, memory: Mapping[str, int] | None = None, **more: Any) -> dict[str, Any]:
    hosts = {name: {"memory": f"{(memory or {}).get(name, 64)} GiB"} for name in HOSTS}
    return {"hosts": hosts, "vms": vms, **more}


def _there(rng: random.Random, **more: Any) -> Entries:
    """Return four to six machines somewhere, some of them off."""
    names = [f"VM{number:03d}" for number in range(1, rng.randint(5, 7))]
    return {
        name: {"host": rng.choice(HOSTS), "memory": f"{rng.randint(2, 4)} GiB", **more}
        | ({"state": "off"} if rng.randrange(6) == 0 else {})
        for name in names
    }


def _pinned(vms: Entries) -> dict[str, Any]:
    """Declare machines where they are."""
    return {"vms": {name: {"host": vm["host"]} for name, vm in vms.items()}}


def _changed(before: Mapping[str, Any], changes: Entries, **more: Any) -> dict[str, Any]:
    entries = {name: {**entry, **changes.get(name, {})} for name, entry in before["vms"].items()}
    return {**before, "vms": entries, **more}


def _other(rng: random.Random, host: str) -> str:
    return rng.choice([name for name in HOSTS if name != host])


def _some(rng: random.Random, vms: Entries) -> list[str]:
    return sorted(rng.sample(sorted(vms), rng.randint(2, 3)))


def _moved(
    rng: random.Random, vms: Entries, *, more: Mapping[str, Any] | None = None, **estate: Any
) -> Start:
    before = _pinned(vms)
    to: Entries = {name: {"host": _other(rng, vms[name]["host"]), **(more or {})} for name in _some(rng, vms)}
    return Start(estate=_estate(vms, **estate), before=before, after=_changed(before, to))


def _hosts(rng: random.Random) -> Start:
    return _moved(rng, _there(rng))


def _storage(rng: random.Random) -> Start:
    vms = _there(rng)
    before, to = _pinned(vms), {name: {"storage": f"E:\\Hyper-V\\{name}"} for name in _some(rng, vms)}
    return Start(estate=_estate(vms), before=before, after=_changed(before, to))


def _both(rng: random.Random) -> Start:
    start = _moved(rng, _there(rng))
    to = {name: {"storage": f"E:\\Hyper-V\\{name}"} for name in start.movers()}
    return Start(estate=start.estate, before=start.before, after=_changed(start.after, to))


def _swap(rng: random.Random) -> Start:
    vms = _there(rng)
    vms["VM001"], vms["VM002"] = {"host": "hv1"}, {"host": "hv2"}
    before = _pinned(vms)
    after = _changed(before, {"VM001": {"host": "hv2"}, "VM002": {"host": "hv1"}})
    return Start(estate=_estate(vms), before=before, after=after)


def _cycle(rng: random.Random) -> Start:
    del rng
    vms: Entries = {
        name: {"host": host, "memory": "10 GiB"}
        for name, host in zip(("VM001", "VM002", "VM003"), HOSTS, strict=True)
    }
    before = _pinned(vms)
    to = {name: {"host": host} for name, host in zip(vms, ("hv2", "hv3", "hv1"), strict=True)}
    return Start(estate=_estate(vms, dict.fromkeys(HOSTS, 24)), before=before, after=_changed(before, to))


def _maintenance(rng: random.Random) -> Start:
    vms = _there(rng)
    vms["VM001"]["host"] = vms["VM002"]["host"] = "hv1"
    before = {
        "vms": {
            name: {"host": [vm["host"], *(h for h in HOSTS if h != vm["host"])]} for name, vm in vms.items()
        }
    }
    return Start(estate=_estate(vms), before=before, after={**before, "maintenance": [{"host": "hv1"}]})


def _parking(rng: random.Random) -> Start:
    """Two machines that want each other's hosts, each of which has room for one alone: one steps aside to the third."""
    vms: Entries = {"VM001": {"host": "hv1", "memory": "8 GiB"}, "VM002": {"host": "hv2", "memory": "8 GiB"}}
    vms["VM003"] = {"host": "hv3", "memory": f"{rng.randint(2, 4)} GiB"}
    before = _pinned(vms)
    after = _changed(before, {"VM001": {"host": "hv2"}, "VM002": {"host": "hv1"}})
    return Start(estate=_estate(vms, {"hv1": 12, "hv2": 12, "hv3": 32}), before=before, after=after)


def _checkpoint(rng: random.Random) -> Start:
    return _moved(rng, _there(rng, checkpoints=["before the update"]))


def _share(rng: random.Random) -> Start:
    vms = _there(rng)
    for name, vm in vms.items():
        vm["folder"] = f"{SHARE}\\{name}"
    return _moved(rng, vms, shares={SHARE: {"capacity": "10 TiB", "hosts": list(HOSTS)}})


def _staged(rng: random.Random) -> Start:
    return _moved(rng, _there(rng), more={"migration": {"check": "staged"}})


def beside_a_cluster(start: Start) -> Start:
    """Return a start two of whose hosts are nodes of a cluster, with a role of it that the stack does not declare."""
    hosts = {
        name: {**host, "cluster": CLUSTER} if name in HOSTS[:2] else host
        for name, host in start.estate["hosts"].items()
    }
    role = {"host": HOSTS[0], "memory": "1 GiB", "clustered": True}
    estate = {**start.estate, "hosts": hosts, "vms": {**start.estate["vms"], ROLE: role}}
    return replace(start, estate=estate)


STARTS: Mapping[str, Callable[[random.Random], Start]] = {
    "hosts": _hosts, "storage": _storage, "both": _both, "swap": _swap, "cycle": _cycle, "maintenance": _maintenance,
    "parking": _parking, "checkpoint": _checkpoint, "share": _share, "staged": _staged,
}  # fmt: skip

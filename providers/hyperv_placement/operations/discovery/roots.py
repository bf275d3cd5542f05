r"""Named storage roots: folders in which several machines live, each as `<root>\<its name>`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hyperv_placement.model import winpath
from hyperv_placement.model.names import HostName

from .labels import free_name

_SEVERAL = 2
"""Machines that make a folder worth a name."""
_CLUSTER_STORAGE = "clusterstorage"
Roots = Mapping[HostName, Mapping[str, str]]
"""Name -> folder, by host."""


@dataclass(frozen=True, slots=True)
class Home:
    """A folder that a machine's files are in."""

    host: HostName
    label: str
    folder: str


def is_own(folder: str, label: str) -> bool:
    """Say whether a folder is a machine's own by its name: then what is above it may be a root."""
    return bool(label) and winpath.same(winpath.base_name(folder), label)


def find_roots(homes: Iterable[Home], kept: Roots) -> Roots:
    r"""Return the roots of each host that a machine on it lives under, in the order of their names.

    `D:\Hyper-V` is `d` wherever no host has a second root on D:, so that machines can go from one host to another
    under one name though the folders differ. `kept`: roots that have names already; they keep them.
    """
    owners: dict[str, set[tuple[HostName, str]]] = defaultdict(set)
    paths: dict[HostName, dict[str, str]] = defaultdict(dict)
    for home in homes:
        root = winpath.parent(home.folder)
        if winpath.is_unc(root):
            root = root.rstrip("\\")  # Windows puts one behind a share
        if is_own(home.folder, home.label) and winpath.is_absolute(root):
            owners[winpath.comparable(root)].add((home.host, home.label))
            paths[home.host].setdefault(winpath.comparable(root), root)
    several = {root for root, machines in owners.items() if len(machines) >= _SEVERAL}
    found = {
        host: {key: path for key, path in by_key.items() if key in several} for host, by_key in paths.items()
    }
    crowded = {
        short
        for by_key in found.values()
        for short, count in Counter(map(_short, by_key.values())).items()
        if count > 1
    }
    return {
        host: _named(found.get(host, {}), kept.get(host, {}), crowded) for host in sorted({*found, *kept})
    }


def _named(found: Mapping[str, str], kept: Mapping[str, str], crowded: Collection[str]) -> dict[str, str]:
    names = dict(kept)
    known = {winpath.comparable(path) for path in kept.values()}
    for key, path in sorted(found.items()):
        if key not in known:
            short = _short(path)
            name = _slug("-".join(_parts(path))) if short in crowded else short
            names[free_name(name, names)] = path
    return dict(sorted(names.items()))


def _short(path: str) -> str:
    r"""Return the drive's letter, the share's name, or the volume's in `C:\ClusterStorage`."""
    parts = _parts(path)
    if winpath.is_unc(path):
        return _slug(parts[1])
    if len(parts) > 2 and winpath.same_name(parts[1], _CLUSTER_STORAGE):  # noqa: PLR2004 - drive, folder, volume
        return _slug(parts[2])
    return _slug(parts[0])


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("/", "\\").split("\\") if part]


def _slug(text: str) -> str:
    """Return `text` as the name of a root: no colon and no backslash, nothing that needs quotes."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "root"

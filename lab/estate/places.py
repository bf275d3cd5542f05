"""Where the files of an estate lie: which paths are ones, and which volume or share holds each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hyperv_placement.model import winpath
from lab.world.spelling import spelled, volume_guid

from .spec import EstateSpec, HostSpec, VmSpec

_NO_NAME = re.compile(r'[<>:"/|?*\x00-\x1f]')  # "Naming Files, Paths, and Namespaces" (learn.microsoft.com)
_LONGEST_NAME, _LONGEST_PATH = 255, 1024
"""Bytes in UTF-8: what the file systems hold on which the lab keeps its files."""
_CLUSTER_STORAGE = "c:\\clusterstorage\\"


def plain(spec: EstateSpec, host: HostSpec, path: str) -> str:
    """Return `path` by the share's own name or its volume's mount point."""
    if not path.startswith("\\\\"):
        return path
    return spelled(
        path,
        aliases=((alias, share.path) for share in spec.shares for alias in share.aliases),
        volumes=((volume.id, volume.path) for volume in host.volumes if volume.id),
    )


def is_absolute(path: str) -> bool:
    r"""Say whether a path starts at a drive, at a share, or at a volume by its GUID."""
    return winpath.is_absolute(path) or volume_guid(path) is not None


def problem(path: str) -> str | None:
    """Return what no file of Windows, or of the lab, can be named; None for a path that can be."""
    start = path.find("}") + 1 if volume_guid(path) is not None else len(path) - len(path.lstrip("\\"))
    names = [name for name in re.split(r"[\\/]", path[start:]) if name]
    first_is_drive = start == 0
    for number, name in enumerate(names):
        if first_is_drive and number == 0:
            continue
        if name in {".", ".."} or _NO_NAME.search(name):
            return f"{name!r} is no name of a file or folder"
        if len(name.encode()) > _LONGEST_NAME:
            return f"{name[:20]!r}.. is longer than {_LONGEST_NAME} bytes"
    return f"it is longer than {_LONGEST_PATH} bytes" if len(path.encode()) > _LONGEST_PATH else None


def place_of(spec: EstateSpec, host: HostSpec, path: str) -> str | None:
    """Return which volume or share of the estate holds `path`, in a form that is unique in it."""
    path = plain(spec, host, path)
    if winpath.is_unc(path):
        shares = (share for share in spec.shares if winpath.is_inside(share.path, path))
        return next((share.path for share in shares if host.name in share.hosts), None)
    volumes = [volume.path for volume in host.volumes if winpath.is_inside(volume.path, path)]
    if not volumes:
        return None
    volume = max(volumes, key=len)
    owner = host.cluster if volume.casefold().startswith(_CLUSTER_STORAGE) else host.name
    return f"{volume} of {owner}"


def volumes(host: HostSpec) -> Iterator[str]:
    """Yield what is wrong with a host's volumes."""
    where = f"hosts.{host.name}.volumes"
    seen: set[str] = set()
    for volume in host.volumes:
        mounted = winpath.is_absolute(volume.path) and not winpath.is_unc(volume.path)
        if not mounted and volume_guid(volume.path) is None:
            yield f"{where}: '{volume.path}' is no volume; write it as 'D:\\', or by its name as '\\\\?\\Volume{{GUID}}\\'"
        elif (wrong := problem(volume.path)) is not None:
            yield f"{where}: '{volume.path}': {wrong}"
        if volume.id and volume_guid(f"\\\\?\\Volume{{{volume.id}}}") is None:
            yield f"{where}.{volume.path}.id: '{volume.id}' is no GUID"
        if volume.used_bytes > volume.capacity_bytes:
            yield f"{where}.{volume.path}: more is used than it can hold"
        for name in filter(None, (winpath.comparable(volume.path), volume.id.upper())):
            if name in seen:
                yield f"{where}: '{volume.path}' is there twice"
            seen.add(name)


def shares(spec: EstateSpec) -> Iterator[str]:
    """Yield what is wrong with the shares."""
    names = {host.name for host in spec.hosts}
    seen: set[str] = set()
    for share in spec.shares:
        for path in (share.path, *share.aliases):
            wrong = problem(path) if winpath.is_unc(path) else "write it as '\\\\server\\share'"
            if wrong is not None:
                yield f"shares: '{path}' is no share; {wrong}"
            if winpath.comparable(path) in seen:
                yield f"shares: '{path}' is there twice"
            seen.add(winpath.comparable(path))
        if not share.hosts:
            yield f"shares.{share.path}.hosts: name the hosts that may open it"
        for name in share.hosts:
            if name not in names:
                yield f"shares.{share.path}.hosts: there is no host '{name}'"


def of_machine(spec: EstateSpec, host: HostSpec, vm: VmSpec, files: list[str]) -> Iterator[str]:
    """Yield each of a machine's folders and files that its host cannot have."""
    where = f"vms.{vm.name}"
    roots = [vm.roots.config, vm.roots.checkpoints, vm.roots.paging, vm.roots.guest_state]
    for path in (vm.folder, *filter(None, roots), *files):
        if not is_absolute(path):
            yield f"{where}: '{path}' is no absolute Windows path"
        elif (wrong := problem(path)) is not None:
            yield f"{where}: '{path}': {wrong}"
        elif place_of(spec, host, path) is None:
            yield f"{where}: {host.name} has no volume or share that holds '{path}'"

r"""Several names of one place: a share by its aliases or a DFS folder, a volume by `\\?\Volume{GUID}\` or where it is mounted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence

from hyperv_placement.model import winpath

from .objects import LabHost, LabShare, LabVolume

_VOLUME = re.compile(
    r"(\\\\\?\\Volume\{([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\})(?:\\|$)", re.IGNORECASE
)


def volume_name(guid: str) -> str:
    r"""Return the name of a volume that is mounted nowhere or anywhere, `\\?\Volume{GUID}\`."""
    return f"\\\\?\\Volume{{{guid}}}\\"


def volume_guid(path: str) -> str | None:
    """Return the GUID, upper case, in a path that names its volume by GUID; None for any other path."""
    found = _VOLUME.match(path)
    return None if found is None else found[2].upper()


def guid_of(host: LabHost, volume: LabVolume) -> str:
    """Return a volume's GUID: its own, or one that its host and path always give."""
    return volume.id or str(uuid.uuid5(uuid.NAMESPACE_OID, f"{host.name}/{volume.path}"))


def plain(host: LabHost, shares: Sequence[LabShare], path: str) -> str:
    """Return `path` by the one name under which the lab keeps the place; a path that has no other name stays."""
    if not path.startswith("\\\\"):
        return path
    return spelled(
        path,
        aliases=((alias, share.path) for share in shares for alias in share.aliases),
        volumes=((guid_of(host, volume), volume.path) for volume in host.volumes.values()),
    )


def spelled(path: str, *, aliases: Iterable[tuple[str, str]], volumes: Iterable[tuple[str, str]]) -> str:
    """Return `path` with an alias as the share's own name, and a volume's GUID as its mount point, where it has one."""
    guid = volume_guid(path)
    if guid is not None:
        mounted = (place for own, place in volumes if own.upper() == guid)
        return next((winpath.join(place, _rest(path, volume_name(guid))) for place in mounted), path)
    found = max(_fitting(path, aliases), key=lambda pair: len(pair[0]), default=None)
    return path if found is None else winpath.join(found[1], _rest(path, found[0]))


def _fitting(path: str, aliases: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((alias, share) for alias, share in aliases if winpath.is_inside(alias, path))


def _rest(path: str, start: str) -> str:
    """Return what follows `start` in a path that begins with it, in whatever case."""
    return path[len(start) :].lstrip("\\")

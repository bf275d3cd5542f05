"""Where the files of simulated hosts really lie: Windows paths to files beneath `.lab`."""

from __future__ import annotations

import ntpath
import os
import re
from collections.abc import Callable
from pathlib import Path

_BAD = re.compile(r'[<>:"|?*\x00-\x1f]')
_UNMOUNTED = re.compile(r"\\\\\?\\(Volume\{[0-9A-F-]{36}\})", re.IGNORECASE)
_SYNTAX = "The filename, directory name, or volume label syntax is incorrect. (0x8007007B)"


class PathRefusedError(Exception):
    """A path that Windows would refuse: its text is the system's own, with the code."""


class Files:
    """Maps what a host calls a path to the real file; shares and cluster volumes are really shared."""

    def __init__(
        self, home: Path, cluster_of: Callable[[str], str | None], plain: Callable[[str, str], str]
    ) -> None:
        """Keep everything beneath `home`.

        `cluster_of` names a host's failover cluster, if it is in one; `plain` returns a path that a host uses by the one
        name that its share or volume is kept under.
        """
        self._home = home
        self._cluster_of = cluster_of
        self._plain = plain

    def real(self, host: str, path: str) -> Path:
        """Return the real file for `path` as `host` sees it, whether it exists or not.

        Raises PathRefusedError for a path that is not absolute or holds what no file name may hold.
        """
        drive, rest = ntpath.splitdrive(ntpath.normpath(self._plain(host, path)))
        names = [name for name in rest.split("\\") if name]
        if not rest.startswith("\\") or any(_BAD.search(name) or name == ".." for name in names):
            raise PathRefusedError(_SYNTAX)
        return _existing_spelling(*self._anchor(host, drive, names))

    def _anchor(self, host: str, drive: str, names: list[str]) -> tuple[Path, list[str]]:
        """Return the real folder that stands for the drive, and what is left of the path."""
        if unmounted := _UNMOUNTED.fullmatch(drive):
            return self._home / "hosts" / host / unmounted[1].upper(), names
        if drive.startswith("\\\\"):
            server_and_share = drive[2:].casefold().split("\\")
            if any(_BAD.search(name) or name in {"", ".", ".."} for name in server_and_share):
                raise PathRefusedError(_SYNTAX)
            return self._home.joinpath("shares", *server_and_share), names
        if len(drive) != len("D:") or not drive[0].isalpha():
            raise PathRefusedError(_SYNTAX)
        cluster = self._cluster_of(host)
        if cluster and drive.casefold() == "c:" and names and names[0].casefold() == "clusterstorage":
            return self._home / "clusters" / cluster, names[1:]
        return self._home / "hosts" / host / drive[0].upper(), names


def _existing_spelling(folder: Path, names: list[str]) -> Path:
    """Return `names` beneath `folder`, each in the spelling it has there: Windows ignores case."""
    for name in names:
        plain = folder / name
        if not plain.exists() and folder.is_dir():
            wanted = name.casefold()
            there = os.listdir(folder)  # noqa: PTH208 - names alone: thousands of machines have their folders side by side
            plain = next((folder / other for other in there if other.casefold() == wanted), plain)
        folder = plain
    return folder

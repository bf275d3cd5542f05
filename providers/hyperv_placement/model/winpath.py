"""Windows paths as values: compared and cut the Windows way on every operating system."""

from __future__ import annotations

import ntpath
import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TypeVar

from .names import is_ip_address
from .own_name import NETBIOS

Held = TypeVar("Held")
_PLAIN = re.compile(r"[A-Za-z]:(?:\\[^\\/:.\x80-\uffff][^\\/:\x80-\U0010ffff]*)+")
"""A spelling that needs no normalising: a drive, then ASCII names that do not start with a dot, each behind one backslash."""
_DISK_FOLDER = "virtual hard disks"
"""Where Hyper-V puts disks beneath a machine's folder (Move-VM -DestinationStoragePath)."""


def _folded(text: str) -> str:
    """NTFS compares upper-case forms character by character: `ß` and `ss` are two names."""
    return text.lower() if text.isascii() else "".join(map(_lower, text))


def _lower(char: str) -> str:
    # NTFS compares by a table of single characters ($UpCase): what becomes longer, or does not come back, has no partner.
    upper = char.upper()
    lower = upper.lower()
    return lower if len(upper) == len(lower) == 1 and lower.upper() == upper else char


@lru_cache(maxsize=1 << 17)  # a plan compares each path of a machine with those of all others
def comparable(path: str) -> str:
    """Return the form in which two spellings of one path are equal: case, separators, trailing slash."""
    return path.lower() if _PLAIN.fullmatch(path) else _folded(ntpath.normpath(path)).rstrip("\\")


def same(one: str, other: str) -> bool:
    """Say whether both spell the same path."""
    return one == other or comparable(one) == comparable(other)


def mounted(places: Iterable[tuple[str, Held]]) -> list[tuple[str, Held]]:
    """Return what every path below each place starts with, in comparable form, with what is mounted there; the deepest first.

    Volumes may be mounted in folders of others ("Volume mount points", win32): the deepest one has the file.
    """
    starts = ((f"{comparable(path)}\\", held) for path, held in places)
    return sorted(starts, key=lambda each: -len(each[0]))


def deepest(name: str, places: Iterable[tuple[str, Held]]) -> Held | None:
    """Return what has a file of this name, which is in comparable form; `places` as from `mounted`. None: no place is above it."""
    inside = f"{name}\\"
    for start, held in places:
        if inside.startswith(start):
            return held
    return None


@lru_cache(maxsize=8192)
def comparable_name(name: str) -> str:
    """Return the form in which two spellings of one name of a file or folder, without what holds it, are equal."""
    return _folded(name)


def same_name(one: str, other: str) -> bool:
    """Say whether two names of files or folders, without what holds them, are one to Windows."""
    return comparable_name(one) == comparable_name(other)


def named_in(path: str, text: str) -> bool:
    """Say whether a text, as of a host's message, names `path`, in whatever case."""
    wanted, words = _folded(ntpath.normpath(path)), _folded(text)
    at = words.find(wanted)
    # A letter or digit behind it makes it another path: web1 is not named where web10 is.
    return at >= 0 and not words[at + len(wanted) : at + len(wanted) + 1].isalnum()


def ending(path: str) -> str:
    """Return what the name of a file ends in, in lower case and with its dot; empty where it has none."""
    return ntpath.splitext(base_name(path))[1].lower()


def has_ending(path: str, endings: Collection[str]) -> bool:
    """Say whether the name of a file ends in one of `endings`, given in lower case with their dots."""
    return base_name(path).lower().endswith(tuple(endings))


def is_inside(folder: str, path: str) -> bool:
    r"""Say whether `path` is `folder` or beneath it; `D:\VMs\web1` does not hold `D:\VMs\web10`."""
    parent, child = comparable(folder), comparable(path)
    return child == parent or child.startswith(parent + "\\")


def join(folder: str, *parts: str) -> str:
    """Return `parts` beneath `folder`, with backslashes."""
    return ntpath.normpath(ntpath.join(folder, *parts))


def parts(path: str) -> list[str]:
    """Return what stands between the backslashes of a path; of a UNC path the first two are empty."""
    return path.split("\\")


def base_name(path: str) -> str:
    """Return the last part of `path`."""
    return path[path.rindex("\\") + 1 :] if _PLAIN.fullmatch(path) else ntpath.basename(ntpath.normpath(path))


def parent(path: str) -> str:
    """Return the folder that holds `path`."""
    folder = path.rpartition("\\")[0]
    return folder if len(folder) > 2 and _PLAIN.fullmatch(path) else ntpath.dirname(ntpath.normpath(path))  # noqa: PLR2004 - `D:`


def start(path: str) -> str:
    r"""Return the drive (`D:`) or share (`\\server\share`) at the start of a path, as it is spelled."""
    return ntpath.splitdrive(ntpath.normpath(path))[0]


def is_unc(path: str) -> bool:
    r"""Say whether `path` names a share (`\\server\share\...`), not a device (`\\.\`, `\\?\`)."""
    return path[1:2] != ":" and share(path) is not None


def share(path: str) -> str | None:
    r"""Return `\\server\share` in comparable form, or None for a path that is on no share."""
    if path[:2].replace("/", "\\") != "\\\\":
        return None
    # Devices (`\\.\`, `\\?\`) split as servers called `.` and `?` do; no share is behind them.
    start = ntpath.splitdrive(ntpath.normpath(path))[0]
    server, _, name = start.removeprefix("\\\\").partition("\\")
    if not start.startswith("\\\\") or server in {"", ".", "?"} or not name:
        return None
    return _folded(start)


@lru_cache(maxsize=8192)
def server_and_rest(path: str) -> tuple[str, str] | None:
    r"""Return `server` and `share\folder\file` of a path on a share, both in comparable form; None for any other path."""
    if not is_unc(path):
        return None
    server, _, rest = comparable(path).removeprefix("\\\\").partition("\\")
    return server, rest


def last_names(path: str) -> str:
    """Return the last names of a path in comparable form: its file and folder, and what holds that where all machines call it so."""
    names = comparable(path).split("\\")
    return "\\".join(names[-3:] if names[-2:-1] == [_DISK_FOLDER] else names[-2:])


def may_be_one_server(one: str, other: str) -> bool:
    """Say whether two names of servers may mean one: a short and a full name, of 15 characters its start, or an address and anything."""
    if _is_address(one) or _is_address(other):
        return True
    short, full = sorted((_folded(one).rstrip("."), _folded(other).rstrip(".")), key=len)
    # Of a longer name a NetBIOS name is the start.
    start = short if len(short) == NETBIOS else f"{short}."
    return full == short or ("." not in short and full.startswith(start))


def may_be_namespace(one: str, other: str) -> bool:
    r"""Say whether one of two names of servers is the domain of the other: what `\\corp.example\dfs` starts with.

    A domain-based DFS namespace leads to shares of any server ("DFS Namespaces overview"), most often one of its domain.
    """
    short, full = sorted((_folded(one).rstrip("."), _folded(other).rstrip(".")), key=len)
    return "." in short and full.endswith(f".{short}")


def _is_address(server: str) -> bool:
    """IPv6 addresses are written with dashes before a suffix of their own (MS-DTYP 2.2.57)."""
    return server.lower().endswith(".ipv6-literal.net") or is_ip_address(server)


def is_absolute(path: str) -> bool:
    r"""Say whether `path` starts at a drive's root (`D:\x`) or at a share (`\\server\share\x`)."""
    start, rest = ntpath.splitdrive(path.replace("/", "\\"))
    if start.startswith("\\\\"):
        return share(path) is not None
    # `D:x` is relative to the current folder of D: (Learn, "Naming Files, Paths, and Namespaces").
    return len(start) == len("D:") and start[0].isascii() and start[0].isalpha() and rest.startswith("\\")

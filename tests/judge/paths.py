"""Windows paths as far as plans compare them."""

from __future__ import annotations


def same(path: str) -> str:
    """Return a path in a form in which equal files have equal text."""
    flat = path.replace("/", "\\").rstrip("\\")
    return flat.upper()


def is_share(path: str) -> bool:
    """Say whether a path is on a share, which every host sees under one name."""
    return path.startswith("\\\\")


def inside(folder: str, path: str) -> bool:
    """Say whether a path is a folder itself or lies below it."""
    return f"{same(path)}\\".startswith(f"{same(folder)}\\")


def parent(path: str) -> str:
    """Return the folder of a file."""
    return path.rpartition("\\")[0]


def base(path: str) -> str:
    """Return the name of a file without its folder."""
    return path.rpartition("\\")[2]


def joined(*parts: str) -> str:
    """Return the path of a name in a folder."""
    return "\\".join(part.rstrip("\\") for part in parts)


def is_absolute(location: str) -> bool:
    """Say whether a location is a path; else it is the name of a storage root."""
    return is_share(location) or location[1:3] == ":\\"

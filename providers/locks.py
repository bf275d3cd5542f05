"""Locks of Pulumi's local backend: whose they are, and whether their holder is gone.

A killed `pulumi` leaves its lock file behind, and the next run refuses to start. The file names host and process
(pulumi/pulumi pkg/backend/diy/lock.go), so that a stale lock can be told from one that is held.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil

from providers.errors import PlacementError


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file of a stack."""

    path: Path
    stack: str
    pid: int
    hostname: str
    username: str
    timestamp: str

    @property
    def holder(self) -> str:
        """Who holds it, for people."""
        return f"process {self.pid} of {self.username} on {self.hostname}, since {self.timestamp}"


def backend_folder(url: str | None, project: Path) -> Path:
    """Return the folder of a local backend. Raises PlacementError for a backend that is no local folder."""
    if not url:
        return project / ".pulumi"
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise PlacementError(
            f"The state is kept in {parts.scheme}:, which is no local folder",  # the rest may hold a password
            remedy="Use: pulumi cancel --yes, once its holder is gone",
        )
    path = unquote(f"{parts.netloc}{parts.path}")
    return Path(path).expanduser() / ".pulumi"


def locks(backend: Path, stack: str | None = None) -> Iterator[Lock]:
    """Yield the locks of a local backend, of one stack or of all."""
    for path in sorted((backend / "locks").glob("**/*.json")):
        if stack is not None and path.parent.name != stack:
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        yield Lock(
            path=path,
            stack=path.parent.name,
            pid=int(content["pid"]),
            hostname=str(content["hostname"]),
            username=str(content.get("username", "")),
            timestamp=str(content.get("timestamp", "")),
        )


def is_stale(lock: Lock) -> bool:
    """Say whether the holder is surely gone: it was a process of this machine, and none of its kind has its pid."""
    if lock.hostname != platform.node():
        return False
    try:
        process = psutil.Process(lock.pid)
        return process.status() == psutil.STATUS_ZOMBIE or "pulumi" not in process.name().casefold()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False

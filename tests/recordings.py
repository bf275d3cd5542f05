"""Real answers of a Hyper-V host, where the checkout has them beside it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "recordings"
_HASH = re.compile(r"sha256: ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: what the host sent, and the hash in the comment above it."""

    name: str
    content: bytes
    expected_hash: str | None

    @property
    def actual_hash(self) -> str:
        """The hash of what follows the comment."""
        return hashlib.sha256(self.content).hexdigest()


def names(prefix: str = "") -> list[str]:
    """Return the names of the recordings that are there; a placeholder where there are none."""
    found = sorted(path.name for path in FOLDER.glob(f"{prefix}*.xml"))
    return found or ["none"]


def recording(name: str) -> Recording:
    """Return a recording, or skip the test where the recordings are not beside the checkout."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the recordings are not at {FOLDER.name} beside this checkout")
    comment, _, content = path.read_bytes().partition(b"-->\n")
    found = _HASH.search(comment.decode())
    return Recording(name, content, found.group(1) if found else None)

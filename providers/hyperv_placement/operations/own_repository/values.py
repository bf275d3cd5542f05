"""What is asked for, what a repository consists of, and what became of each file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Forge = Literal["github", "gitlab"]
Became = Literal["written", "same", "edited", "yours", "removed", "renewed", "older", "gone"]
"""written: was not there. same: is as it would be written. edited: was written by `init`, and changed since. yours: was there before
`init`. older: of an earlier version, and unedited. renewed, removed: what `--upgrade` does with those. gone: was written by `init`, and deleted since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a repository is made for; kept in it, so that later runs need not be told again."""

    name: str
    """Of the Pulumi project."""
    forge: Forge | None
    stack: str = "prod"
    """Whose runs, reviews and drift the pipelines have."""
    sites: bool = False
    """The pipelines have a job for each stack that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file of the repository."""

    content: bytes
    executable: bool = False

    @property
    def digest(self) -> str:
        """What tells an edit: its SHA-256, whatever line ends git has given it."""
        return digest_of(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of a file."""

    place: str
    """Within the repository, with slashes."""
    became: Became
    before: bytes = b""
    """What it held, where that differs from what is written."""
    after: bytes = b""


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a file with plain line ends, in hexadecimal digits."""
    return hashlib.sha256(content if is_binary(content) else content.replace(b"\r\n", b"\n")).hexdigest()


def is_binary(content: bytes) -> bool:
    """Say whether a file is no text, as git judges it: by a NUL near its begin."""
    return b"\0" in content[:8000]

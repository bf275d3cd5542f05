"""The stack file as it was declared before: another file, or the same one at a revision of git."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from providers.errors import PlacementError, StackFileError
from providers.model.stack import Stack
from providers.stackfile import load_text

_REMEDY = "Name a file, or a revision of git that is fetched: git fetch origin main, then --base origin/main"
_OTHERWISE = "See to what git says, or name a file"
_PATIENCE = 60
"""Seconds for git."""
_SECRET = re.compile(r"://\S*@")
"""User name and password in a remote's URL, which git may repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was declared before, or why nobody can tell."""

    stack: Stack | None
    """Of a file that is new: nothing is declared in it. None = what stood there is no stack file."""
    unread: str | None = None
    """Then: where that was, and the first thing wrong with it."""


def declared_before(word: str, stack: Stack) -> Before:
    """Return what the file of `stack` declared in the file or at the revision `word`.

    Files named in it are taken relative to the folder of the stack's file, so that what is the same reads the same.
    Raises PlacementError where `word` is neither or both, and where it cannot be had: that is no new file.
    """
    try:
        before = _loaded(word, stack.path)
    except StackFileError as error:
        first = error.message.split("\n", 1)[0]
        return Before(stack=None, unread=f"the file at {word} cannot be read: {first}")
    return Before(stack=before or replace(stack, hosts={}, vms={}, rules=(), maintenance=()))


def _loaded(word: str, path: Path) -> Stack | None:
    """Return the stack; None where the revision has no such file. Raises StackFileError where it does not load."""
    file, folder = Path(word), path.absolute().parent
    if file.is_file():
        if _is_revision(word, folder):
            remedy = f"Say which: ./{word}, or {word}~0 for the revision"
            raise PlacementError(f"{word!r} is both a file and a revision of git", remedy=remedy)
        return load_text(_content(file), path, file)
    content = _at_revision(word, path)
    return None if content is None else load_text(content, path, _named(word, path))


def _named(revision: str, path: Path) -> Path:
    return Path(f"{revision}:{path.name}")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlacementError(f"{file} cannot be read: {error.strerror}", remedy=_REMEDY) from error


def _is_revision(word: str, folder: Path) -> bool:
    """Say whether git knows the word; where git is not there, or reads no repository, it is no revision."""
    try:
        return _commit(word, folder).returncode == 0
    except PlacementError:
        return False


def _commit(revision: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")


def _at_revision(revision: str, path: Path) -> bytes | None:
    """Return the file's content then; None where the revision has no such file: the stack is new."""
    path = _known_to_git(path)
    folder = path.parent
    way = _git(folder, "rev-parse", "--show-prefix")
    if way.returncode != 0:
        raise PlacementError(
            f"{revision!r} is no file, and what revision it is git does not tell: {_said(way)}",
            remedy=_OTHERWISE,
        )
    asked = _commit(revision, folder)
    if asked.returncode != 0:
        raise PlacementError(
            f"{revision!r} is neither a file nor a revision of git ({_said(asked)})", remedy=_REMEDY
        )
    commit = asked.stdout.decode("ascii", "replace").strip()
    place = os.fsdecode(way.stdout.removesuffix(b"\n")) + path.name
    listed = _git(folder, "ls-tree", "-z", "--full-tree", commit, "--", place)
    if listed.returncode != 0:
        raise _not_had(revision, path, listed)
    return _followed(revision, path, f"{commit}:{place}") if listed.stdout else None


def _known_to_git(path: Path) -> Path:
    """Return where git has the file: a link that it does not track itself is followed."""
    path = path.absolute()
    if not path.is_symlink():
        return path
    tracked = _git(path.parent, "ls-files", "--error-unmatch", "--", path.name).returncode == 0
    return path if tracked else path.resolve()


def _followed(revision: str, path: Path, place: str) -> bytes:
    """Return what stands there, through links, of which git alone knows where they led (git-cat-file, BATCH OUTPUT)."""
    found = _git(path.parent, "cat-file", "--batch", "--follow-symlinks", told=os.fsencode(f"{place}\n"))
    head, _, rest = found.stdout.partition(b"\n")
    words = head.split(b" ")
    if found.returncode == 0 and words[1:2] == [b"blob"]:
        return rest[: int(words[2])]
    if found.returncode == 0 and words[0] in {b"dangling", b"symlink", b"loop", b"notdir"}:
        raise StackFileError(f"{_named(revision, path)} is a link that leads to no file of that revision")
    raise _not_had(revision, path, found)


def _not_had(revision: str, path: Path, failed: subprocess.CompletedProcess[bytes]) -> PlacementError:
    return PlacementError(
        f"{path.name} cannot be read at {revision!r}, says git: {_said(failed)}", remedy=_OTHERWISE
    )


def _said(failed: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git complained of, or the first line of its answer, in one line."""
    words = (failed.stderr.strip() or failed.stdout.partition(b"\n")[0]).decode("utf-8", "replace")
    return _SECRET.sub("://***@", " ".join(words.split()))


def _git(folder: Path, *words: str, told: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git, which may fetch what a clone has left out, and never asks anybody for a password."""
    command = ["git", "--literal-pathspecs", "-C", str(folder), *words]
    try:
        return subprocess.run(
            command, check=False, capture_output=True, input=told, timeout=_PATIENCE,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlacementError(f"git does not answer: {error}", remedy="Install git, or name a file") from error

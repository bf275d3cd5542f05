"""Files of a local backend that a full disk or a power cut has torn: the state of a stack, what lies beside it, and the store's own.

The engine writes a file as NAME.HEX.tmp, then NAME.attrs beside it, and renames (gocloud.dev blob/fileblob); of the state it
keeps the one before as NAME.json.bak, and one for each run below `backups` (pulumi/pulumi pkg/backend/diy/state.go). What
the older one lacks the hosts show to the next run, so that it may take the torn one's place; a torn one is kept.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.system.files import read_bounded, remove, write_whole

_ATTRIBUTES = ".attrs"
_LARGEST = 1 << 30
"""Bytes of a state: 10,000 machines have some 40 MiB."""
_VERSION = re.compile(r"^version:\s*[0-9]+\s*$", re.MULTILINE)
_META = "version: 1\n"
"""What the engine writes into a store of its present layout (pkg/backend/diy/meta.go)."""
_KINDS = (".json", ".json.gz")
"""Forms of a state. The third, .json.zst, Python cannot read before 3.14: such a one is left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was done about a torn file, or what a person has to do."""

    text: str
    done: bool = True


def mend(backend: Path, project: str, stack: str) -> Iterator[Mended]:
    """Yield what was torn in a local backend, each mended by then where that can be done. Raises OSError.

    Nobody may hold the lock of the stack meanwhile. `project`: its name, below which the engine keeps its stacks.
    """
    if not backend.is_dir():
        return
    folder = backend / "stacks" / project
    yield from _store(backend, folder)
    yield from _attributes(backend / f"meta.yaml{_ATTRIBUTES}")
    for path in (folder / f"{stack}{kind}" for kind in _KINDS):
        yield from _attributes(path.with_name(f"{path.name}{_ATTRIBUTES}"))
        if path.exists() and not _is_whole(path.name, read_bounded(path, _LARGEST)):
            yield _restored(path, backend / "backups" / project / stack)
    for path in sorted(folder.glob(f"{stack}.json*.tmp")):
        remove(path)
        yield Mended(text=f"{path.name} removed: a write that was cut short has left it")
    yield from _tags(folder / f"{stack}.pulumi-tags")


def _store(backend: Path, folder: Path) -> Iterator[Mended]:
    path = backend / "meta.yaml"
    try:
        content = read_bounded(path, _LARGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return
    if _VERSION.search(content):
        return
    # Without a folder for the project it may be a store of the layout before, which has no such file.
    if not folder.is_dir():
        text = f"{path} is torn, and which layout the store has is not seen; write the line {_META.strip()!r} into it where its stacks lie below stacks/{folder.name}"
        yield Mended(text=text, done=False)
        return
    write_whole(path, _META)
    yield Mended(text="meta.yaml written anew: it was torn")


def _attributes(path: Path) -> Iterator[Mended]:
    try:
        json.loads(read_bounded(path, _LARGEST))
    except FileNotFoundError:
        return
    except (ValueError, RecursionError):
        remove(path)
        yield Mended(text=f"{path.name} removed: it was torn, and the engine does without")


def _tags(path: Path) -> Iterator[Mended]:
    yield from _attributes(path.with_name(f"{path.name}{_ATTRIBUTES}"))
    try:
        json.loads(read_bounded(path, _LARGEST))
    except FileNotFoundError:
        return
    except (ValueError, RecursionError):
        # Never removed: what somebody has held would be held no more.
        command = quoting.own("bin/placement hold {} --until DAY --reason TEXT", "NAME")
        yield Mended(
            text=f"{path} is torn, which has the holds: hold anew what is to be held ({command})", done=False
        )


def _restored(path: Path, backups: Path) -> Mended:
    """Put the newest whole state in the place of a torn one, which is kept beside it."""
    kind = path.name[path.name.rindex(".json") :]
    older = sorted(backups.glob(f"*{kind}"), key=lambda each: each.stat().st_mtime, reverse=True)
    candidates = (path.with_name(f"{path.name}.bak"), *older)
    name, content = next(((each.name, whole) for each in candidates if (whole := _whole(each))), ("", b""))
    if not content:
        text = f"{path} is torn, and no older state of it is whole: bring one back from a copy, or move it away, so that the next up adopts every machine anew"
        return Mended(text=text, done=False)
    kept = _free(path)
    path.replace(kept)
    write_whole(path, content)
    remove(path.with_name(f"{path.name}{_ATTRIBUTES}"))
    return Mended(
        text=f"the state was torn: {name} has taken its place, and the torn one is kept as {kept.name}"
    )


def _free(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.torn{number or ''}") for number in range(1000))
    return next(each for each in names if not each.exists())


def _whole(path: Path) -> bytes:
    """Return a state that is whole; nothing where it is torn, or cannot be read."""
    try:
        content = read_bounded(path, _LARGEST)
    except OSError:
        return b""
    return content if _is_whole(path.name, content) else b""


def _is_whole(name: str, content: bytes) -> bool:
    """Say whether a file is a state: JSON with a version and a checkpoint (pulumi/pulumi sdk/go/common/apitype)."""
    try:
        plain = gzip.decompress(content) if name.removesuffix(".bak").endswith(".gz") else content
        found = json.loads(plain)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "version" in found and isinstance(found.get("checkpoint"), dict)

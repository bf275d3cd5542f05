"""`init`: the repository in a folder, written where it is new and never over an edit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from hyperv_placement import __version__
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import stack_name
from hyperv_placement.system.files import read_bounded, write_whole

from .content import content
from .judging import judged, kept_digests
from .manifest import FILE, Manifest, manifest_text, read_manifest
from .values import Forge, Found, Piece, Settings
from .wheel import wheel_of

_LARGEST = 64 << 20
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""Of a project (pulumi/pulumi sdk/go/common/tokens, ProjectName)."""
_PLACEHOLDER = "${PROJECT}"
"""What `pulumi new` replaces by the name that it asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed."""

    folder: Path
    name: str | None
    """Of the project; None: as the folder."""
    forge: Forge | None
    """None: as before, or no pipelines."""
    stack: str | None
    """For the pipelines; None: as before, or `prod`."""
    sites: bool
    """The pipelines are those of many stacks; once so, always."""
    wheel: Path | None
    """None: the file that pip has installed."""
    upgrade: bool
    template: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of it."""

    folder: Path
    version_before: str
    """Of the product that the repository was made with before; empty for a new one."""
    waits: bool
    """It is of another version and `--upgrade` was not asked for: nothing was written."""
    files: tuple[Found, ...]


def make(asked: Asked) -> Made:
    """Write what is to be written. Raises PlacementError, before anything is written unless the disk fails."""
    folder = asked.folder.absolute()
    manifest = read_manifest(folder)
    settings = _settings(asked, manifest, folder)
    files = content(settings, wheel_of(asked.wheel), template=asked.template)
    waits = manifest.settings is not None and manifest.version != __version__ and not asked.upgrade
    found = judged(files, manifest, lambda path: _read(folder / path), upgrade=asked.upgrade)
    if not waits:
        _write(
            folder, found, files, manifest_text(settings, _ours(files, found), kept_digests(found, manifest))
        )
    return Made(folder=folder, version_before=manifest.version, waits=waits, files=tuple(found))


def _ours(files: dict[str, Piece], found: list[Found]) -> dict[str, Piece]:
    """Return the files of which the manifest speaks: not those that were there before it."""
    theirs = {each.place for each in found if each.became == "yours"}
    return {place: piece for place, piece in files.items() if place not in theirs}


def _settings(asked: Asked, manifest: Manifest, folder: Path) -> Settings:
    before = manifest.settings or Settings(name=folder.resolve().name, forge=None)
    stack = before.stack if asked.stack is None else stack_name(asked.stack)
    settings = replace(
        before, forge=asked.forge or before.forge, stack=stack, sites=asked.sites or before.sites
    )
    name = asked.name or before.name
    if asked.template:
        return replace(settings, name=_PLACEHOLDER)
    if not _NAME.fullmatch(name):
        raise PlacementError(
            f"{name!r} can be no name of a project: Pulumi takes up to 100 letters, digits, and _ . -",
            remedy="Give it another: --name NAME",
        )
    return replace(settings, name=name)


def _read(path: Path) -> bytes | None:
    try:
        return read_bounded(path, _LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PlacementError(
            f"{path} cannot be read: {error.strerror}", remedy="Name another folder"
        ) from error


def _write(folder: Path, found: list[Found], files: dict[str, Piece], manifest: str) -> None:
    """Write the files, and the manifest last: one that is torn off is written again by the next run."""
    try:
        for each in found:
            target = folder / each.place
            if each.became in {"written", "renewed"}:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_whole(target, each.after, mode=0o777 if files[each.place].executable else 0o666)
            elif each.became == "removed":
                target.unlink()
        place = folder / FILE
        place.parent.mkdir(exist_ok=True)
        if _read(place) != manifest.encode():
            write_whole(place, manifest, mode=0o666)
    except OSError as error:
        raise PlacementError(
            f"{error.filename or folder} cannot be written: {error.strerror}",
            remedy="Mend that, and run the same again",
        ) from error

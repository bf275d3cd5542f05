"""`.placement/init.json` of an operator's repository: for what it was made, and the hash of each file that was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hyperv_placement import __version__
from hyperv_placement.errors import PlacementError

from .values import Piece, Settings

FILE = ".placement/init.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an earlier `init` has left."""

    settings: Settings | None = None
    """None: there was none."""
    version: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path -> SHA-256 as it was written."""


def read_manifest(repository: Path) -> Manifest:
    """Return what the last `init` has left; an empty one where there was none. Raises PlacementError for one that is broken."""
    place = repository / FILE
    try:
        raw = json.loads(place.read_text(encoding="utf-8"))
        if raw["format"] != _FORMAT:
            raise PlacementError(
                f"{place} is of a newer hyperv-placement ({raw['version']})",
                remedy="Install that version, or a newer one",
            )
        settings = Settings(
            name=str(raw["name"]), forge=raw["forge"], stack=str(raw["stack"]), sites=bool(raw["sites"])
        )
        files = {str(path): str(digest) for path, digest in raw["files"].items()}
        return Manifest(settings=settings, version=str(raw["version"]), files=files)
    except FileNotFoundError:
        return Manifest()
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise PlacementError(
            f"{place} cannot be read, so what you have edited is not known ({error})",
            remedy="Restore it from Git, or remove it: then no file that is there is touched",
        ) from error


def manifest_text(settings: Settings, files: Mapping[str, Piece], kept: Mapping[str, str]) -> str:
    """Return the text of the manifest. `kept`: files that are not as this version writes them -> the digest that stands for them."""
    digests = {path: piece.digest for path, piece in files.items()} | dict(kept)
    record = {
        "format": _FORMAT,
        "version": __version__,
        "name": settings.name,
        "forge": settings.forge,
        "stack": settings.stack,
        "sites": settings.sites,
        "files": dict(sorted(digests.items())),
    }
    return json.dumps(record, indent=2) + "\n"

"""What becomes of each file: by what is there, what an earlier `init` wrote, and what this version would write. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .manifest import Manifest
from .values import Became, Found, Piece, digest_of

Reader = Callable[[str], bytes | None]
"""Returns what a path of the repository holds; None where there is no file."""


def judged(files: Mapping[str, Piece], manifest: Manifest, read: Reader, *, upgrade: bool) -> list[Found]:
    """Return what becomes of each file of this version, and then of those that it has no more."""
    found = [_of_ours(place, piece, manifest, read(place), upgrade=upgrade) for place, piece in files.items()]
    for place in sorted(set(manifest.files) - set(files)):
        before = read(place)
        if before is not None and digest_of(before) == manifest.files[place]:
            found.append(Found(place=place, became="removed" if upgrade else "older", before=before))
    return found


def kept_digests(found: list[Found], manifest: Manifest) -> dict[str, str]:
    """Return which files keep the digest that they had in the manifest, so that what was edited or deleted stays known as that."""
    left: set[Became] = {"edited", "gone", "older"}
    return {each.place: manifest.files[each.place] for each in found if each.became in left}


def _of_ours(place: str, piece: Piece, manifest: Manifest, before: bytes | None, *, upgrade: bool) -> Found:
    became: Became
    if before is None:
        became = "gone" if place in manifest.files else "written"
    elif digest_of(before) == piece.digest:
        became = "same"
    elif place not in manifest.files:
        became = "yours"
    elif digest_of(before) != manifest.files[place]:
        became = "edited"
    else:
        became = "renewed" if upgrade else "older"
    return Found(place=place, became=became, before=before or b"", after=piece.content)

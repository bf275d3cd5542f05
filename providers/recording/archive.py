"""A recording as a file: a zip with one XML for each answer, as recordings are published, and a manifest."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from providers.errors import PlacementError, ProtocolError
from providers.files import draft

from .answers import Answer
from .disguise import Disguise
from .record import Recording

FORMAT = 1
MANIFEST = "manifest.json"
_MODE = 0o666
"""Less what the umask takes: it is made to be passed on."""
_HEADER = """\
<!-- Recorded by bin/placement record; names, addresses and GUIDs were replaced before hashing.
     Do not edit: write other values as a file of your own and call it synthetic.
     sha256: {digest} -->
"""


class OutputExistsError(PlacementError):
    """There is a file already where the recording shall go."""

    remedy = "Choose another --output, or move that file away"


def check_free(path: Path) -> None:
    """Raise OutputExistsError where `path` exists, and PlacementError where its folder does not."""
    if path.exists() or path.is_symlink():
        raise OutputExistsError(f"{path} exists already")
    if not path.parent.is_dir():
        raise PlacementError(f"There is no folder {path.parent}", remedy="Make it first")


def write(path: Path, recording: Recording, known: Iterable[str]) -> dict[str, Any]:
    """Write `recording` in disguise to `path` and return its manifest.

    `known`: names that are known beforehand. Raises OutputExistsError, and PlacementError where it cannot be written.
    """
    files, manifest = disguised(recording, known)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    try:
        with draft(path, mode=_MODE) as fresh:
            fresh.write(content.getvalue())
            fresh.keep_as_new()
    except FileExistsError as error:
        raise OutputExistsError(f"{path} exists already") from error
    except OSError as error:
        raise PlacementError(
            f"{path} cannot be written: {error.strerror}", remedy="Choose another --output"
        ) from error
    return manifest


def disguised(recording: Recording, known: Iterable[str]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return file name -> content, the manifest among them, and the manifest."""
    disguise = Disguise((*known, recording.account))
    left_out = 0
    whole: list[Answer] = []
    for answer in recording.answers.all:
        try:
            disguise.learn(answer.envelope, answer.class_name)
            whole.append(answer)
        except ProtocolError:  # what cannot be cut safely is not told
            left_out += 1
    files: dict[str, bytes] = {}
    entries = []
    for number, answer in enumerate(whole, start=1):
        name = f"{number:03d}_{answer.class_name or 'none'}_{answer.operation}.xml".replace("*", "all")
        content = disguise.applied(answer.envelope, answer.class_name).encode()
        digest = hashlib.sha256(content).hexdigest()
        files[name] = _HEADER.format(digest=digest).encode() + content
        entries.append({"file": name, **_request(answer, disguise), "fault": answer.fault, "sha256": digest})
    manifest = {
        "format": FORMAT,
        "build": recording.build,
        "locale": next((answer.language for answer in whole if answer.language), ""),
        "answers": entries,
        "unanswered": {
            disguise.sentences(what): disguise.sentences(why) for what, why in recording.unanswered.items()
        },
        "left_out": left_out + recording.answers.unreadable,
    }
    files[MANIFEST] = json.dumps(manifest, indent=2, ensure_ascii=False).encode()
    return files, manifest


def _request(answer: Answer, disguise: Disguise) -> dict[str, Any]:
    return {
        "operation": answer.operation,
        "class": answer.class_name,
        "query": disguise.sentences(answer.query),
        "options": answer.options,
        "selectors": {name: disguise.words(value) for name, value in answer.selectors.items()},
    }

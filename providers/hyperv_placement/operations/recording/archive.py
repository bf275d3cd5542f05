"""A recording as a file: a zip with one XML for each answer, as recordings are published, and a manifest."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hyperv_placement.errors import PlacementError, ProtocolError
from hyperv_placement.system.files import draft

from . import leftover, vocabulary
from .answers import Answer
from .disguise import Disguise
from .record import Recording

FORMAT = 1
MANIFEST = "manifest.json"
_MODE = 0o666
"""Less what the umask takes: it is made to be passed on."""
_BUILD = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,6}){0,3}")
_CLASS = re.compile(r"(?:Msvm|CIM|Win32|MSCluster|MSFT)_\w{1,80}|all", re.ASCII)
_HEADER = """\
<!-- Recorded by bin/placement record; names, addresses and GUIDs were replaced before hashing.
     Do not edit: write other values as a file of your own and call it synthetic.
     sha256: {digest} -->
"""


class OutputExistsError(PlacementError):
    """There is a file already where the recording is to be written."""

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
            archive.writestr(_entry(name), each)
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


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry with the same date and system for everybody: it says nothing of who wrote it, where and when."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 0, 0
    return entry


def disguised(recording: Recording, known: Iterable[str]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return file name -> content, the manifest among them, and the manifest. Raises LeftoverError."""
    disguise = Disguise((*known, recording.account))
    left_out = 0
    whole: list[Answer] = []
    for answer in recording.answers.all:
        try:
            # All are learnt before one is written: a name may first show where nothing says that it is one.
            disguise.learn(answer.request, answer.class_name)
            disguise.learn(answer.envelope, answer.class_name)
            whole.append(answer)
        except ProtocolError:  # what cannot be cut into texts cannot be disguised
            left_out += 1
    files: dict[str, bytes] = {}
    entries, written = [], {}

    def keep(name: str, envelope: str, class_name: str) -> str:
        changed = disguise.applied(envelope, class_name)
        written[name] = (class_name, changed)
        digest = hashlib.sha256(changed.encode()).hexdigest()
        files[name] = _HEADER.format(digest=digest).encode() + changed.encode()
        return digest

    for number, answer in enumerate(whole, start=1):
        stem = f"{number:03d}_{_class_reported(answer)}_{answer.operation}"
        digest = keep(f"{stem}.xml", answer.envelope, answer.class_name)
        entry = {"file": f"{stem}.xml", **_request(answer, disguise), "fault": answer.fault, "sha256": digest}
        if answer.request:
            keep(f"{stem}.request.xml", answer.request, answer.class_name)
            entry["request"] = f"{stem}.request.xml"
        entries.append(entry)
    manifest = {
        "format": FORMAT,
        "build": recording.build if _BUILD.fullmatch(recording.build) else "",
        "locale": next((each.language for each in whole if vocabulary.is_language(each.language)), ""),
        "answers": entries,
        "unanswered": {
            disguise.sentences(what): disguise.sentences(why) for what, why in recording.unanswered.items()
        },
        "left_out": left_out + recording.answers.unreadable,
    }
    # What is searched is what would be written, not what the disguise believes to have done.
    leftover.check(written, manifest, disguise)
    files[MANIFEST] = json.dumps(manifest, indent=2, ensure_ascii=False).encode()
    return files, manifest


def _class_reported(answer: Answer) -> str:
    """Return the class of a question as a part of a file's name: some come out of references of the host."""
    reported = answer.class_name.replace("*", "all")
    return reported if _CLASS.fullmatch(reported) else "other" if reported else "none"


def _request(answer: Answer, disguise: Disguise) -> dict[str, Any]:
    return {
        "operation": answer.operation,
        "class": _class_reported(answer),
        "query": disguise.sentences(answer.query),
        "options": answer.options,
        "selectors": {name: disguise.words(value) for name, value in answer.selectors.items()},
    }

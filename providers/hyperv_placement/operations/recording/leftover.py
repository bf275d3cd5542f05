"""The last look before a recording is written: is a name of the site left in a value, in whatever spelling or encoding?

It does not ask what the disguise has done. What it leaves out of its search are pseudonyms, and values that are the protocol's
own by their property and form: a machine may be called `public`, or `0`.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from hyperv_placement.errors import PlacementError
from hyperv_placement.wsman.schema import schema_of

from . import vocabulary
from .disguise import Disguise
from .known import KnownNames, key
from .segments import Text, peeled, pieces

_ATTRIBUTE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_LANG = re.compile(r"""\bxml:lang\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TOKEN = re.compile(r"\w+")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Fa-f-])(?:[0-9A-Fa-f]{2}){4,}(?![0-9A-Fa-f-])")
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|%u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|_x([0-9A-Fa-f]{4})_")
_PUNYCODE = re.compile(r"xn--[A-Za-z0-9-]+", re.IGNORECASE)
_DISTINCT = 5
"""Letters of a name that is looked for inside of longer words, too: shorter ones stand in words by chance."""
_SHOWN = 5


class LeftoverError(PlacementError):
    """A name of the site is left in a recording, which is therefore not written."""

    remedy = "Nothing was written. Report it with these words, without the recording: what stands there must be disguised as well"


def check(files: Mapping[str, tuple[str, str]], manifest: Mapping[str, Any], disguise: Disguise) -> None:
    """Raise LeftoverError where a name that the disguise knows is left.

    `files`: name -> class and envelope, as they would be written.
    """
    search = _Search(disguise)
    found = dict.fromkeys(
        [
            *(each for name, file in files.items() for each in _in_file(name, file, search)),
            *_in_manifest(manifest, search),
        ]
    )
    if found:
        shown = list(found)[:_SHOWN]
        more = f" and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
        raise LeftoverError(f"Names of the site are left in the recording: {'; '.join(shown)}{more}")


def _in_file(name: str, file: tuple[str, str], search: _Search) -> Iterator[str]:
    class_name, envelope = file
    if not vocabulary.is_known_class(class_name) and search.distinct(name):
        yield "in the name of a file"
    for piece in pieces(envelope, class_name):
        if isinstance(piece, Text):
            value = peeled(piece.text)[0]
            if not vocabulary.is_protocols(piece, value.strip()) and search.any(value):
                yield f"{name}: {_place(piece)}"
        else:
            tag = _LANG.sub(
                lambda found: "" if vocabulary.is_language(found[1] or found[2] or "") else found.group(),
                piece,
            )
            if any(search.distinct(one or other) for one, other in _ATTRIBUTE.findall(tag)):
                yield f"{name}: an attribute"


def _place(text: Text) -> str:
    schema = schema_of(text.class_name)
    known = schema.property(text.property) if schema else None
    return f"{text.class_name}.{known.name}" if schema and known else "an element of the protocol"


def _in_manifest(manifest: Mapping[str, Any], search: _Search) -> Iterator[str]:
    for entry in manifest["answers"]:
        if search.any(entry["query"]) or any(map(search.any, entry["selectors"].values())):
            yield f"manifest.json: the question of {entry['file']}"
    if any(search.any(each) for pair in manifest["unanswered"].items() for each in pair):
        yield "manifest.json: what was not answered"
    rest = {name: value for name, value in manifest.items() if name not in {"answers", "unanswered"}}
    if vocabulary.is_language(rest.get("locale", "")):
        del rest["locale"]
    if search.distinct(json.dumps(rest)):
        yield "manifest.json"


class _Search:
    """Looks for the names of a site in values; each value is looked through once."""

    def __init__(self, disguise: Disguise) -> None:
        self._disguise = disguise
        self._names = KnownNames()
        for name in (*disguise.known, *disguise.pseudonyms.originals()):
            self._names.add(name)
        # A machine that is called as Windows' own words are would be found in every answer.
        self._long = [
            name
            for name in self._names
            if len(name) >= _DISTINCT
            and not name.isdigit()
            and not all(vocabulary.is_word(token) for token in _TOKEN.findall(name))
        ]
        self._pseudonym = disguise.pseudonyms.shape()
        self._answers: dict[tuple[str, bool], bool] = {}

    def any(self, value: str) -> bool:
        """Return whether a name is left in a value."""
        return self._asked(value, whole=True)

    def distinct(self, value: str) -> bool:
        """Return whether a name is left in a text that is the protocol's for the most part; words of Windows' own do not count."""
        return self._asked(value, whole=False)

    def _asked(self, value: str, *, whole: bool) -> bool:
        if (value, whole) not in self._answers:
            self._answers[value, whole] = any(self._left(view, whole=whole) for view in views(value))
        return self._answers[value, whole]

    def _left(self, view: str, *, whole: bool) -> bool:
        rest = self._pseudonym.sub("\n", self._disguise.without_own(view))
        if whole and next(self._names.spans(rest), None) is not None:
            return True
        strange = key(
            _TOKEN.sub(lambda found: "" if vocabulary.is_word(found.group()) else found.group(), rest)
        )
        if len(_TOKEN.sub("", strange)) == len(strange):
            return False
        return any(name in strange for name in self._long)


def views(value: str) -> Iterable[str]:
    """Return a value as it stands, and as it reads where it is escaped, quoted or encoded."""
    found = {value}
    for _ in range(2):  # one encoding inside of another
        found |= {view for each in tuple(found) for view in _decoded(each)}
    return found


def _decoded(value: str) -> Iterator[str]:
    yield html.unescape(value)
    yield unquote_plus(value)
    yield value.replace("\\\\", "\\")
    # UTF-16 that was read as bytes has a NUL behind each letter.
    yield value.replace("\0", "")
    yield _ESCAPED.sub(lambda found: chr(int(next(filter(None, found.groups())), 16)), value)
    for run in _PUNYCODE.findall(value):
        try:
            yield run.encode("ascii").decode("idna")
        except UnicodeError:
            continue
    for run in _BASE64.findall(value):
        try:
            yield from _texts(base64.b64decode(run.replace("-", "+").replace("_", "/") + "==="))
        except (binascii.Error, ValueError):
            continue
    for run in _HEX.findall(value):
        yield from _texts(bytes.fromhex(run))


def _texts(content: bytes) -> Iterator[str]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        try:
            yield content.decode(encoding)
        except UnicodeDecodeError:
            continue

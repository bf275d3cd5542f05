"""Which classes hosts have, with their superclasses and properties, since which build: data from public pages.

The files beside this one are written by `python -m tools.wmi_schema` from MicrosoftDocs/win32 (reference pages) and
microsoft/wmi (lists made on live hosts, trees server2019 and server23h2); each names the commits. Names and types alone
are in them. Guesses, where no page gives a date: what both trees have is in all builds, what only the newer one has is
not in Windows Server 2022, and what only the older one has is gone by 23H2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from hyperv_placement.wsman import CimType, ClassSchema, Property, Value

_FILES = ("virtualization", "cimv2", "cluster", "device_guard")
_SYSTEM: dict[str, dict[str, dict[str, Any]]] = {
    "root": {"__NAMESPACE": {"page": "desktop-src/WmiSdk/--namespace.md", "properties": {"Name": "string"}}}
}
"""Classes of WMI itself, which every namespace has."""
_EVER = 1 << 32
_EVERY_BUILD = range(_EVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEntry:
    """A class as the pages have it, with what it inherits."""

    schema: ClassSchema
    """All properties of all builds; an embedded object counts as a text."""
    line: tuple[str, ...]
    """Its superclasses, the nearest first."""
    page: str
    """The page's file in MicrosoftDocs/win32; empty where there is none."""
    builds: range
    """The builds that have the class."""
    dates: Mapping[str, range]
    """Property -> the builds that have it, where these are not all."""
    references: Mapping[str, str]
    """Property that is a reference -> the class that it leads to."""
    defaults: Mapping[str, Value]
    """Numbers and flags that its page gives its properties."""
    association: bool
    singleton: bool
    """It has one instance, and no key (win32 WinRM page session-get)."""

    def missing(self, build: int) -> frozenset[str]:
        """Return the properties that the class does not have in a build."""
        return frozenset(name for name, builds in self.dates.items() if build not in builds)

    def properties(self, build: int) -> tuple[Property, ...]:
        """Return the properties that the class has in a build."""
        missing = self.missing(build)
        return tuple(each for each in self.schema.properties if each.name not in missing)


def schema_of(class_name: str) -> ClassSchema | None:
    """Return all properties of a class by its name in any case; None for one that no page has."""
    found = entry_of(class_name)
    return None if found is None else found.schema


@cache
def entry_of(class_name: str, namespace: str = "") -> ClassEntry | None:
    """Return a class by its name in any case, of this namespace or of the first that has it."""
    for place, classes in _raw().items():
        spelled = {each.casefold(): each for each in classes}.get(class_name.casefold())
        everywhere = class_name.startswith("__")
        if spelled is not None and (everywhere or namespace.casefold() in {"", place.casefold()}):
            return _entry(place, spelled)
    return None


def has_class(class_name: str, build: int) -> bool:
    """Say whether a host of this build has the class; True for one that no page has."""
    found = entry_of(class_name)
    return found is None or build in found.builds


@cache
def missing(class_name: str, build: int) -> frozenset[str]:
    """Return the properties, in the schema's spelling, that the class does not have in a build."""
    found = entry_of(class_name)
    return frozenset() if found is None else found.missing(build)


@cache
def arrays(class_name: str) -> frozenset[str]:
    """Return the properties of a class that are arrays."""
    found = schema_of(class_name)
    return frozenset(each.name for each in found.properties if each.array) if found else frozenset()


@cache
def _raw() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what the files say: namespace -> class -> its own part."""
    texts = (files(__package__).joinpath(f"{file}.json").read_text(encoding="utf-8") for file in _FILES)
    return {**_SYSTEM, **{content["namespace"]: content["classes"] for content in map(json.loads, texts)}}


def _entry(namespace: str, name: str) -> ClassEntry:
    classes = _raw()[namespace]
    own, line = classes[name], tuple(_line(classes, name))
    texts: dict[str, str] = {}
    defaults: dict[str, Any] = own.get("defaults", {})
    for each in (*reversed(line), name):
        texts.update(classes[each]["properties"])
    properties = tuple(_property(each, texts[each]) for each in sorted(texts, key=str.casefold))
    return ClassEntry(
        schema=ClassSchema(name, namespace, properties, {p.name.lower(): p for p in properties}),
        line=line,
        page=own.get("page", ""),
        builds=range(own.get("since", 0), own.get("until", _EVER)),
        dates={each: dates for each, text in texts.items() if (dates := _dates(text)) != _EVERY_BUILD},
        references={each: text.split(" ")[0] for each, text in texts.items() if _words(text)[1] == "ref"},
        defaults={
            each: tuple(value) if isinstance(value, list) else value for each, value in defaults.items()
        },
        association=bool(own.get("association")),
        singleton=bool(own.get("singleton")),
    )


def _line(classes: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[str]:
    while base := classes[name].get("super", ""):
        yield base
        name = base


def _words(text: str) -> tuple[str, str]:
    """Return the type and its kind: `ref`, `object`, or nothing for the plain ones."""
    kind, _, rest = text.replace("[]", "").partition(" ")
    word = rest.split(" ")[0]
    return kind, word if word in {"ref", "object"} else ""


def _property(name: str, text: str) -> Property:
    kind, word = _words(text)
    spelled = {"ref": "reference", "object": "string"}.get(word, kind)
    return Property(name, CimType(spelled), "[]" in text)


def _dates(text: str) -> range:
    """Read `since 14393 until 15063`."""
    words = text.split(" ")
    given = dict(pairwise(words))
    return range(int(given.get("since", 0)), int(given.get("until", _EVER)))

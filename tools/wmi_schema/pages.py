"""A reference page of a WMI class (MicrosoftDocs/win32) as values: its superclass, its properties, when each came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SYNTAX = re.compile(r"``` ?syntax\n(.*?)```", re.DOTALL)
_CLASS = re.compile(r"class\s+(\w+)\s*(?::\s*(\w+))?\s*\{")
_PROPERTY = re.compile(r"(\w+)\s+(REF\s+)?(\w+)\s*(\[\d*\])?\s*(?:=\s*(.*))?$", re.DOTALL)
_SECTION = re.compile(r"(?:\*\*|<b>)(\w[\w\\]*)(?:\*\*|</b>)\s*</dt>\s*<dd>\s*<dl>\s*<dt>\s*Data type")
_VALUES = "<span id="
"""Where the list of a property's values begins: what is said in it is about a value."""
_NOTES = re.compile(
    r"(property [^.\n]*)?\b(added in ?|removed in ?|not supported before |not supported until )"
    r"(Windows (?:Server|10)[^.;]*)",
    re.IGNORECASE,
)
_VERSION = re.compile(r"version (\d{4})")
_VERSIONS = {"1607": 14393, "1703": 15063, "1709": 16299, "1803": 17134, "1809": 17763}
"""Version of Windows 10 -> build (Windows 10 release information page)."""
_SERVER_2016 = 14393
_REQUIRED = re.compile(r"Minimum supported server[^|]*\|\s*Windows Server (\d{4})")
_TYPES = {"unit16": "uint16", "unit32": "uint32", "unit64": "uint64", "uint16e": "uint16"}
"""Types that a page misspells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageProperty:
    """A property as a page has it."""

    name: str
    type: str
    """A type of CIM in lower case, or the class of a reference or an embedded object."""
    reference: bool = False
    array: bool = False
    interval: bool = False
    key: bool = False
    default: str = ""
    """As it is written after the equals sign; empty where there is none."""
    since: int = 0
    until: int = 0
    """The first build that does not have it any more, 0 where none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A class as its page has it."""

    name: str
    base: str
    flags: frozenset[str]
    """The qualifiers of the class without arguments, in lower case: association, singleton, abstract, dynamic."""
    properties: Mapping[str, PageProperty]
    since: int
    """The build of the oldest server that the page names; 0 for those before Windows Server 2016."""


def read(text: str) -> Page | None:
    """Return what a page says of a class, None for a page without a class's syntax."""
    found = _SYNTAX.search(text.replace("\r", ""))
    head = _CLASS.search(found.group(1)) if found else None
    if found is None or head is None:
        return None
    syntax = found.group(1)
    sections = dict(_sections(text.replace("\r", "")))
    properties = {
        each.name: each for line in syntax[head.end() :].split(";") if (each := _property(line, sections))
    }
    required = _REQUIRED.search(text)
    return Page(
        name=head.group(1),
        base=head.group(2) or "",
        flags=frozenset(re.findall(r"\w+", syntax[: head.start()].casefold())),
        properties=properties,
        since=_SERVER_2016 if required and int(required.group(1)) >= 2016 else 0,  # noqa: PLR2004 - a year
    )


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield each property's name and the text about it."""
    found = list(_SECTION.finditer(text))
    ends = [each.start() for each in (*found[1:],)] + [len(text)]
    for each, end in zip(found, ends, strict=False):
        yield each.group(1).replace("\\", ""), text[each.start() : end].split("\n## ", maxsplit=1)[0]


def _property(line: str, sections: Mapping[str, str]) -> PageProperty | None:
    found = _PROPERTY.match(line.strip().strip("}").strip().replace(".  ", " "))
    if found is None:
        return None
    kind, reference, name, array, default = found.groups()
    about = sections.get(name, "")
    since, until = _dates(about)
    lowered = kind.lower()
    return PageProperty(
        name=name,
        type=kind if "_" in kind else _TYPES.get(lowered, lowered),
        reference=bool(reference),
        array=bool(array),
        interval='("interval")' in about,
        key=re.search(r"Qualifiers: .*\[?\**[Kk]ey\b", about) is not None and "CIM\\_Key" not in about,
        default=(default or "").strip(),
        since=since,
        until=until,
    )


def _dates(about: str) -> tuple[int, int]:
    """Return since which build, and until which, a property is there: what its text says of builds after 2012 R2."""
    since = until = 0
    values = about.find(_VALUES)
    for note in _NOTES.finditer(about):
        property_itself, how, what = note.groups()
        if not property_itself and 0 <= values < note.start():
            continue
        if "10" not in what and "2016" not in what:
            continue  # Windows 8 and Server 2012: older than all that the lab imitates
        version = _VERSION.search(what)
        build = _VERSIONS.get(version.group(1), 0) if version and "2016" not in what else _SERVER_2016
        if how.casefold().startswith("removed"):
            until = build
        else:
            since = build
    return since, until

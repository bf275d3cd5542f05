"""One pseudonym for each name, address and GUID: the same wherever it appears, and of the same shape."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Container
from itertools import chain, count
from typing import Final

_MICROSOFT_OUI = "00155d"
"""How addresses start that Hyper-V makes up itself: public, and worth keeping."""
_KEPT_GUIDS: Final = frozenset({"83f8638b-8dca-4152-9eda-2ca8b33039b4"})
"""The emulated IDE controller's, the same on every host (cloudbase/os-win vmutils)."""
_WELL_KNOWN_SID = re.compile(r"S-1-(?:[0-4]|5-(?:[1-9]|1\d|20|32-\d+)|15-2-\d|16-\d+)", re.IGNORECASE)


class Pseudonyms:
    """The table of replacements, one for each original, in one direction only."""

    def __init__(self, names: Container[object] = ()) -> None:
        """`names`: what a site has called something: no pseudonym is one of them, or has one as its word."""
        self._names = names
        self._given: dict[tuple[str, str], str] = {}
        self._words: set[str] = set()
        self._counts: dict[str, int] = {}

    def guid(self, text: str) -> str:
        """Return a GUID whose digits show that it is made up; upper case stays upper case."""
        if text.casefold() in _KEPT_GUIDS:
            return text
        made = self._one("guid", text, lambda n: f"aaaaaaaa-0000-4000-8000-{n:012d}")
        return _cased(made, text)

    def name(self, text: str) -> str:
        """Return a name: `name-7`, `NAME-7` where the original was upper case."""
        return _cased(self._one("name", text, lambda n: f"{self._stem()}-{n}"), text)

    def domain_name(self, text: str) -> str:
        """Return a full name label by label, so that a host's short name is still the first label of its full one."""
        if text in self._names and not any(
            label.strip() and not label.isdigit() for label in text.split(".")
        ):
            return self.name(text)
        return ".".join(
            label if label.isdigit() and label not in self._names else self.name(label) if label else ""
            for label in text.split(".")
        )

    def address(self, text: str) -> str:
        """Return an address of those kept for documentation (RFC 5737, RFC 3849); local and empty ones stay."""
        try:
            found = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return text
        is_v4 = found.version == 4  # noqa: PLR2004 - of the protocol
        is_mask = is_v4 and str(found).startswith("255.")
        if found.is_loopback or found.is_unspecified or found.is_multicast or is_mask:
            return text
        if is_v4:
            return self._one("ipv4", str(found), _documentation)
        prefix = "fe80" if found.is_link_local else "2001:db8"
        return self._one("ipv6", str(found), lambda n: f"{prefix}::{n:x}")

    def hardware(self, text: str) -> str:
        """Return a hardware address with the separators of the original."""
        digits = re.sub(r"[:-]", "", text)
        start = _MICROSOFT_OUI if digits.casefold().startswith(_MICROSOFT_OUI) else "020000"
        made = self._one("mac", digits, lambda n: f"{start}{n:06x}")
        separator = text[2] if len(text) > len(digits) else ""
        return _cased(separator.join(made[at : at + 2] for at in range(0, 12, 2)), text)

    def sid(self, text: str) -> str:
        """Return a security identifier of the same authority; those that every Windows has stay."""
        if _WELL_KNOWN_SID.fullmatch(text):
            return text
        return self._one("sid", text, lambda n: f"S-1-5-21-1000-1000-1000-{n}")

    def secret(self, text: str) -> str:
        """Return something for a serial number or tag."""
        return self._one("serial", text, lambda n: f"{self._stem('serial')}-{n}")

    def originals(self) -> frozenset[str]:
        """Return what was replaced of identifiers and addresses, in lower case: those of a site are as good as names."""
        return frozenset(text for kind, text in self._given if kind not in {"name", "serial"})

    def shape(self) -> re.Pattern[str]:
        """Return the form of all pseudonyms that were given."""
        words = "|".join(re.escape(word) for word in sorted(self._words))
        return re.compile(
            rf"(?<!\w)(?:(?:{words or '(?!)'})-[0-9]+|aaaaaaaa-0000-4000-8000-[0-9]{{12}}|S-1-5-21-1000-1000-1000-[0-9]+"
            r"|(?:203\.0\.113|198\.51\.100|192\.0\.2)\.[0-9]+|(?:fe80|2001:db8)::[0-9a-f]+"
            r"|(?:02([:-]?)00\1?00|00([:-]?)15\2?5d)(?:[:-]?[0-9a-f]{2}){3})(?!\w)",
            re.IGNORECASE,
        )

    def _stem(self, wanted: str = "name") -> str:
        """Return the word that pseudonyms begin with, which is not a name of the site."""
        spare = (f"alias{number}" for number in count(1))
        stem = next(word for word in chain([wanted], spare) if word not in self._names)
        self._words.add(stem)
        return stem

    def _one(self, kind: str, text: str, make: Callable[[int], str]) -> str:
        key = (kind, text.casefold())
        if key not in self._given:
            self._counts[kind] = number = self._counts.get(kind, 0) + 1
            while (made := make(number)) in self._names:
                self._counts[kind] = number = number + 1
            self._given[key] = made
        return self._given[key]


def _cased(made: str, original: str) -> str:
    """Keep upper case: by the case of a GUID or of a computer's name one sees from where a host took it."""
    return made.upper() if original == original.upper() and original != original.lower() else made


def _documentation(number: int) -> str:
    blocks = ("203.0.113", "198.51.100", "192.0.2")
    block, last = divmod(number - 1, 254)
    return f"{blocks[block % len(blocks)]}.{last + 1}"

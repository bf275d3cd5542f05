"""Codes that migrations and hosts are known to fail with: what they mean, what to do, and who says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

Kind = Literal["hresult", "return value", "message", "event", "fault", "http"]
FILE = Path(__file__).with_name("codes.yaml")
UNKNOWN_REMEDY = "See the event logs Hyper-V-VMMS-Admin on both hosts"
_CODE = re.compile(r"0x([0-9A-Fa-f]{8})")
_LIMIT = re.compile(r"migration limit '\d+' was reached")
"""As events 21501 and its storage twin word it in English; no code travels with it (SupportArticles-docs)."""
_WORD = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A row of the catalogue."""

    code: int | str
    """A number, or a name where the host gives none."""
    kind: Kind
    shows: str
    """Where it is met."""
    meaning: str
    remedy: str
    """`{source}` and `{destination}` stand for the hosts' full names."""
    source: str
    """Where this is published."""
    seen: bool = True
    """False where nobody has seen it at a migration."""
    words: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The code as it is met: HRESULTs and faults of the service in hexadecimal."""
        wide = isinstance(self.code, int) and self.code >= 1 << 31
        return f"0x{self.code:08X}" if wide else str(self.code)

    def remedied(self, source: str, destination: str) -> str:
        """Return the remedy for two hosts."""
        return self.remedy.replace("{source}", source).replace("{destination}", destination)


@cache
def catalogue() -> tuple[Known, ...]:
    """Return every row, in the order of the file."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(Known(**{**row, "words": tuple(map(str, row.get("words", ())))}) for row in rows)


def lost_a_slot(text: str) -> bool:
    """Say whether a job failed because a host's limit was reached, which waiting cures.

    A host of another language words it otherwise: then the move fails, and the next run starts it again.
    """
    return _LIMIT.search(text) is not None


def codes_in(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the HRESULTs in the hosts' texts, in order: texts are localised, codes are not."""
    found = (int(match, 16) for text in texts for match in _CODE.findall(text))
    return tuple(dict.fromkeys(found))


def remedy_for(codes: Iterable[int], *, source: str, destination: str) -> str:
    """Return what to do about the first code that the catalogue knows."""
    hresults = {row.code: row for row in catalogue() if row.kind == "hresult"}
    known = next((hresults[code] for code in codes if code in hresults), None)
    return known.remedied(source, destination) if known else UNKNOWN_REMEDY


def return_value(value: int | None) -> Known | None:
    """Return the row of a method's ReturnValue."""
    return next((row for row in catalogue() if row.kind == "return value" and row.code == value), None)


def asked(text: str) -> tuple[Known, ...]:
    """Return the rows that somebody means who types `text`: a code in any spelling, or a word.

    `0x8009030E`, `8009030e`, `2148074254` and `-2146893042` are one code.
    """
    numbers = set(_numbers(text))
    word = text.strip().casefold()
    return tuple(
        row
        for row in catalogue()
        if row.code in numbers or word == str(row.code) or word in row.words or _is_told_in(row, word)
    )


def _is_told_in(row: Known, word: str) -> bool:
    return word.isalpha() and word in row.meaning.casefold().split()


def _numbers(text: str) -> Iterable[int]:
    word = text.strip().casefold().removesuffix("l")
    if re.fullmatch(r"-?\d+", word):
        yield int(word) % _WORD
    if re.fullmatch(r"(0x)?[0-9a-f]{8}", word) or re.fullmatch(r"0x[0-9a-f]{1,8}", word):
        yield int(word, 16)


_FACILITIES = {
    1: "RPC", 4: "COM interfaces and WMI", 7: "Win32", 9: "security packages", 0x33: "WinRM", 0x37: "Hyper-V's virtual machines",
    0x38: "Hyper-V", 0x3A: "virtual disks",
}  # fmt: skip
"""Where a code comes from, by its bits 16 to 26 (MS-ERREF 2.1; for NTSTATUS 2.3)."""


def origin(text: str) -> str | None:
    """Return what the bits of an unknown code tell, None for what is no HRESULT or NTSTATUS."""
    number = next((number for number in _numbers(text) if number >> 31), None)
    if number is None:
        return None
    facility = number >> 16 & 0x7FF if number >> 30 != 3 else number >> 16 & 0xFFF  # noqa: PLR2004 - NTSTATUS errors begin so
    name = _FACILITIES.get(facility, f"facility 0x{facility:X}")
    rest = number & 0xFFFF
    if facility == 7:  # noqa: PLR2004 - FACILITY_WIN32
        return f"0x{number:08X} is error {rest} of Windows (net helpmsg {rest} tells it)"
    return f"0x{number:08X} comes from {name}, number {rest}"

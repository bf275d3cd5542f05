"""Codes with which hosts and migrations are known to fail: meaning, remedy and source."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from hyperv_placement import quoting

Kind = Literal["hresult", "return value", "message", "event", "fault", "http"]
FILE = Path(__file__).with_name("host_errors.yaml")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml, where PyYAML was built with it, reads the file in a tenth of the time."""
UNKNOWN_REMEDY = "See the event logs Hyper-V-VMMS-Admin on both hosts"
_CODE = re.compile(r"0x(?P<hex>[0-9A-Fa-f]{8})|(?:\(|[Cc]ode:? '?)(?P<number>-?[0-9]{5,10})\b")
"""HRESULTs stand anywhere in a text; Hyper-V's own numbers, and some HRESULTs, in brackets, `(33012)` (Compare-VM page), or
`Error code: '32774'` (reports of failed checkpoints)."""
_LIMIT = re.compile(r"migration limit '\d+' was reached")
"""As event 21501 and its storage counterpart word it in English; it carries no code (SupportArticles-docs)."""
_WORD = 1 << 32
_PLACE = re.compile(r"\{(source|destination|machine)\}")
_OF_JOBS = frozenset({"hresult", "message", "return value", "event"})
"""Kinds of codes that occur in the text of a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A row of the catalogue."""

    code: int | str
    """A number, or a name where the host gives no number."""
    kind: Kind
    shows: str
    """Where it occurs."""
    meaning: str
    remedy: str
    """`{source}` and `{destination}` stand for the hosts' full names."""
    source: str
    """Where this is published."""
    seen: bool = True
    """False where nobody has seen it with a migration."""
    words: tuple[str, ...] = ()
    reported: str = ""
    """A pattern of the host's English text, for failures that carry no code."""

    @property
    def shown(self) -> str:
        """The code as people meet it: HRESULTs and faults of the service in hexadecimal."""
        wide = isinstance(self.code, int) and self.code >= 1 << 31
        return f"0x{self.code:08X}" if wide else str(self.code)

    def remedied(self, source: str, destination: str, machine: str = "GUID") -> str:
        """Return the remedy for these two hosts and the machine with that GUID."""
        # Only what could be a GUID becomes part of a command; anything else leaves the placeholder.
        guid = machine if re.fullmatch(r"[0-9A-Za-z-]+", machine) else "GUID"
        values = {"source": _word(source), "destination": _word(destination), "machine": guid}
        return _PLACE.sub(lambda place: values[place[1]], self.remedy)


def _word(host: str) -> str:
    """Return a host's name for a command in a remedy: as it is, or quoted for PowerShell."""
    return host if re.fullmatch(r"[A-Za-z0-9_.-]+", host) else str(quoting.powershell("{}", host))


@cache
def catalogue() -> tuple[Known, ...]:
    """Return every row, in the order of the file."""
    rows = yaml.load(FILE.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - safe in either form
    return tuple(Known(**{**row, "words": tuple(map(str, row.get("words", ())))}) for row in rows)


def lost_a_slot(text: str) -> bool:
    """Say whether a job failed because a host's limit was reached, which waiting cures.

    A host in another language words it differently: then the move fails, and the next run starts it again.
    """
    return _LIMIT.search(text) is not None


def codes_in(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the codes in the hosts' texts, in order: texts are localised, codes are not.

    Every `0x...`, and the numbers in brackets that the catalogue knows: a text may hold other numbers.
    """
    known = {row.code for row in catalogue() if row.kind in _OF_JOBS}
    found = [
        code for text in texts for match in _CODE.finditer(text) if (code := _code(match, known)) is not None
    ]
    return tuple(dict.fromkeys(found))


def _code(match: re.Match[str], known: Collection[int | str]) -> int | None:
    if match["hex"]:
        return int(match["hex"], 16)
    number = int(match["number"]) % _WORD  # Windows prints some HRESULTs as signed decimals
    return number if number in known else None


_READ = 1000
"""Characters of a host's text that are searched for a pattern: on longer texts some patterns take quadratic time."""


def remedy_for(
    codes: Iterable[int], *, source: str, destination: str, texts: Iterable[str] = (), machine: str = "GUID"
) -> str:
    """Return what to do about a failure: by a pattern of its texts, otherwise by the first known code.

    A job's own code takes precedence over the ReturnValue around it.
    """
    asked_for, rows = list(codes), catalogue()
    reported = " ".join(" ".join(texts).split())[:_READ]
    found = [row for row in rows if row.reported and re.search(row.reported, reported)]
    # From the cause outwards: the job's code, then the method's ReturnValue, then the event of the log.
    for kinds in (("hresult", "message"), ("return value",), ("event",)):
        by_code = {row.code: row for row in rows if row.kind in kinds}
        found += [by_code[code] for code in asked_for if code in by_code]
    return found[0].remedied(source, destination, machine) if found else UNKNOWN_REMEDY


def return_value(value: int | None) -> Known | None:
    """Return the row of a method's ReturnValue."""
    return next((row for row in catalogue() if row.kind == "return value" and row.code == value), None)


def asked(text: str) -> tuple[Known, ...]:
    """Return the rows that `text` means: a code in any spelling, or a word.

    `0x8009030E`, `8009030e`, `2148074254` and `-2146893042` are one code.
    """
    numbers = set(_numbers(text))
    word = text.strip().casefold()
    return tuple(
        row
        for row in catalogue()
        if row.code in numbers
        or word == str(row.code)
        or word in row.words
        or (word.isalpha() and word in row.meaning.casefold().split())
    )


def _numbers(text: str) -> Iterable[int]:
    word = text.strip().casefold().removesuffix("l")
    if re.fullmatch(r"-?\d+", word):
        yield int(word) % _WORD
    # Without `0x` only eight digits count as hexadecimal: `32774` is a decimal. Eight decimal digits may be either.
    if re.fullmatch(r"(0x)?[0-9a-f]{8}", word) or re.fullmatch(r"0x[0-9a-f]{1,8}", word):
        yield int(word, 16)


_FACILITIES = {
    1: "RPC", 4: "COM interfaces and WMI", 7: "Win32", 9: "security packages", 0x33: "WinRM", 0x37: "Hyper-V's virtual machines",
    0x38: "Hyper-V", 0x3A: "virtual disks",
}  # fmt: skip
"""Names of the facilities in bits 16 to 26 of a code (MS-ERREF 2.1; for NTSTATUS 2.3)."""


def origin(text: str) -> str | None:
    """Return what the bits of an unknown code say; None where it is not an HRESULT or NTSTATUS."""
    number = next((number for number in _numbers(text) if number >> 31), None)
    if number is None:
        return None
    facility = number >> 16 & 0x7FF if number >> 30 != 3 else number >> 16 & 0xFFF  # noqa: PLR2004 - NTSTATUS errors begin with these bits
    name = _FACILITIES.get(facility, f"facility 0x{facility:X}")
    rest = number & 0xFFFF
    if facility == 7:  # noqa: PLR2004 - FACILITY_WIN32
        return f"0x{number:08X} is error {rest} of Windows (net helpmsg {rest} explains it)"
    return f"0x{number:08X} comes from {name}, number {rest}"

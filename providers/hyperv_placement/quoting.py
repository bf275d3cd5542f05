"""Commands that a person pastes into a shell, and values in filters and files: quoted so that no value can end its place or begin another.

A `Command` is made of a literal template, `{}` for each value, and of values that the shell's own rules quote. A
value that cannot be quoted, or is invisible, gives the reason in place of a command. mypy takes typing.LiteralString
for str, so a test reads the source as well: templates are literals, and no command is put together by any other
means.
"""

from __future__ import annotations

import base64
import re
import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, Literal, LiteralString, TypeVar

from .visible import hidden, visible

Value = TypeVar("Value")
Shell = Literal["posix", "windows"]
OWN: Final[Shell] = "windows" if sys.platform == "win32" else "posix"
"""The shell of whoever runs this program; commands for hosts are PowerShell."""

_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_QUOTES: Final = re.compile("(['\u2018\u2019\u201a\u201b])")
"""PowerShell treats typographic quotes as plain ones (PowerShell/PowerShell CharTraits.cs, IsSingleQuote)."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:\\/-]+")
_LIVE: Final = re.compile('["%!$`\u201c\u201d\u201e]|\\\\$')
"""Characters with a meaning within double quotes: in cmd.exe percent signs (and `!` with delayed expansion), in PowerShell dollar,
backtick and typographic quotes; a last backslash would quote the quote (CommandLineToArgvW page)."""
_LDIF: Final = re.compile(r"(?![ :<])[\x20-\x7e]*(?<! )")
"""SAFE-STRING of RFC 2849 without the control characters that it allows."""
_FILTER: Final = re.compile(r"[\\*()\x00]")


@dataclass(frozen=True, slots=True)
class Command:
    """A command line that a person may paste, or, in brackets, why there is none. Only this module creates it."""

    text: str

    def __str__(self) -> str:
        """Return it as it stands in a sentence."""
        return self.text


class _UnquotableError(Exception):
    """A value that no command line should carry; the message says why."""


def powershell(template: LiteralString, *values: str | int | tuple[str, ...]) -> Command:
    """Return a line for PowerShell: texts in single quotes, several as a list; GUIDs, numbers, `$true` as they are."""
    return _command(template, values, _powershell)


def own(template: LiteralString, *values: str | PurePath, kind: Shell = OWN) -> Command:
    """Return a line for the shell of whoever runs this program; on Windows one that cmd.exe and PowerShell read alike."""
    return _command(template, values, _posix if kind == "posix" else _windows)


def ldap_filter(template: LiteralString, *values: str) -> str:
    """Return a filter (RFC 4515, 3), with special characters of values as hexadecimal escapes."""
    return _filled(template, [_FILTER.sub(lambda found: f"\\{ord(found[0]):02x}", value) for value in values])


def wql(value: str) -> str:
    """Return a WQL literal: in single quotes, with quote and backslash escaped by a backslash (win32 page "WQL")."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def ldif_line(attribute: str, value: str | bytes) -> str:
    """Return an LDIF line (RFC 2849), in base64 unless the value is plain, visible ASCII."""
    if isinstance(value, str) and _LDIF.fullmatch(value):
        return f"{attribute}: {value}"
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return f"{attribute}:: {base64.b64encode(raw).decode('ascii')}"


def _command(template: str, values: Iterable[Value], quote: Callable[[Value], str]) -> Command:
    try:
        return Command(_filled(template, [quote(value) for value in values]))
    except _UnquotableError as why:
        return Command(f"(no command is shown: {why})")


def _filled(template: str, values: list[str]) -> str:
    """Fill a template; braces mean something in PowerShell, so only `{}` is a placeholder."""
    first, *rest = template.split("{}")
    return first + "".join(value + part for value, part in zip(values, rest, strict=True))


def _powershell(value: str | int | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_powershell, value))
    if isinstance(value, bool):  # before int, which bool is a kind of
        return "$true" if value else "$false"
    if isinstance(value, int) or _GUID.fullmatch(value):
        return str(value)
    return "'" + _QUOTES.sub(r"\1\1", _shown(value)) + "'"


def _posix(value: str | PurePath) -> str:
    return shlex.quote(_no_option(_shown(str(value))))


def _windows(value: str | PurePath) -> str:
    text = _no_option(_shown(str(value)))
    if _PLAIN.fullmatch(text):
        return text
    # No form of quoting is read alike by both shells, so that such a value has no command at all.
    if _LIVE.search(text):
        raise _UnquotableError(f"{text} holds characters that cmd.exe or PowerShell would interpret")
    return f'"{text}"'


def _shown(text: str) -> str:
    if any(map(hidden, text)):
        raise _UnquotableError(
            f"the name holds characters that no command line should carry: {visible(text)}"
        )
    return text


def _no_option(text: str) -> str:
    if text.startswith("-"):  # quoting does not help: the command gets the word without its quotes
        raise _UnquotableError(f"{text} begins with a dash, so that a command would read it as an option")
    return text

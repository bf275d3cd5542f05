"""The text of a stack file: read, decoded, and freed of what no YAML reader survives."""

from __future__ import annotations

import codecs
import errno
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from hyperv_placement.model.nearest import NearNames
from hyperv_placement.system.files import read_bounded

from .findings import WHOLE, Findings, listed

LARGEST = 16 * 1024 * 1024
"""Bytes; 10,000 machines with five declared locations each take about 4 MiB."""
_UNPRINTABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_TAB_INDENTATION = re.compile(r" *\t[ \t]*")
_TAB_WIDTH = 8
_LONGEST_REPAIRED = 10_000
"""Characters; looking at what stands before each quote of a longer line would take its square."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # which begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
# A double-quoted path that was meant literally, D:\x or \\server\share. No Windows path holds a quote:
# the next one ends it, also where YAML reads \" as an escape.
_LITERAL_PATH = re.compile(r'"((?:[A-Za-z]:\\|\\\\)(?!\\)[^"\n]*)"')
_BEFORE_VALUE = (":", ",", "[", "{", "-", "?")
_COMMENT = re.compile(r"(?:^|\s)#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The text of a stack file, every line ending in a line feed."""

    text: str
    had_tabs: bool = False
    """Tabs in its indentation were made blanks, on trial: a syntax error may come from just that."""
    digest: str = ""
    """SHA-256 of the file's bytes, in hexadecimal."""


def read_source(path: Path, findings: Findings) -> Source | None:
    """Return the text of the stack file, common slips reported and repaired; None where it is unreadable."""
    try:
        # Windows reports a folder as one that may not be read, which would send people after permissions.
        if path.is_dir():
            findings.add(
                "file-is-folder", WHOLE, "is a folder; name the stack file itself, such as stacks/lab.yaml"
            )
            return None
        raw = read_bounded(path, LARGEST)
    except FileNotFoundError:
        findings.add("file-missing", WHOLE, f"there is no such file{_meant(path)}")
    except OSError as error:
        if error.errno == errno.EFBIG:
            findings.add(
                "file-too-large", 1, f"is larger than {LARGEST >> 20} MiB; a stack file is a short YAML text"
            )
        else:
            findings.add(
                "file-unreadable",
                WHOLE,
                f"cannot be read ({error.strerror}); name a YAML file that you may read",
            )
    else:
        return source_of(raw, findings)
    return None


def source_of(raw: bytes, findings: Findings) -> Source | None:
    """Return the text of a stack file that has been read already; None where it is no text."""
    text = _decoded(raw, findings)
    if text is None:
        return None
    # YAML allows none of these (YAML 1.2, 5.1), and PyYAML's error for them names no line.
    if (odd := _UNPRINTABLE.search(text)) is not None:
        line = text.count("\n", 0, odd.start()) + 1
        findings.add(
            "file-character", line, f"character U+{ord(odd[0]):04X} does not belong in a text file; remove it"
        )
        return None
    lines = text.split("\n")
    repaired = [
        _repaired(line, number, findings) if "\t" in line or '"' in line else line
        for number, line in enumerate(lines, start=1)
    ]
    return Source(
        text="\n".join(repaired),
        had_tabs=any(map(_has_tab, lines)),
        digest=hashlib.sha256(raw).hexdigest(),
    )


def _meant(path: Path) -> str:
    """Say which file may have been meant: a near one, else those that are there."""
    try:
        found = [each.stem for each in path.parent.glob(f"*{path.suffix}")]
    except OSError:
        found = []
    # Pulumi.NAME.yaml beside them holds the engine's own settings of a stack (Pulumi, "Stack settings file").
    names = sorted(name for name in found if not name.startswith("Pulumi."))
    near = NearNames(names).suggestion(path.stem)
    return f"{near or '; a stack has the name of its file'} (stacks here: {listed(names) or 'none'})"


def _decoded(raw: bytes, findings: Findings) -> str | None:
    for mark, name in _MARKS:
        if raw.startswith(mark):
            findings.add("file-not-utf8", 1, f"is {name}; save it as UTF-8")
            return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(raw[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
        findings.add(
            "file-not-utf8", line, f"byte 0x{raw[error.start]:02x} is no UTF-8; save the file as UTF-8 text"
        )
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _repaired(line: str, number: int, findings: Findings) -> str:
    """Return `line` with blanks for tabs in its indentation and single quotes around literal paths."""
    tabs = _TAB_INDENTATION.match(line)
    if _has_tab(line):
        findings.add("yaml-tab", number, "a tab in the indentation; YAML wants blanks there")
    if tabs is not None:
        line = tabs[0].expandtabs(_TAB_WIDTH) + line[tabs.end() :]

    def single_quoted(match: re.Match[str]) -> str:
        if not _starts_value(line[: match.start()]):
            return match[0]
        quoted = in_single_quotes(match[1])
        findings.add("yaml-escape", number, escape_advice(match[0], quoted))
        return quoted

    return line if len(line) > _LONGEST_REPAIRED else _LITERAL_PATH.sub(single_quoted, line)


def _has_tab(line: str) -> bool:
    return _TAB_INDENTATION.match(line) is not None and not line.isspace()


def _starts_value(before: str) -> bool:
    """Say whether a value can start after `before` on its line: outside comments and other quotes."""
    outside = before.count('"') % 2 == 0 and before.count("'") % 2 == 0
    bare = before.rstrip()
    return outside and _COMMENT.search(before) is None and (not bare or bare.endswith(_BEFORE_VALUE))


def in_single_quotes(text: str) -> str:
    """Return `text` as a single-quoted YAML scalar, in which a backslash is just that."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def escape_advice(written: str, quoted: str) -> str:
    r"""Return the finding for `written`, a double-quoted scalar in which `\` was meant literally."""
    return f"{written}: in double quotes a backslash starts an escape (\\t is a tab); write {quoted}"

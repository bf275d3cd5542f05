"""Whether the lines of a log are all there, unchanged and in their order, as far as the log itself can prove it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from .lines import CHAINED, GAP, PREV, ROTATED, Junk, RawLine, raw_lines, whole_digest

_MOST = 20
"""Breaks and gaps that are listed; further ones are only counted."""

_NAME = 80
"""Characters shown of a file name that a line gives."""
_REMEMBERED = 200_000
"""Lines whose hashes are kept, to say where a line that is out of order belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a log."""

    file: str
    line: int
    """Line number, from 1; 0 = the file as a whole."""
    what: str
    """What is wrong with it, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a log proves about itself."""

    files: tuple[str, ...]
    """The oldest first."""
    lines: int
    unchained: int
    """Lines without hashes at its beginning, from an earlier version: the first line after them has the hash of them all."""
    last: str
    """SHA-256 of the last chained line; empty where there is none."""
    gaps: tuple[Place, ...]
    """Torn lines that the log records: a killed process or a full disk left them."""
    breaks: tuple[Place, ...]
    more_breaks: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether no break was found."""
        return not self.breaks


def verify(
    files: Iterable[tuple[str, BinaryIO]], *, since: str | None = None, holding: str | None = None
) -> Verdict:
    """Return the verdict on a log, given its files oldest first, by name and as seekable streams.

    `since`, `holding`: hash of a line that must be in it, or come right before its first one; of `since`, what is
    wrong before that line does not count. Raises OSError.
    """
    checker = _Checker(since or holding, forgiving=since is not None)
    for name, stream in files:
        checker.file(name, stream)
    return checker.verdict()


class _Checker:
    def __init__(self, wanted: str | None, *, forgiving: bool) -> None:
        self._wanted = wanted
        self._forgiving = forgiving
        self._found = wanted is None
        self._files: list[str] = []
        self._breaks: list[Place] = []
        self._gaps: list[Place] = []
        self._more = 0
        self._numbers: dict[str, tuple[str, int]] = {}
        self._lines = self._unchained = 0
        self._begun = False
        self._expected = ""
        """The hash that the next line must carry."""
        self._junk = Junk()
        """Torn lines since the last entry, which the next entry must record."""
        self._torn_at = 0
        """Line number at which the torn lines begin; 0 = none."""
        self._name, self._number, self._offset = "", 0, 0
        self._before: tuple[str, str] | None = None
        """Name and hash of the previous file."""

    def file(self, name: str, stream: BinaryIO) -> None:
        """Take the next file."""
        self._files.append(name)
        self._name, self._number, self._offset = name, 0, 0
        for line in raw_lines(stream):
            self._number += 1
            self._lines += 1
            self._line(line, stream)
            if len(self._numbers) < _REMEMBERED:  # they serve the wording of a break alone, not its finding
                self._numbers[line.digest] = (name, self._number)
            self._offset += line.size + line.ended
        self._not_checked(
            "it is torn, or not an entry of this log, and no line records it: after a killed process the next run records it"
        )
        self._before = (name, whole_digest(stream))

    def _line(self, line: RawLine, stream: BinaryIO) -> None:
        entry = line.chained
        if entry is None:
            self._strange(line)
            return
        if not self._begun:
            self._beginning(entry, stream)
        elif self._number == 1:
            self._continuing(entry)
        elif entry.get("event") == GAP:
            self._gap(entry)
        else:
            self._not_checked("it is not an entry of this log, and no later line records it as torn")
            self._follows(entry)
        # A break is reported once: from this line on its own hash is expected, not the one that was missed.
        self._begun = True
        self._junk, self._torn_at = Junk(), 0
        self._expected = line.digest
        if line.digest == self._wanted:
            self._anchor()

    def _strange(self, line: RawLine) -> None:
        """Judge a line without a hash: from an earlier version, torn, or inserted."""
        if not self._begun:
            # Before the first hash nothing can be judged: the first line that has one vouches for all of them.
            self._unchained += 1
            return
        if line.entry is not None:
            self._break(
                "it has no hash of the line before: inserted by hand, or written by an earlier version"
            )
        else:
            self._torn_at = self._torn_at or self._number
        self._junk.add(line)

    def _beginning(self, entry: Mapping[str, Any], stream: BinaryIO) -> None:
        """Judge the first line that has a hash."""
        prev, event = entry[PREV], entry.get("event")
        if self._unchained:
            if self._tells_of_the_unchained(entry, stream):
                return
            self._break(f"the {self._unchained} lines before it are not those that the log began after")
        elif prev and prev == self._wanted:
            # Older files were put away on purpose; whoever kept the hash of their last line can still prove the rest.
            self._anchor()
        elif prev and event == ROTATED:
            self._break(
                f"it continues {_named(entry)}, which is not here; where that was put away on purpose: --from {prev}"
            )
        elif prev:
            self._break("lines before it were removed")

    def _tells_of_the_unchained(self, entry: Mapping[str, Any], stream: BinaryIO) -> bool:
        """Say whether the first line with a hash covers all that comes before it."""
        if entry.get("event") == ROTATED and self._number == 1:
            return self._continues(entry)
        size = entry.get("bytes")
        first = entry.get("event") == CHAINED and self._before is None
        # One less where the last unchained line had no line end: the writer added it before its own line.
        if not first or not isinstance(size, int) or size not in {self._offset, self._offset - 1}:
            return False
        return bool(entry.get("whole") == whole_digest(stream, size))

    def _continues(self, entry: Mapping[str, Any]) -> bool:
        return self._before == (entry.get("file"), entry.get("whole"))

    def _continuing(self, entry: Mapping[str, Any]) -> None:
        """Judge the first line of a file that is not the first."""
        if entry.get("event") != ROTATED:
            self._break(
                "it is the first line of a file, and does not say which file it continues: the file was replaced"
            )
        elif self._before is not None and entry.get("file") != self._before[0]:
            self._break(f"it continues {_named(entry)}, which is not here")
        elif not self._continues(entry) or entry[PREV] != self._expected:
            self._break(f"{_named(entry)} was changed after it was put away")

    def _gap(self, entry: Mapping[str, Any]) -> None:
        """Judge a line that records torn ones."""
        reported = (entry.get("torn"), entry[PREV])
        # A line that records nothing, or other bytes, could hide what was cut out before it.
        if not self._junk.count or reported != (self._junk.digest, self._expected):
            self._break("it records torn bytes, but other ones than those before it")
        elif entry.get("ended"):  # a killed process or a full disk leaves no line end
            self._not_checked(
                "it is not an entry of this log, and was not torn by a killed process: inserted by hand"
            )
        elif len(self._gaps) < _MOST:
            what = f"{self._junk.size} bytes before it are torn: a process was killed, or a disk was full"
            self._gaps.append(Place(file=self._name, line=self._number, what=what))

    def _follows(self, entry: Mapping[str, Any]) -> None:
        if entry[PREV] == self._expected:
            return
        place = self._numbers.get(entry[PREV])
        if place is None:
            self._break("the line before it was changed, or lines between the two were removed")
        else:
            file, number = place
            where = f"line {number}" if file == self._name else f"line {number} of {file}"
            self._break(f"it was written right after {where}: what stands between was inserted or reordered")

    def _not_checked(self, what: str) -> None:
        """Report torn lines that nothing records."""
        if self._torn_at:
            self._break(what, self._torn_at)
        self._torn_at = 0

    def _break(self, what: str, number: int | None = None) -> None:
        if len(self._breaks) < _MOST:
            self._breaks.append(Place(file=self._name, line=number or self._number, what=what))
        else:
            self._more += 1

    def _anchor(self) -> None:
        """Note that the expected line was seen; with `since`, breaks before it do not count."""
        self._found = True
        if self._forgiving:
            self._breaks, self._more = [], 0

    def verdict(self) -> Verdict:
        """Return what the files prove together."""
        if self._unchained and not self._begun:
            self._number = 1
            self._break(
                "no line has a hash of the line before: an earlier version wrote them, or the hashes were removed"
            )
        if not self._found:
            self._number = 0
            self._break(f"no line has the hash {self._wanted}: the log was cut, or replaced by another one")
        return Verdict(
            files=tuple(self._files), lines=self._lines, unchained=self._unchained, last=self._expected,
            gaps=tuple(self._gaps), breaks=tuple(self._breaks), more_breaks=self._more,
        )  # fmt: skip


def _named(entry: Mapping[str, Any]) -> str:
    """Return the file name that an entry gives, as shown to people."""
    return str(entry.get("file"))[:_NAME]

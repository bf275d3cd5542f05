"""What of the engine's lines is shown where no terminal is: not a line a machine that has nothing to say, and the run's own words first.

Pure: lines in, lines out. Whatever is not known here passes as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hyperv_placement.launch.passphrase import what_to_set
from hyperv_placement.launch.words import has_any, verb

_VERBS = {"destroy", "dn", "down", "pre", "preview", "refresh", "up", "update"}
_ASK_FOR_MORE = (
    ("-j", "--json"), ("-d", "--debug"), ("-h", "--help"), ("-v", "--verbose"), ("--diff", "--diff"), ("--color", "--color"),
    ("--output", "--output"), ("--show-sames", "--show-sames"), ("--show-reads", "--show-reads"), ("--event-log", "--event-log"),
    ("--show-urns", "--show-urns"), ("--show-replacement-steps", "--show-replacement-steps"), ("--logtostderr", "--logtostderr"),
)  # fmt: skip
"""Flags by which somebody wants other lines than those that are known here, or all of them."""

_ROW = re.compile(
    r"[ +~=<>!-]{3,4} ?pulumi-python:(?:hv:(?:Vm|Host|Account)|dynamic/hyperv:\w+) (?P<rest>.*)"
)
"""A resource of ours: the engine's mark, its type, name, status, information (pulumi/pulumi pkg/backend/display/rows.go)."""
_TIME = r"(?: \([\d.]+m?s\))?"
_SAYS_NOTHING = re.compile(
    rf".* (?:(?:refresh|refreshing){_TIME} (?:\[[^\]]*\])?|(?:create|creating|created|delete|deleting|deleted){_TIME} | )"
)
"""Name and status of one that was read, is as it was, or is taken in or forgotten, with nothing said of it."""
_SPINNER = re.compile(r"(?:\u2728|@) [a-z]+(?: [a-z]+)*\.+(?P<rest>.*)")
"""What shows that the engine works, and what it prints behind that where it does not end the line (sdk/go/common/util/cmdutil/spinner.go)."""
_STACK = "  pulumi:pulumi:Stack "
_PLACES = re.compile(r"    placement *: \{")
_MOST = 20
"""Places of machines that the outputs show."""


def is_asked_for(words: Sequence[str]) -> bool:
    """Say whether a command of the engine prints lines of machines that its words do not ask for."""
    return verb(words) in _VERBS and not any(has_any(words, short, long) for short, long in _ASK_FOR_MORE)


class Sieve:
    """One run's lines, in their order but for the diagnostics of the whole, which come before those of machines."""

    def __init__(self) -> None:
        self._blank = False
        self._sections: list[list[str]] | None = None
        """Diagnostics so far, by resource; None outside of them."""
        self._places: int | None = None
        """Lines of the output `placement` so far; None outside of it."""

    def take(self, line: str) -> Iterator[str]:
        """Yield what is shown for a line, without its end."""
        for shown in self._ordered(line):
            blank = not shown.strip()
            if not (blank and self._blank):
                yield shown
            self._blank = blank

    def rest(self) -> Iterator[str]:
        """Yield what was kept back, at the end of all."""
        sections, self._sections = self._sections, None
        if sections is not None:
            yield from _first_of_the_whole(sections)

    def _ordered(self, line: str) -> Iterator[str]:
        if self._sections is not None:
            if line and not line.startswith(" "):  # the next part begins
                yield from self.rest()
            else:
                if line.startswith("  ") and not line.startswith("   ") and line.endswith(":"):
                    self._sections.append([])
                self._sections[-1].append(line)
                return
        if line == "Diagnostics:":
            yield line
            self._sections = [[]]
            return
        if (spinner := _SPINNER.fullmatch(line)) is not None:
            if spinner["rest"].strip():
                yield from self._ordered(spinner["rest"])
        elif not _is_idle(line):
            yield from self._with_few_places(line)
            if reason := what_to_set(line):
                yield f"  nothing was read, and nothing has moved: {reason}"

    def _with_few_places(self, line: str) -> Iterator[str]:
        if self._places is None:
            self._places = 0 if _PLACES.fullmatch(line) else None
            yield line
        elif line == "    }":
            if self._places > _MOST:
                yield f"        ... and {self._places - _MOST} more, in the output placement of the stack"
            self._places = None
            yield line
        else:
            self._places += 1
            if self._places <= _MOST:
                yield line


def _is_idle(line: str) -> bool:
    row = _ROW.fullmatch(line)
    return row is not None and _SAYS_NOTHING.fullmatch(row["rest"]) is not None


def _first_of_the_whole(sections: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the diagnostics of the stack before those of resources: the engine has them in no order."""
    for section in sorted(sections, key=lambda lines: bool(lines) and not lines[0].startswith(_STACK)):
        yield from section

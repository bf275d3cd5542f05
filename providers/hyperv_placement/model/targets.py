"""Which resources a run of the engine takes: the patterns of `--target` and `--exclude` on its command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_ONLY = ("--target", "-t", "--target-replace")
_WITHOUT = ("--exclude",)
_DEPENDENTS = "--target-dependents"
_SHORT = re.compile(r"-[^-].*t|-t.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a run takes; without patterns, everything."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def takes(self, urn: str) -> bool:
        """Say whether the run may act on that resource."""
        return (not self.only or _fits(self.only, urn)) and not _fits(self.without, urn)


EVERYTHING = Targets()


def targets_in(command: Sequence[str]) -> Targets:
    """Return what an engine's command line names; everything where that is not certain.

    It cannot where dependents go along, which no pattern matches, or a short flag is written together with others or its value.
    """
    # Too much is safe here, too little is not: limits of the guard count the machines that a run takes.
    if any(word.split("=")[0] == _DEPENDENTS or _SHORT.match(word) for word in command):
        return EVERYTHING
    return Targets(only=tuple(_values(command, _ONLY)), without=tuple(_values(command, _WITHOUT)))


def _values(command: Sequence[str], flags: Sequence[str]) -> Iterator[str]:
    for word, following in pairwise((*command, "")):
        flag, equals, value = word.partition("=")
        if flag in flags:
            yield value if equals else following


def _fits(patterns: Sequence[str], urn: str) -> bool:
    for pattern in patterns:
        # As the engine reads it (pulumi/pulumi pkg/resource/deploy/deployment.go, UrnTargets).
        parts = ("[^:]*".join(map(re.escape, part.split("*"))) for part in pattern.split("**"))
        if re.fullmatch(".*".join(parts), urn):
            return True
    return False

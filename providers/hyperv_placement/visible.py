"""Text of others on its way out: characters that would act on a terminal, a log or a pipeline's runner become escapes."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
"""Control and format characters (bidirectional ones among them), surrogates, unassigned code points, line ends."""
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Invisible characters of other categories (Default_Ignorable_Code_Point, Unicode DerivedCoreProperties.txt; Braille blank)."""
_RUNNERS: Final = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION", "JENKINS_URL")
"""Variables that show that a pipeline's runner reads the output."""
_ORDERS: Final = re.compile(
    r"(?m)(?P<line>^\s*):(?=:)|#(?P<old>#)(?=\[|vso\[|teamcity\[)|(?P<mark>section)_(?=(?:start|end):)"
)
"""What runners execute as commands: `::` first in a line, blanks before it or not, and `##[` anywhere (actions/runner
src/Runner.Common/ActionCommand.cs), `##vso[` (microsoft/azure-pipelines-agent Command.cs), `##teamcity[` (service
messages), `section_start:` (GitLab, custom collapsible sections)."""


def hidden(character: str) -> bool:
    """Say whether a character is invisible, or affects the text around it."""
    return unicodedata.category(character) in _CATEGORIES or _BLANK.match(character) is not None


def visible(text: str) -> str:
    """Return `text` as one line, with invisible characters and line ends as escapes."""
    if text.isascii() and text.isprintable():  # nearly every text: the look at each character costs far more
        return text
    return "".join(char.encode("unicode_escape").decode("ascii") if hidden(char) else char for char in text)


def visible_lines(text: str) -> str:
    """Return `text` with invisible characters as escapes; its line ends stay."""
    return "\n".join(map(visible, text.split("\n")))


def inert(text: str) -> str:
    r"""Return `text` with what a runner would execute broken by an escape (`\u003a:`), which JSON reads as the same."""
    return _ORDERS.sub(_broken, text)


def outward(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Return lines as they may leave this program; in a pipeline's job without anything its runner would execute."""
    # Outside of a pipeline `::` stays: `::1` is an address, and no terminal carries it out.
    shown = visible_lines(text)
    there = os.environ if environment is None else environment
    return inert(shown) if any(there.get(name) for name in _RUNNERS) else shown


def _broken(found: re.Match[str]) -> str:
    if found["old"]:
        return "#\\u0023"
    return f"{found['mark']}\\u005f" if found["mark"] else f"{found['line']}\\u003a"

"""Text of others on its way out: what it would do to a terminal, a log or a runner stands there as an escape."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
"""Control and format characters (those that turn the direction of text, too), surrogates, what Unicode has not assigned, ends of lines."""
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters of other categories that show nothing (Default_Ignorable_Code_Point, Unicode DerivedCoreProperties.txt; Braille blank)."""
_RUNNERS: Final = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION", "JENKINS_URL")
"""Variables by which a job knows that a runner reads its output."""
_ORDERS: Final = re.compile(
    r"(?m)(?P<line>^\s*):(?=:)|#(?P<old>#)(?=\[|vso\[|teamcity\[)|(?P<mark>section)_(?=(?:start|end):)"
)
"""What runners take for orders: `::` first in a line, blanks before it or not, and `##[` anywhere (actions/runner
src/Runner.Common/ActionCommand.cs), `##vso[` (microsoft/azure-pipelines-agent Command.cs), `##teamcity[` (service messages),
`section_start:` (GitLab, custom collapsible sections)."""


def hidden(character: str) -> bool:
    """Say whether a character does not show, or does something to what is around it."""
    return unicodedata.category(character) in _CATEGORIES or _BLANK.match(character) is not None


def visible(text: str) -> str:
    """Return `text` as one line, with what does not show as escapes, ends of lines among them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if hidden(char) else char for char in text)


def visible_lines(text: str) -> str:
    """Return `text` with what does not show as escapes; its own ends of lines stay."""
    return "\n".join(map(visible, text.split("\n")))


def inert(text: str) -> str:
    r"""Return `text` with what a runner would take for an order broken by an escape (`\u003a:`), which JSON reads as the same."""
    return _ORDERS.sub(_broken, text)


def outward(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Return lines as they may leave this program; in the job of a pipeline they order its runner nothing."""
    shown = visible_lines(text)
    there = os.environ if environment is None else environment
    return inert(shown) if any(there.get(name) for name in _RUNNERS) else shown


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _broken(found: re.Match[str]) -> str:
    if found["old"]:
        return "#\\u0023"
    return f"{found['mark']}\\u005f" if found["mark"] else f"{found['line']}\\u003a"

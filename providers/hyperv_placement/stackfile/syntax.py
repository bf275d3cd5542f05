"""YAML syntax errors in an operator's words."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

# Part of PyYAML's or libyaml's text -> what to do about it. The two word some errors differently.
_EXPLANATIONS = (
    (
        "mapping values are not allowed",
        "a ':' where none can stand; look at the indentation, or quote the text",
    ),
    ("unknown escape character", "a backslash in double quotes starts an escape; use single quotes"),
    ("hexdecimal number", "a backslash in double quotes starts an escape; use single quotes"),
    ("expected escape sequence", "a backslash in double quotes starts an escape; use single quotes"),
    ("cannot start any token", "text that starts with this character must be in quotes"),
    ("unexpected end of stream", "the quote that opens here is never closed"),
    ("unexpected document separator", "the quote that opens here is never closed"),
    ("expected ',' or", "a [ or { is not closed, or a comma is missing"),
    ("expected node content", "a value is missing, or a [ or { is not closed"),
    (
        "did not find expected key",
        "the indentation fits nothing above; keys of one mapping start in one column",
    ),
    ("expected <block end>", "the indentation fits nothing above; keys of one mapping start in one column"),
    (
        "did not find expected '-'",
        "the indentation fits nothing above; items of one list start in one column",
    ),
    ("could not find expected ':'", "a line that is no 'key: value'"),
    (
        "sequence entries are not allowed",
        "a list cannot start on the line of its key; start it on the next line",
    ),
    ("found undefined tag handle", "text that starts with ! must be in quotes"),
    ("found unknown directive", "a line must not start with %"),
)
_AT_START = ("unexpected end of stream", "unexpected document separator")


_LONGEST_KEY = 1024


def explained(error: yaml.YAMLError, lines: Sequence[str] = ()) -> tuple[int, str]:
    """Return the line of `error`, and what is wrong there with what would be right. `lines`: of the text."""
    problem = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    # The problem is seen at the end of the file, where nothing is wrong; the context is where the quote opens.
    if context is not None and any(part in problem for part in _AT_START):
        mark = context
    advice = next((text for part, text in _EXPLANATIONS if part in problem), "correct the YAML here")
    line = 1 if mark is None else mark.line + 1
    if len(lines) >= line and _has_long_key(lines[line - 1]):
        return line, f"a key of more than {_LONGEST_KEY:,} characters, which YAML does not allow; shorten it"
    opened = (
        "" if context is None or context.line + 1 == line else f", in what starts in line {context.line + 1}"
    )
    return line, f"no valid YAML ({problem}{opened}): {advice}"


def _has_long_key(line: str) -> bool:
    """Say whether a key of `line` is longer than a key may be (YAML 1.2, 7.4.2); readers call it anything else."""
    if len(line) <= _LONGEST_KEY:
        return False
    return any(
        len(part.rpartition("{")[2].rpartition(",")[2].strip()) > _LONGEST_KEY
        for part in line.split(":")[:-1]
    )

"""Words that had crept in and were taken out: they read as if translated, and the glossary in CONTRIBUTING has better ones."""

from __future__ import annotations

import re

from tools.workspace import PROJECT

INSTEAD = {
    "untold": "not checked, not reported",
    "for want of": "because ... is missing",
    "that is none": "malformed, unknown",
    "whosever": "whoever owns it",
    "closely": "in detail: a reading has a Detail",
    "shall": "is declared, belongs, has to",
}
"""Word -> what to write. Short on purpose: each has been in dozens of places."""
FOLDERS = ("providers", "lab", "docs")
PATTERN = re.compile(rf"\b({'|'.join(INSTEAD)})\b")


def test_words_that_were_taken_out_stay_out() -> None:
    """In code, messages and pages of today; decisions and the changelog keep the words of their time."""
    found = [
        f"{path.relative_to(PROJECT)}:{number}: {word}, say {INSTEAD[word]}"
        for folder in FOLDERS
        for path in sorted((PROJECT / folder).rglob("*"))
        if path.suffix in {".py", ".md", ".yaml"} and not {"adr", "_site"} & set(path.parts)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for word in PATTERN.findall(line)
    ]
    assert found == []

"""Which hosts and machines stack files declare, by name alone: for a shell, which asks at each press of a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from .stacks import is_stack, resolve_stack, stack_files

SECTIONS = ("hosts", "vms")
# Nothing is checked here, and a check of the schema alone takes longer than a person waits for a completion. Every scalar is text.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def declared_names(sections: Iterable[str], words: Iterable[str], project: Path) -> Iterator[str]:
    """Yield the keys of these sections in the stack that one of `words` names, else in every stack of the project.

    A file that cannot be read as YAML declares nothing. A name with a blank is the shell's script's to quote; one with a character
    that means something else to a shell is left out.
    """
    named = [resolve_stack(word, project) for word in words if is_stack(word, project)]
    seen = dict.fromkeys(
        name
        for path in named[:1] or stack_files(project)
        for name in _keys(path, tuple(sections))
        if name.isprintable() and not set(name) & set("'\"\\$`;&|<>()*?[]{}!#~")
    )
    yield from seen


def _keys(path: Path, sections: tuple[str, ...]) -> Iterator[str]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - it builds texts, lists and maps alone
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError, TypeError):
        return
    for section in sections:
        entries = document.get(section) if isinstance(document, dict) else None
        yield from (key for key in entries or () if isinstance(key, str)) if isinstance(entries, dict) else ()

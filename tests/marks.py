"""Where the code says that it relies on something nobody has seen: every line with the word guess or unverified."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"\b(?:guess(?:es|ed)?|unverified)\b", re.IGNORECASE)
MODULE = "(module)"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A definition of a file: what a row of the list points at."""

    path: str
    name: str

    def __str__(self) -> str:
        """Return it as it stands in the list."""
        return f"`{self.path}` `{self.name}`"


def marks(*folders: str) -> dict[Place, str]:
    """Return each definition that has such a line, with its first one."""
    found: dict[Place, str] = {}
    for path in sorted(file for folder in folders for file in (PROJECT / folder).rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        numbers = [number for number, line in enumerate(lines, start=1) if MARK.search(line)]
        tree = ast.parse("\n".join(lines)) if numbers else None
        for number in numbers:
            assert tree is not None
            place = Place(path.relative_to(PROJECT).as_posix(), place_in(tree, number))
            found.setdefault(place, lines[number - 1].strip())
    return found


def place_in(tree: ast.Module, line: int) -> str:
    """Return the name of the definition that a line is in, or that it is about; `(module)` for the file itself."""
    return ".".join(_names(tree.body, line)) or MODULE


def _names(body: Sequence[ast.stmt], line: int) -> Iterator[str]:
    for number, statement in enumerate(body):
        if line > (statement.end_lineno or statement.lineno):
            continue
        match statement:
            case ast.ClassDef(name=name, body=inner) if line >= _first(statement):
                yield name
                yield from _names(inner, line)
            case ast.Expr() if number > 0:  # the docstring of what stands above it
                yield from _own_name(body[number - 1])
            case ast.Expr():  # of the module or class itself
                pass
            case _:  # a definition, a statement, or a comment above one
                yield from _own_name(statement)
        return


def _first(statement: ast.ClassDef) -> int:
    return min([statement.lineno, *(each.lineno for each in statement.decorator_list)])


def _own_name(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass

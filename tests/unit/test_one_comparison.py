"""Paths, and names of hosts, switches and machines, are compared in one place each: `winpath` and `names`.

The code is read, so that nobody has to remember it: a comparison of texts there was a phantom move once.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.marks import PROJECT

PROVIDERS = PROJECT / "providers" / "hyperv_placement"
HERE = frozenset({"model/winpath.py", "model/names.py", "model/slots.py"})
"""Where the comparisons are."""
ELSEWHERE = {
    "wsman/": "names of XML and of CIM, which have their own rules",
    "directory/": "names of a directory: attributes, accounts by their full names in lower case",
    "operations/recording/": "words that are disguised, not compared",
    "model/units.py": "units of numbers",
    "codes/catalogue.py": "words that somebody types",
    "stackfile/nodes.py": "spellings of one word that YAML takes",
    "model/nearest.py": "words that are near each other",
    "stackfile/addresses.py": "schemes of URLs",
    "stackfile/guard.py": "days of the week",
    "winrm/negotiation.py": "schemes of authentication",
    "winrm/projection.py": "properties as WQL compares them",
    "winrm/sessions.py": "a GUID of ours",
    "winrm/transport.py": "words of the operating system, schemes of URLs",
    "workspace/locks.py": "names of processes",
    "workspace/engine.py": "names of processes",
}
"""Files, or folders, that fold texts which are neither paths nor such names, each with what they are."""
FOLDING = frozenset({"casefold", "lower", "upper", "swapcase", "title"})
NAME = re.compile(r"(^|_)(name|names|full_name|computer_name|switch|switches|share|host|server|label|key)$")
PATH = re.compile(r"(^|_)(path|paths|root|folder|folders|config|paging|guest_state|parent_path|file_name)$")
KEYED = re.compile(
    r"^(path|target|root|folder|config|paging|guest_state|parent_path|full_name|computer_name)$"
)
"""Attributes that are no keys as they are spelled."""
CUTTING = frozenset({"startswith", "endswith", "removeprefix", "removesuffix", "split", "rsplit", "partition", "rpartition", "strip", "rstrip", "lstrip"})  # fmt: skip
ALLOWED = {
    "operations/discovery/hosts.py": {
        "host.facts.computer_name.lower()",
        "name.lower()",
    },  # a name that is made, not compared
    "planning/delegation/entries.py": {"principal.lower()", "other.full_name.lower()"},
    "operations/discovery/text.py": {  # of one declaration, whose parts `storage_of` spells alike
        "config == storage.checkpoints == storage.paging",
        "config == disks",
        "disks != config",
    },
    "migration/audit.py": {"path == self.path"},  # a file of ours
    "planning/schedule/everything.py": {
        "whole.source == whole.target"
    },  # places of a problem, which are values
    "stackfile/editing.py": {"pair[0].value == path[-1]"},  # a key of YAML
    "model/destinations.py": {"host.lower()"},  # folding would make an ASCII name of one that is none
    "model/policy.py": {"username.rpartition('\\\\')"},  # a login, and no path
    "stackfile/policies.py": {"real.parent == folder"},  # folders of this computer
    "migration/needs.py": {  # paths of one move, each with its bytes
        "{d.target: sizes.get(d.instance_id, 0) for d in copied}",
        "{parent.target: parent.size_bytes for parent in move.parents}",
    },
    "hyperv/rows.py": {"row.text('InstanceID').split('\\\\')"},
    "planning/checks/sizes.py": {
        "{volume.path for volume in held if volume is not None}"
    },  # of one list of volumes
    "stackfile/judging.py": {"cause.relative_schema_path[0] not in of_other_types"},  # a place in the schema
    "report/records.py": {"value.name.lower()"},  # of an enumeration
    "report/review_comment.py": {"path.rstrip('\\\\')"},  # of a volume, as it is shown
    "stackfile/machines.py": {
        "root in roots",
        "named.text not in self._roots",
    },  # names that the file gives to roots
    "operations/discovery/roots.py": {
        "root.rstrip('\\\\')",
        "path.replace('/', '\\\\').split('\\\\')",
    },  # names of roots are made of it
}
"""What stays as it is, by its file: accounts of the directory go by their full names in lower case."""


def breaches(tree: ast.AST, file: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that compare, fold or cut paths and names on their own, with what they do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from _compared(node)
        elif isinstance(node, ast.SetComp | ast.DictComp):
            key = node.elt if isinstance(node, ast.SetComp) else node.key
            if isinstance(key, ast.Attribute) and KEYED.search(key.attr):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _called(node, node.func, file)


def _compared(node: ast.Compare) -> Iterator[tuple[int, str]]:
    sides = (node.left, *node.comparators)
    for operator, pair in zip(node.ops, itertools.pairwise(sides), strict=True):
        textual = isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn)
        if (
            textual
            and not any(_constant(side) for side in pair)
            and any(PATH.search(_last(side)) for side in pair)
        ):
            yield node.lineno, ast.unparse(node)
        ends = {_last(side) for side in pair if isinstance(side, ast.Attribute)}
        if textual and ends == {"source", "target"}:
            yield node.lineno, ast.unparse(node)


def _called(node: ast.Call, called: ast.Attribute, file: str) -> Iterator[tuple[int, str]]:
    receiver = called.value
    if called.attr in FOLDING and not node.args:
        known = any(file.startswith(start) for start in ELSEWHERE) or ast.unparse(receiver).endswith(
            "state.name"
        )
        if not known and (NAME.search(_last(receiver)) or PATH.search(_last(receiver))):
            yield node.lineno, ast.unparse(node)
    if called.attr in CUTTING and not file.startswith(
        ("wsman/", "operations/recording/", "stackfile/", "directory/")
    ):
        cuts = any(
            isinstance(arg, ast.Constant) and isinstance(arg.value, str) and "\\" in arg.value
            for arg in node.args
        )
        named = PATH.search(_last(receiver))
        if cuts or (named and called.attr in {"startswith", "endswith"}):
            yield node.lineno, ast.unparse(node)


def _last(node: ast.AST) -> str:
    """Return the last name of an expression: of `vm.roots.config` it is `config`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return _last(node.value) if isinstance(node, ast.Subscript) else ""


def _constant(node: ast.AST) -> bool:
    """Say whether it is no spelling of anybody's: None, a text of the code, or the comparable form."""
    comparable = isinstance(node, ast.Call) and ast.unparse(node.func) == "winpath.comparable"
    ours = isinstance(node, ast.Name) and node.id.isupper()
    return comparable or ours or isinstance(node, ast.Constant | ast.Set | ast.Tuple)


def files() -> list[Path]:
    """Return the code that reads hosts' names and paths."""
    return sorted(
        path for path in PROVIDERS.rglob("*.py") if path.relative_to(PROVIDERS).as_posix() not in HERE
    )


def found_in(path: Path) -> dict[str, int]:
    """Return what a file does on its own -> the line."""
    file = path.relative_to(PROVIDERS).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {text: line for line, text in breaches(tree, file) if text not in ALLOWED.get(file, set())}


def test_nothing_compares_paths_or_names_on_its_own() -> None:
    """Use `winpath.same`, `is_inside`, `comparable`, `same_name`, `has_ending`; `names.same`, `folded`, `dns`."""
    wrong = [
        f"{path.relative_to(PROJECT).as_posix()}:{line}: {text}"
        for path in files()
        for text, line in found_in(path).items()
    ]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_there() -> None:
    """An exception that nothing needs would let the next one through."""
    for file, texts in ALLOWED.items():
        source = ast.unparse(ast.parse((PROVIDERS / file).read_text(encoding="utf-8")))
        assert all(text in source for text in texts), file
    for start in ELSEWHERE:
        assert (PROVIDERS / start).exists(), start


@pytest.mark.parametrize(
    "text",
    [
        "vm.roots.config != roots.config",
        "path in paths",
        "disk.path not in seen",
        "wanted.config == actual.config",
        "disk.source != disk.target",
        "vm.name.casefold() == name",
        "host.full_name.lower()",
        "destination.switches[0].upper()",
        "path.startswith(folder)",
        "{disk.path for disk in vm.disks}",
        "{disk.path: disk for disk in vm.disks}",
        "wanted.split('\\\\')[0]",
        "vm.roots.config.rstrip('\\\\')",
    ],
)
def test_what_is_found(text: str) -> None:
    """Each was, or could be, a phantom move."""
    assert list(breaches(ast.parse(text), "x.py"))


@pytest.mark.parametrize(
    "text",
    [
        "path is None",
        "path == ''",
        "disk.slot == other.slot",
        "move.source != move.destination",
        "at_source.roots == move.vm.roots",  # Roots are equal where they are the same folders
        "winpath.same(one, other)",
        "word.casefold()",
        "winpath.comparable(path) in seen",
        "path == UNKNOWN_PARENT",
        "{winpath.comparable(disk.path) for disk in vm.disks}",
        "{disk.slot: disk.path for disk in vm.disks}",
        "line.startswith('#')",
    ],
)
def test_what_is_not(text: str) -> None:
    """Else nobody would heed it."""
    assert not list(breaches(ast.parse(text), "x.py"))

"""Findings and their catalogue, held to each other by the source itself: no finding without an id that a row explains."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from hyperv_placement.codes.findings import finding_row, finding_rows
from hyperv_placement.commands.cli import main
from hyperv_placement.model.finding import Finding, Severity
from hyperv_placement.report.explain import finding_explained
from hyperv_placement.stackfile import wording
from tools.docs import findings
from tools.workspace import PROJECT

PRODUCT = PROJECT / "providers" / "hyperv_placement"
HOME = PRODUCT / "model" / "finding.py"
PASSED_ON = "finding_id"
"""The parameter by which a function takes an id for the finding that it makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A place in the code that makes a finding."""

    where: str
    severity: str
    id: str | None
    """None where the id is no literal that could be looked up."""


def made_in(source: str, name: str) -> Iterator[Made]:
    """Yield every finding that a module makes: one for each id that it may have."""
    tree = ast.parse(source)
    for function, call in _calls(tree, None):
        severity = _severity(call)
        if severity is not None:
            where = f"{name}:{call.lineno}"
            for finding_id in _literals(call.args[0] if call.args else None, function, tree):
                yield Made(where=where, severity=severity, id=finding_id)


def _calls(
    node: ast.AST, function: ast.FunctionDef | None
) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    """Yield each call with the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, child
        yield from _calls(child, child if isinstance(child, ast.FunctionDef) else function)


def _severity(call: ast.Call) -> str | None:
    match ast.unparse(call.func).split("."):
        case ["Finding", "refusal"] | [*_, "findings" | "_findings", "add"]:
            return "refusal"
        case ["Finding", "warning"]:
            return "warning"
        case ["Finding"]:
            return "made without one of the two constructors"
        case _:
            return None


def _literals(
    given: ast.expr | None, function: ast.FunctionDef | None, tree: ast.Module
) -> Iterator[str | None]:
    match given:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _literals(one, function, tree)
            yield from _literals(other, function, tree)
        case ast.Name(id=name) if name == PASSED_ON and function is not None:
            yield from _passed_to(function, tree)
        case ast.Starred(value=ast.Call(func=ast.Name(id="problem"))):
            yield from _of_schemas()
        case _:
            yield None


def _of_schemas() -> set[str]:
    """Return the ids of what jsonschema finds: a table by its keywords, and what `problem` says beside the table."""
    beside = re.findall(r'"([a-z]+(?:-[a-z]+)+)"', inspect.getsource(wording.problem))
    return {finding_id for finding_id, _ in wording._PROBLEMS.values()} | set(beside)


def _passed_to(function: ast.FunctionDef, tree: ast.Module) -> Iterator[str | None]:
    """Yield the ids with which a function is called in its own module."""
    parameters = [each.arg for each in function.args.args if each.arg != "self"]
    position = parameters.index(PASSED_ON)
    for caller, call in _calls(tree, None):
        if ast.unparse(call.func).rpartition(".")[2] == function.name:
            yield from _literals(call.args[position], caller, tree)


@cache
def all_made() -> tuple[Made, ...]:
    """Return every finding that the product makes."""
    return tuple(
        made
        for path in sorted(PRODUCT.rglob("*.py"))
        if path != HOME
        for made in made_in(path.read_text(encoding="utf-8"), str(path.relative_to(PRODUCT)))
    )


def test_no_finding_is_without_an_id_of_the_catalogue() -> None:
    """Planner, doctor and stack file alike; the id stands as a literal where the finding is made."""
    known = {row.id for row in finding_rows()}
    assert [made for made in all_made() if made.id not in known] == []
    assert len(all_made()) > len(known) > 150


def test_every_row_of_the_catalogue_is_used_and_stands_once() -> None:
    """A row that no code reports any more is removed with its check."""
    ids = [row.id for row in finding_rows()]
    assert set(ids) - {made.id for made in all_made()} == set()
    assert len(ids) == len(set(ids))


def test_a_finding_is_as_severe_as_its_row_says() -> None:
    """`both` where it stops in one place and only warns in another."""
    rows = {row.id: row.severity for row in finding_rows()}
    wrong = [each for each in all_made() if rows[each.id or ""] not in {each.severity, "both"}]
    assert wrong == []
    assert set(rows.values()) == {"refusal", "warning", "both"}


def test_rows_are_filled_in() -> None:
    """Each says what was found, what is at stake and the way out; ids are words with hyphens."""
    for row in finding_rows():
        assert re.fullmatch(r"[a-z]+[0-9]*(-[a-z0-9]+)*", row.id), row.id
        assert all((row.meaning, row.at_stake, row.remedy)), row.id


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('Finding.refusal("a", text)', ["a"]),
        ('findings.add("a" if x else "b", 1, text)', ["a", "b"]),
        ("Finding.warning(text, remedy)", [None]),
        ("Finding(severity=Severity.REFUSAL, text=text)", [None]),
        ("def f(finding_id):\n    Finding.refusal(finding_id)\nf('a')\nf(unknown)", ["a", None]),
        ('values.add("a")', []),
    ],
)
def test_the_search_sees_a_finding_without_an_id(source: str, found: list[str | None]) -> None:
    """So an empty list of offenders is a result, and not a blind search."""
    assert [made.id for made in made_in(source, "x")] == found


def test_an_empty_id_is_refused() -> None:
    """Also where one is made from values that no test has seen."""
    with pytest.raises(ValueError, match="id"):
        Finding(id="", severity=Severity.WARNING, text="x")


def test_every_row_is_on_the_page() -> None:
    """Under its group, with the way out."""
    page = findings.render(finding_rows())
    for row in finding_rows():
        assert page.count(f"| `{row.id}` |") == 1


def test_explain_knows_every_id(capsys: pytest.CaptureFixture[str]) -> None:
    """As text and as a record, in whatever case it is typed; codes are looked up as before."""
    for row in finding_rows():
        assert finding_row(f" {row.id.upper()}") == row
        assert finding_explained(row).startswith(f"{row.id} (")
    assert main(["explain", "Switch-missing"]) == 0
    assert "a switch that the machine is connected to" in capsys.readouterr().out
    assert main(["explain", "switch-missing", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["rows"]
    assert (record["code"], record["kind"], record["severity"]) == ("switch-missing", "finding", "refusal")
    assert main(["explain", "switch-mising"]) == 1
    assert main(["explain", "0x8009030E"]) == 0

"""The contract of `--json`: every command has it, each answer has a schema that says what every key means, and a version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hyperv_placement import commands
from hyperv_placement.commands.answers import VERSION
from hyperv_placement.commands.arguments import Parser
from hyperv_placement.commands.cli import main, parser
from tests.answers import checked, names, nodes, schema

from .paper import on_paper, story

NO_ANSWER = {"schema": "prints a schema, which is JSON", "completion": "prints a script"}
"""Commands without `--json`, each with what it prints instead."""
FORMS = {"drain-rolling": "drain", "drift-accept": "drift", "jobs-cancel": "jobs"}
"""Answers of another shape, and whose they are."""
NOT_ALWAYS = {
    ("review", "preview"), ("review", "changed"), ("review", "drift"), ("review", "settled"), ("record", "request"),
}  # fmt: skip
"""Keys that an answer may lack; every other one is always there, null or empty where there is nothing."""


def verbs() -> Mapping[str, Parser]:
    """Return every command with its parser, `audit-verify` for one below another."""
    return {"-".join(path): each for path, each in parser().commands()}


def test_every_command_answers_scripts() -> None:
    """One option, `--json`, and one schema for each shape of answer; no schema is left of a command that has gone."""
    having = {name for name, each in verbs().items() if "--json" in each._option_string_actions}
    assert verbs().keys() - having == set(NO_ANSWER)
    assert set(names()) == having | set(FORMS)


def test_one_place_writes_json() -> None:
    """No answer goes without its version."""
    folder = Path(commands.__file__).parent
    writing = {path.name for path in folder.glob("*.py") if "json.dump" in path.read_text(encoding="utf-8")}
    assert writing == {"answers.py"}


@pytest.mark.parametrize("name", [*names(), "shared"])
def test_a_schema_says_what_each_key_means(name: str) -> None:
    """Each key has a description, and is always there unless it is said that it may be missing; no key is private."""
    found = schema(name)
    Draft202012Validator.check_schema(found)
    for node in nodes(found):
        keys = node.get("properties")
        if not isinstance(keys, dict) or "type" not in node:
            continue
        for key, meaning in keys.items():
            assert re.fullmatch(r"[a-z][a-zA-Z0-9_]*", key)
            assert meaning.get("description", "").endswith("."), f"{name}: {key}"
        missing = {(name, key) for key in keys if key not in node["required"]}
        assert missing <= NOT_ALWAYS
    if name != "shared":
        assert found["properties"]["version"]["const"] == VERSION


@pytest.mark.parametrize(
    "reported",
    [
        "basic/in-place", "infeasible/swap-all-or-nothing", "basic/silent-host", "basic/any-of", "constraints/n-plus-1-broken-on-the-way", "constraints/hold-machine",
    ],
)  # fmt: skip
def test_a_plan_on_paper_is_as_its_schema_says(
    reported: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In place, moved, refused, infeasible, unknown: in `plan`, `review`, `check`, `drain`, `return` and `rebalance`."""
    words = on_paper(story(reported), tmp_path)
    for command in ("plan", "review", "check", "rebalance"):
        main([command, *words, "--json"])
        checked(command, capsys.readouterr().out)


def test_codes_and_findings_are_as_their_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    """A word that is both, and the whole list."""
    for words in (["vtpm"], ["401"], ["nonsense"], []):
        main(["explain", *words, "--json"])
        assert checked("explain", capsys.readouterr().out)["rows"] or words == ["nonsense"]

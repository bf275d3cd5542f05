"""What an operator's machine gets: the locks, the list of them, their licences."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.sbom.document import FILE, document, flaws, kept, known, written
from tools.sbom.licences import ALLOWED, read, unwelcome
from tools.sbom.locks import Pin, pins
from tools.workspace import PROJECT

DEVELOPERS = {
    "moto", "flask", "boto3", "playwright", "sphinx", "pytest", "mypy", "ruff", "hypothesis", "uv", "pypsrp", "werkzeug",
}  # fmt: skip
FOR_DEVELOPERS = {"bench", "docs", "fuzz", "sbom"}
"""Folders of tools/ whose commands ask for `make develop`."""


def _names(lock: str) -> dict[str, str]:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, flags=re.MULTILINE))


def test_no_tool_of_developers_is_on_an_operators_machine() -> None:
    """Each package there is code that could read a domain's credentials."""
    assert not DEVELOPERS & set(_names("requirements.txt"))
    assert set(_names("requirements-dev.txt")) > DEVELOPERS


def test_both_locks_name_the_same_versions() -> None:
    """Tests run with what operators have."""
    developers = _names("requirements-dev.txt")
    assert {name: developers.get(name) for name in _names("requirements.txt")} == _names("requirements.txt")


def test_what_operators_run_imports_nothing_but_their_lock() -> None:
    """Providers, the lab, the demo and set-up work without `make develop`."""
    theirs = {*_names("requirements.txt"), *_names("requirements-kerberos.txt")}
    owners = packages_distributions()
    foreign = {}
    for path in _programs():
        for name in _imported(ast.parse(path.read_text(encoding="utf-8"))):
            owning = {owner.lower().replace("_", "-").replace(".", "-") for owner in owners.get(name, [])}
            if owning and not owning & theirs:
                foreign[f"{path.relative_to(PROJECT)}: {name}"] = owning
    assert not foreign


def _programs() -> list[Any]:
    folders = (PROJECT / "providers", PROJECT / "lab", PROJECT / "tools")
    found = [path for folder in folders for path in folder.rglob("*.py")]
    skipped = {PROJECT / "tools" / name for name in FOR_DEVELOPERS}
    return [PROJECT / "__main__.py", *(path for path in found if not skipped & set(path.parents))]


def _imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def test_the_list_is_what_the_locks_say() -> None:
    """Every locked version is in it, with a licence that is allowed, and nothing else is; CycloneDX's schema takes it."""
    text = (PROJECT / FILE).read_text(encoding="utf-8")
    assert flaws(pins(PROJECT), json.loads(text), lambda _pin: "") == []
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert {one["scope"] for one in json.loads(text)["components"]} == {"required", "optional", "excluded"}


def test_a_list_that_is_behind_the_locks_is_refused() -> None:
    """One changed version, one digest, one licence: each is seen."""
    locked = pins(PROJECT)
    licences = kept(PROJECT)
    newer = Pin(kind="pypi", name="requests", version="99.0", scope="required", hashes=("0" * 64,))
    assert any(
        "make sbom" in line for line in flaws([*locked, newer], document(locked, licences), lambda _: "")
    )
    changed: Mapping[str, str] = {**licences, locked[0].purl: "AGPL-3.0-only"}
    assert any("AGPL-3.0-only" in line for line in flaws(locked, document(locked, changed), lambda _: ""))
    assert document(locked, known(locked, licences, lambda _: "")) == json.loads(
        written(document(locked, licences))
    )


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        ("MIT", []),
        ("GPL-2.0-only OR MIT", []),
        ("MIT AND GPL-2.0-only", ["GPL-2.0-only"]),
        ("", ["none is known"]),
    ],
)
def test_a_licence_is_judged_by_its_expression(expression: str, left: list[str]) -> None:
    """Of alternatives one that is allowed will do; what is joined has to be allowed as a whole."""
    assert unwelcome(expression) == left


def test_the_project_has_a_licence_and_says_how_to_report() -> None:
    """LICENSE is the Apache License as its own reader of licence files sees it; SECURITY.md has its sections."""
    assert read((PROJECT / "LICENSE").read_text(encoding="utf-8")) == {"Apache-2.0"}
    assert "Apache-2.0" in ALLOWED
    page = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
    for section in ("Report", "Assets", "Actors", "Boundaries", "Promises", "No promises"):
        assert f"\n## {section}" in page


def test_git_is_kept_from_what_pages_have_people_write_here() -> None:
    """Passwords, recorded inventories and reviews, as the pages name them; nothing that is part of the project is ignored."""
    private = [
        "secrets/hyperv.yaml",
        ".secrets/directory.yaml",
        "lab.json",
        "inventory.json",
        "review.html",
        "review.md",
        "drift.md",
    ]
    answer = subprocess.run(
        ["git", "check-ignore", "--no-index", *private, "stacks/prod.yaml", "stacks/Pulumi.prod.yaml", "sbom.cdx.json"],
        cwd=PROJECT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.stdout.splitlines() == private
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert tracked.stdout == ""

"""The page of the operator's policy: each key is described, and its example is one."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from hyperv_placement.stackfile.checking import check
from hyperv_placement.stackfile.findings import Findings
from hyperv_placement.stackfile.parsing import parse
from hyperv_placement.stackfile.schema import POLICY_SCHEMA, read_schema
from hyperv_placement.stackfile.source import Source
from tools.workspace import PROJECT

PAGE = PROJECT / "docs" / "policy.md"
SCHEMA = json.loads(POLICY_SCHEMA.read_text(encoding="utf-8"))


def judged(text: str) -> list[str]:
    """Return what the loader says of a policy's text, without reading what it names."""
    findings = Findings(Path("policy.yaml"))
    document = parse(Source(text=text), findings)
    assert document is not None
    check(document, read_schema(POLICY_SCHEMA), findings)
    return findings.lines()


def test_each_key_is_described_and_the_example_fits() -> None:
    """In the table and in words for editors."""
    page = PAGE.read_text(encoding="utf-8")
    table = [line.split("|")[1] for line in page.splitlines() if line.startswith("|")]
    for key, part in SCHEMA["properties"].items():
        assert any(f"`{key}`" in cell for cell in table), key
        assert part["description"]
        assert judged(yaml.safe_dump({key: part["examples"][0]})) == []
    assert judged(page.partition("```yaml\n")[2].partition("```")[0]) == []

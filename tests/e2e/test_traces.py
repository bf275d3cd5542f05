"""A run that is traced: spans of ours beneath those of the engine say what was moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Site


def spans_in(file: Path) -> dict[str, dict[str, Any]]:
    """Return the spans that the engine has written (OTLP, a JSON object a line), by their ids, each with the scope's name."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        for resource in json.loads(line).get("resourceSpans", []):
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    found[span["spanId"]] = {**span, "of": scope.get("scope", {}).get("name", "")}
    return found


def noted(span: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a span, by name."""
    return {
        each["key"].removeprefix("placement."): next(iter(each["value"].values()))
        for each in span["attributes"]
    }


@pytest.mark.e2e
@pytest.mark.all
@pytest.mark.slow
def test_each_move_is_a_span_beneath_the_engines_call(site: Site, tmp_path: Path) -> None:
    """With hosts, paths, bytes, seconds and result; the sweep and the plan have theirs, all in one trace."""
    file = tmp_path / "spans.jsonl"
    assert site.up("--stack", "lab", "--otel-traces", f"file://{file}").returncode == 0
    spans = spans_in(file)
    ours = [each for each in spans.values() if each["of"] == "hyperv_placement"]
    assert {each["name"] for each in ours} == {"sweep", "plan", "move"}
    assert len({each["traceId"] for each in spans.values()}) == 1
    moves = [each for each in ours if each["name"] == "move"]
    assert {noted(each)["vm"] for each in moves} == {"VM002", "VM003", "VM007", "VM009", "VM010", "VM012"}
    for each in moves:
        assert each["parentSpanId"] in spans, "beneath the engine's call"
        assert noted(each)["result"] == "moved"
        assert noted(each)["seconds"] > 0
        assert int(noted(each)["bytes"]) > 0

"""Spans of ours: beneath the engine's where a run is traced, and nothing at all where it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.launch.settings import with_trace
from hyperv_placement.launch.words import traces

PROJECT = Path(__file__).parents[2]
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACED = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from hyperv_placement.errors import PlacementError
from hyperv_placement.tracing import beneath, flush, span

kept, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
try:
    with beneath([("traceparent", PARENT), ("grpc-trace-bin", b"x")]), span("move", vm="VM001") as note:
        note(paths=["a -> b"], seconds=1.5)
        with span("sweep"):
            pass
        raise PlacementError("it failed", remedy="")
except PlacementError:
    flush()
print(json.dumps([
    [each.name, f"{each.parent.span_id:016x}", f"{each.context.trace_id:032x}", dict(each.attributes), each.status.description]
    for each in kept.get_finished_spans()
]))
"""
NOT_TRACED = """
import json, sys
from hyperv_placement.tracing import beneath, flush, span
with beneath([("traceparent", "x")]), span("move", vm="VM001") as note:
    note(seconds=1.5)
flush()
print(json.dumps([name for name in sys.modules if name.startswith("opentelemetry")]))
"""


def said(script: str, **more: str) -> Any:
    """Return what a process of its own prints."""
    environ = {name: text for name, text in os.environ.items() if name != "TRACEPARENT"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], check=True, capture_output=True, text=True,
        env={**environ, "PYTHONPATH": str(PROJECT / "providers"), **more},
    )  # fmt: skip
    return json.loads(done.stdout)


def test_a_span_stands_beneath_the_engines_call_with_what_was_noted() -> None:
    """And one that ended in an error says which."""
    inner, outer = said(TRACED.replace("PARENT", repr(PARENT)), TRACEPARENT=PARENT)
    assert (inner[0], outer[0]) == ("sweep", "move")
    assert outer[1:3] == ["b7ad6b7169203331", "0af7651916cd43dd8448eb211c80319c"]
    assert inner[2] == outer[2]
    assert outer[3] == {"placement.vm": "VM001", "placement.paths": ["a -> b"], "placement.seconds": 1.5}
    assert "it failed" in outer[4]


@pytest.mark.parametrize("more", [{}, {"TRACEPARENT": PARENT}])
def test_where_nothing_is_traced_nothing_is_loaded(more: dict[str, str]) -> None:
    """Neither in a command that a traced pipeline runs: it has nothing that sends spans."""
    assert said(NOT_TRACED, **more) == []


def test_a_run_that_is_traced_has_a_trace_for_program_and_plugin() -> None:
    """The pipeline's, where it has one."""
    assert traces(["up", "--otel-traces", "file:/tmp/x"])
    assert traces(["--otel-traces=grpc://c:4317", "up"])
    assert not traces(["up", "--", "--otel-traces"])
    assert with_trace({"TRACEPARENT": PARENT})["TRACEPARENT"] == PARENT
    assert with_trace({})["TRACEPARENT"] != with_trace({})["TRACEPARENT"]
    assert len(with_trace({})["TRACEPARENT"]) == len(PARENT)

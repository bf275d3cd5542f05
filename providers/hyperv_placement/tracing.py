"""Spans of ours beneath those of the engine, in a run that is traced (`--otel-traces`). In any other nothing is loaded and nothing is kept.

Pulumi's own package opens the way to the engine's collector in each process that imports it, where the engine says that it
has one (pulumi/pulumi sdk/python/lib/pulumi/runtime/_instrumentation.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

TRACED = "TRACEPARENT"
"""Set by the engine for its program and its plugins where it traces (W3C Trace Context)."""
_SENDS = "opentelemetry.sdk.trace"
"""Loaded by Pulumi's package."""
_SCOPE = "hyperv_placement"
_FLUSH_MS = 2_000
"""How long a process that ends waits for what it has not sent yet."""

Note = Callable[..., None]
"""Notes attributes of a span, by name: text, number, or a list of texts."""


@contextmanager
def span(name: str, **attributes: str | float | Sequence[str]) -> Iterator[Note]:
    """Keep a span while the block runs; yield what notes more of it. An error ends it as one, with its words."""
    if not _is_traced():
        yield _nothing
        return
    from opentelemetry import trace  # noqa: PLC0415 - loaded where a run is traced

    named = {f"placement.{key}": value for key, value in attributes.items()}
    tracer = trace.get_tracer(_SCOPE)
    with tracer.start_as_current_span(name, attributes=named, record_exception=False) as current:
        yield lambda **more: current.set_attributes({f"placement.{key}": each for key, each in more.items()})


@contextmanager
def beneath(metadata: Iterable[tuple[str, Any]]) -> Iterator[None]:
    """Put spans of the block beneath the one of the engine's call, which its metadata name."""
    if not _is_traced():
        yield
        return
    from opentelemetry import context, propagate  # noqa: PLC0415 - loaded where a run is traced

    carrier: Mapping[str, str] = {key: value for key, value in metadata if isinstance(value, str)}
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


def flush() -> None:
    """Send what is kept; called where a process ends without its own end, as the plugin does."""
    if not _is_traced():
        return
    from opentelemetry import trace  # noqa: PLC0415 - loaded where a run is traced

    send = getattr(trace.get_tracer_provider(), "force_flush", None)
    if send is not None:
        send(_FLUSH_MS)


def _is_traced() -> bool:
    """Say whether the engine traces this run, and this process has what sends spans: `bin/placement` has not."""
    return bool(os.environ.get(TRACED)) and _SENDS in sys.modules


def _nothing(**_more: str | float | Sequence[str]) -> None:
    """Note nothing."""

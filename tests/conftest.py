"""A test run that is told to end stops what it has started, as one that is interrupted does."""

from __future__ import annotations

import signal

import pytest


def pytest_sessionstart(session: pytest.Session) -> None:  # noqa: ARG001 - named by pytest
    """Let SIGTERM, as from `timeout` or a CI service that cancels, run the fixtures' endings."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)

"""A test run that is told to end stops what it has started, as one that is interrupted does."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine alone. The rest stays as Hypothesis chose it: with CI set,
# the same examples in every run.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_sessionstart(session: pytest.Session) -> None:  # noqa: ARG001 - named by pytest
    """Let SIGTERM, as from `timeout` or a CI service that cancels, run the fixtures' endings."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)

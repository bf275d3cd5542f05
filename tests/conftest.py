"""A test run that is told to end stops what it has started, as one that is interrupted does."""

from __future__ import annotations

import os
import random
import signal

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine alone. The rest stays as Hypothesis chose it: with CI set,
# the same examples in every run.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
os.environ.pop("COLUMNS", None)  # lines are folded by it: what tests expect is what a pipeline's log has


def pytest_sessionstart(session: pytest.Session) -> None:  # noqa: ARG001 - named by pytest
    """Let SIGTERM, as from `timeout` or a CI service that cancels, run the fixtures' endings."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say which of the tests that are too long for `make test` run: those marked `all`."""
    group = parser.getgroup("whole runs")
    group.addoption("--all", action="store_true", help="run the tests marked `all` as well")
    group.addoption("--sample", type=int, default=0, help="run so many of them, chosen by --sample-seed")
    group.addoption("--sample-seed", type=int, default=0, help="which ones")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `all`, but a sample, and what is named on the command line."""
    if config.getoption("--all"):
        return
    named = tuple(each for each in config.args if "::" in each)
    long = sorted(item.nodeid for item in items if item.get_closest_marker("all"))
    chosen = random.Random(config.getoption("--sample-seed")).sample(  # noqa: S311 - a sample of tests is no secret
        long, min(config.getoption("--sample"), len(long))
    )
    left = set(long) - set(chosen) - {each for each in long if each.startswith(named)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left])
    items[:] = [item for item in items if item.nodeid not in left]

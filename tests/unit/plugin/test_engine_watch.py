"""A killed engine is noticed."""

from __future__ import annotations

import socket
import threading

from hyperv_placement.plugin.engine_watch import answers, watch
from tests.clocks import FastClock


def test_an_engine_that_closes_its_port_is_gone() -> None:
    """Two refusals in a row, and the plugin is told."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        assert answers(address)
    watch(address, FastClock(), gone.set, threading.Event())
    assert gone.is_set()


def test_a_watch_that_is_stopped_tells_nothing() -> None:
    """Leaving in order is not being orphaned."""
    stop, gone = threading.Event(), threading.Event()
    stop.set()
    watch("127.0.0.1:1", FastClock(), gone.set, stop)
    assert not gone.is_set()


def test_an_engine_whose_process_has_ended_is_gone_though_its_port_answers() -> None:
    """Somebody else may have taken the port at once."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as other:
        watch(f"127.0.0.1:{other.getsockname()[1]}", FastClock(), gone.set, threading.Event(), lambda: False)
    assert gone.is_set()

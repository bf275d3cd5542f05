"""What is reported to the engine while a call runs: lines bound to a resource, progress not too often."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from hyperv_placement.clock import Clock
from hyperv_placement.model.urn import read_urn
from hyperv_placement.resources.call import current
from hyperv_placement.visible import outward

EVERY_ON_TERMINAL: Final = 2.0
"""Seconds between progress lines of one resource: the live tree shows the last one."""
EVERY_ELSEWHERE: Final = 30.0
"""Seconds between progress lines where each becomes a line of a log file."""

_SEVERITIES = {
    "debug": engine_pb2.DEBUG,
    "info": engine_pb2.INFO,
    "warning": engine_pb2.WARNING,
    "error": engine_pb2.ERROR,
}


class Throttle:
    """Lets a resource's progress through when it is new and the last one is old enough."""

    def __init__(self, clock: Clock, every: float) -> None:
        """`every`: seconds between two lines of one resource."""
        self._clock = clock
        self._every = every
        self._lock = threading.Lock()
        self._last: dict[str, tuple[float, str]] = {}

    def lets(self, urn: str, text: str) -> bool:
        """Say whether `text` may be shown for `urn` now."""
        now = self._clock.now()
        with self._lock:
            reported = self._last.get(urn)
            if reported is not None and (reported[1] == text or now - reported[0] < self._every):
                return False
            self._last[urn] = (now, text)
            return True


class EngineLog:
    """A line to the engine's log service (pulumi/pulumi proto/pulumi/engine.proto)."""

    def __init__(
        self,
        engine: str,
        clock: Clock,
        *,
        terminal: bool,
        runs: Callable[[], bool] = lambda: True,
        loose: bool = False,
    ) -> None:
        """`engine`: its address, host:port. `terminal`: whether a person watches the live tree.

        `loose`: whether the engine shows lines as they come, without the resource that they are bound to (`--diff`).

        `runs`: whether the engine still runs. Nothing is sent to the port of an engine that is gone: anybody may listen there
        by now, and would learn what machines are called.
        """
        # The engine listens on loopback; a proxy in the environment must not stand in between.
        channel = grpc.insecure_channel(engine, options=[("grpc.enable_http_proxy", 0)])
        self._engine = engine_pb2_grpc.EngineStub(channel)
        self._runs = runs
        self._loose = loose
        self._strangers = threading.Lock()
        self._throttle = Throttle(clock, EVERY_ON_TERMINAL if terminal else EVERY_ELSEWHERE)

    def bound_to(self, urn: str) -> Callable[..., None]:
        """Return `say(level, text, ephemeral=False)` for one resource."""

        def say(level: str, text: str, *, ephemeral: bool = False) -> None:
            if ephemeral and not self._throttle.lets(urn, text):
                return
            if self._loose and urn and not text.startswith(label := read_urn(urn).label):
                text = f"{label}: {text}"
            self._report(urn, level, text, ephemeral=ephemeral)

        return say

    def debug(self, line: str) -> None:
        """Report a line of the log, bound to the resource of the call that it belongs to, where the thread knows one."""
        call = current.get(None)
        self._report("" if call is None else call.urn, "debug", line, ephemeral=False)

    def warn_of_strangers(self, what: str) -> None:
        """Warn, once in a run, that somebody else has called: who tries that may try other things on this computer."""
        if self._strangers.acquire(blocking=False):  # never released, so that the next ones are not reported
            self._report(
                "",
                "warning",
                f"Somebody else on this computer has called this run's plugin and was not served: {what}. Others may"
                " follow, which are not reported. See who is logged on: a computer that moves machines should have no other users",
                ephemeral=False,
            )

    def _report(self, urn: str, level: str, text: str, *, ephemeral: bool) -> None:
        if not self._runs():
            return
        request = engine_pb2.LogRequest(
            severity=_SEVERITIES[level], message=outward(text), urn=urn, ephemeral=ephemeral
        )
        try:
            self._engine.Log(request, timeout=10)
        except grpc.RpcError:
            return  # the engine is leaving, and the watch ends this process; no move depends on a line

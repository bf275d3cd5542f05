"""The plugin process: serve until the engine asks to leave, or is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.migration.interruption import Interruption
from hyperv_placement.model.on_cancel import OnCancel
from hyperv_placement.operations.logging_setup import LogSettingsError, logged, read_settings
from hyperv_placement.plugin import late
from hyperv_placement.plugin.engine_log import EngineLog
from hyperv_placement.plugin.engine_watch import watch
from hyperv_placement.plugin.gate import Gate
from hyperv_placement.plugin.peers import Peers
from hyperv_placement.plugin.server import DESTROY, Server
from hyperv_placement.resources.terminal import is_live
from hyperv_placement.system import keep_private
from hyperv_placement.tracing import flush
from hyperv_placement.workspace.engine import engine_command

THREADS = 1024
"""Calls served at once, above any useful --parallel: waiting moves hold a thread each. Threads start on demand."""
MESSAGE_BYTES = 400 << 20
"""Largest message, as in Pulumi's own plugins (sdk/python/lib/pulumi/runtime/settings.py)."""
GRACE = 2.0
"""Seconds for calls in flight to end with their own words."""


def main() -> None:
    """Serve on a free port of 127.0.0.1, print its number for the engine, and stay until the engine asks to leave, or is gone."""
    keep_private()  # first of all: the umask holds only for files that are made after it
    # The engine passes its own flags before its address (pulumi/pulumi pkg/resource/plugin/plugin.go).
    engine = sys.argv[-1]
    peers = _peers(engine)
    clock = SystemClock()
    engine_log = EngineLog(
        engine, clock, terminal=is_live(), runs=peers.engine_runs, loose="--diff" in engine_command()
    )
    try:
        with logged(read_settings(os.environ), engine_log.debug):
            _serve(engine, engine_log, peers, clock)
    except LogSettingsError as error:
        sys.exit(str(error))


def _serve(engine: str, engine_log: EngineLog, peers: Peers, clock: SystemClock) -> NoReturn:
    stop, leave = Interruption(), threading.Event()
    server = grpc.server(
        ThreadPoolExecutor(THREADS, thread_name_prefix="call"),
        interceptors=[Gate(peers.refusal, engine_log.warn_of_strangers)],
        # On Linux, another process of this user could otherwise listen at the same port, and get every second call.
        options=[("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.so_reuseport", 0)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        Server(
            late.providers,
            engine_log,
            stop,
            on_cancel=late.on_cancel,
            destroys=not DESTROY.isdisjoint(engine_command()),
        ),
        server,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    peers.serve_at(port)  # before the start: until the port is known every peer is refused
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):  # SIGBREAK exists on Windows alone (Ctrl+Break)
            signal.signal(getattr(signal, name), lambda *_: leave.set())
    threading.Thread(
        target=watch, args=(engine, clock, leave.set, leave, peers.engine_runs), daemon=True
    ).start()
    leave.wait()
    stop.cancel(OnCancel.LEAVE)  # whatever the stack file says: the engine ends, or was asked a second time
    server.stop(GRACE).wait()
    flush()
    os._exit(0)  # threads of the pool that still follow a move would keep the process alive


def _peers(engine: str) -> Peers:
    """Return what judges who calls; exit with one line where nobody could ever be served."""
    try:
        peers = Peers.of(engine)
    except ValueError:
        sys.exit(
            f"The plugin serves the pulumi that starts it, whose address is its last argument: {engine!a} is not an address"
        )
    if not peers.has_engine:
        sys.exit(
            f"The plugin serves the pulumi that starts it alone, and no process above this one listens at {engine}."
            f" Run {quoting.own('bin/pulumi')}; a plugin that was started by hand (PULUMI_DEBUG_PROVIDERS) is not served"
        )
    return peers


if __name__ == "__main__":
    main()

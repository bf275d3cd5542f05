"""The plugin process: serve until the engine asks to leave, or is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from providers.clock import SystemClock
from providers.resources import migration_delegation, migration_host, vm_placement

from .server import Server
from .voice import Voice
from .watch import watch

PROVIDERS = {
    vm_placement.TYPE: vm_placement.VmPlacement(),
    migration_host.TYPE: migration_host.MigrationHost(),
    migration_delegation.TYPE: migration_delegation.MigrationDelegation(),
}
THREADS = 1024
"""Calls served at once, above any useful --parallel: waiting moves hold a thread each. Threads start on demand."""
MESSAGE_BYTES = 400 << 20
"""Largest message, as in Pulumi's own plugins (sdk/python/lib/pulumi/runtime/settings.py)."""
GRACE = 2.0
"""Seconds for calls in flight to end with their own words."""


def main() -> None:
    """Serve on a free loopback port, tell it on standard output, and stay until told to leave."""
    engine = sys.argv[-1]
    cancelled, leave = threading.Event(), threading.Event()
    clock = SystemClock()
    voice = Voice(engine, clock, terminal=bool(os.environ.get("PLACEMENT_TERMINAL")))
    server = grpc.server(
        ThreadPoolExecutor(THREADS, thread_name_prefix="call"),
        options=[("grpc.max_receive_message_length", MESSAGE_BYTES)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Server(PROVIDERS, voice, cancelled), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    _on_signals(leave)
    threading.Thread(target=watch, args=(engine, clock, leave.set, leave), daemon=True).start()
    leave.wait()
    cancelled.set()
    server.stop(GRACE).wait()
    os._exit(0)  # Pool threads that still follow a move would keep the process alive.


def _on_signals(leave: threading.Event) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: leave.set())


main()

"""The process of the policy pack: serve until the engine ends it, or is gone."""

from __future__ import annotations

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.plugin.engine import address
from hyperv_placement.plugin.engine_watch import watch

from .analyzer import Analyzer


def main() -> None:
    """Serve on a free port of 127.0.0.1, print its number for the engine, whose address is the last argument, and stay until it is gone.

    Whoever else dials it learns the rules, and changes what they forbid in this run: on a computer with other users a run has a
    container of its own (docs/how-it-works.md, "Whom the plugin serves").
    """
    engine = sys.argv[-1]
    try:
        address(engine)
    except ValueError:
        sys.exit(
            f"This is a policy pack, which the engine starts: {quoting.own('bin/pulumi preview --policy-pack policy/run')}"
        )
    gone = threading.Event()
    server = grpc.server(ThreadPoolExecutor(thread_name_prefix="call"), options=[("grpc.so_reuseport", 0)])
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):  # SIGBREAK exists on Windows alone (Ctrl+Break)
            signal.signal(getattr(signal, name), lambda *_: gone.set())
    watch(engine, SystemClock(), gone.set, gone)
    server.stop(None).wait()


if __name__ == "__main__":
    main()

"""The listeners of all hosts: one thread accepts for all of them, each connection has a thread of its own."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import threading
from collections.abc import Iterable

from .connection import Connection
from .service import Service

_LOOPBACK = "127.0.0.1"
_BACKLOG = 128
_HANDSHAKE_SECONDS = 10.0
_PATIENCE = 2.0  # seconds that stop() waits for threads to notice


class Servers:
    """One HTTPS listener on loopback for each host."""

    def __init__(self, services: Iterable[tuple[Service, ssl.SSLContext]]) -> None:
        """Nothing listens before `start`."""
        self._services = list(services)
        self._listeners: list[socket.socket] = []
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._acceptor = threading.Thread(target=self._accept_all, name="accept", daemon=True)

    def start(self) -> None:
        """Listen at every host's port. Raises OSError where one is taken; then none listens."""
        try:
            for service, context in self._services:
                listener = _bound(service.host.port)
                self._listeners.append(listener)
                self._selector.register(listener, selectors.EVENT_READ, (service, context))
            for listener in self._listeners:
                listener.listen(_BACKLOG)
        except OSError:
            self._close_listeners()
            raise
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._acceptor.start()

    def stop(self) -> None:
        """Close every connection, running requests included, and let the threads end; a second time does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for service, _ in self._services:
            service.stopping.set()
        self._wake.send(b"x")
        if self._acceptor.is_alive():
            self._acceptor.join(_PATIENCE)
        self._close_listeners()
        with self._lock:
            connections, threads = list(self._open), list(self._threads)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_PATIENCE)
        for service, _ in self._services:
            service.report()

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how often each operation was asked, by host."""
        return {service.host.name: dict(service.counts) for service, _ in self._services}

    def _close_listeners(self) -> None:
        self._selector.close()
        for listener in self._listeners:
            listener.close()
        self._wake.close()
        self._woken.close()

    def _accept_all(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select():
                if key.data is not None and isinstance(key.fileobj, socket.socket):
                    self._accept(key.fileobj, *key.data)

    def _accept(self, listener: socket.socket, service: Service, context: ssl.SSLContext) -> None:
        """Take a connection; a host that a fault of the lab has down closes it before a word is said."""
        try:
            connection, address = listener.accept()
        except OSError:  # the client has gone again
            return
        if service.is_down():
            connection.close()
            return
        thread = threading.Thread(
            target=self._serve, args=(connection, address, service, context), name="wsman", daemon=True
        )
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _serve(
        self, connection: socket.socket, address: object, service: Service, context: ssl.SSLContext
    ) -> None:
        """Shake hands and serve one connection to its end."""
        connection.settimeout(_HANDSHAKE_SECONDS)
        secure = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(secure)
        try:
            if not self._stopping.is_set():
                secure.do_handshake()
                Connection(secure, address, service)
        except OSError:  # TLS refused, or the client has gone; ssl.SSLError is an OSError too
            pass
        finally:
            secure.close()
            with self._lock:
                self._open.discard(secure)
                self._threads.discard(threading.current_thread())


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        if os.name == "posix":  # elsewhere this option lets two listen on one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener

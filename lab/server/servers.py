"""The listeners of all hosts, HTTPS and HTTP: one thread accepts for all, each connection has one of its own."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from lab.home import certificates
from lab.service.answering import Service

from . import spoiling
from .connection import Connection

_LOOPBACK = "127.0.0.1"
_ANOTHER = "another-authority"
"""Folder of the authority that a changed certificate is of."""
_BACKLOG = 128
_HANDSHAKE_SECONDS = 10.0
_PATIENCE = 2.0  # seconds that stop() waits for threads to notice


@dataclass(frozen=True, kw_only=True)
class Site:
    """A host's service, and what its HTTPS listener needs."""

    service: Service
    context: ssl.SSLContext
    end_point: bytes
    """tls-server-end-point of its certificate."""
    home: Path
    talk: type[Connection] = Connection
    """What serves a connection: a test may spoil its answers."""

    @classmethod
    def of(cls, service: Service, home: Path, talk: type[Connection] = Connection) -> Self:
        """Return the site of a service whose certificate is in `home`. Raises OSError where it is not."""
        name = service.host.name
        context, end_point = certificates.server_context(home, name), certificates.end_point(home, name)
        return cls(service=service, context=context, end_point=end_point, home=home, talk=talk)

    @cached_property
    def changed(self) -> Site:
        """The same host with a certificate of another authority, made when it is first asked for. Raises OSError."""
        home, host = self.home / _ANOTHER, self.service.host
        with self.service.world.lock:
            certificates.ensure(home, [(host.name, host.full_name)])
        return Site.of(self.service, home, self.talk)

    def now(self) -> Site:
        """Return what the listener shows now: a fault of the lab changes its certificate. Raises OSError."""
        return self.changed if self.service.shows_another_certificate() else self


class Servers:
    """An HTTPS and an HTTP listener on loopback for each host."""

    def __init__(self, sites: Iterable[Site]) -> None:
        """Nothing listens before `start`."""
        self._sites = list(sites)
        self._listeners: list[socket.socket] = []
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._acceptor = threading.Thread(target=self._accept_all, name="accept", daemon=True)

    def start(self) -> None:
        """Listen at every host's ports; port 0 becomes a free one.

        Raises OSError where one is taken; then none listens.
        """
        try:
            for site in self._sites:
                host = site.service.host
                host.port = self._listen(host.port, site, secure=True)
                host.http_port = self._listen(host.http_port, site, secure=False)
            for listener in self._listeners:
                listener.listen(_BACKLOG)
        except OSError:
            self._close_listeners()
            raise
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._acceptor.start()

    def _listen(self, port: int, site: Site, *, secure: bool) -> int:
        listener = _bound(port)
        self._listeners.append(listener)
        self._selector.register(listener, selectors.EVENT_READ, (site, secure))
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Close every connection, running requests included, and let the threads end; a second time does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for site in self._sites:
            site.service.stopping.set()
        self._wake.send(b"x")
        if self._acceptor.is_alive():
            self._acceptor.join(_PATIENCE)
        self._close_listeners()
        with self._lock:
            connections, threads = list(self._open), list(self._threads)
        for connection in connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(
                    connection, socket.SHUT_RDWR
                )  # TLS's own would take it from its thread
        for thread in threads:
            thread.join(_PATIENCE)
        for site in self._sites:
            site.service.report()

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how often each operation was asked, by host."""
        return {site.service.host.name: dict(site.service.counts) for site in self._sites}

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

    def _accept(self, listener: socket.socket, site: Site, secure: bool) -> None:
        """Take a connection; a host that a fault of the lab has down closes it before a word is said."""
        try:
            connection, address = listener.accept()
        except OSError:  # the client has gone again
            return
        if site.service.is_down():
            connection.close()
            return
        thread = threading.Thread(
            target=self._serve, args=(connection, address, site, secure), name="wsman", daemon=True
        )
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _serve(self, connection: socket.socket, address: object, site: Site, secure: bool) -> None:
        """Shake hands, where it is HTTPS, and serve one connection to its end."""
        connection.settimeout(_HANDSHAKE_SECONDS)
        if secure:
            site = site.now()
            connection = site.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(connection)
        try:
            if site.service.is_silent():
                spoiling.hold(connection, site.service, while_silent=True)
            elif not self._stopping.is_set():
                self._converse(connection, address, site)
        except OSError:  # TLS refused, or the client has gone; ssl.SSLError is an OSError too
            pass
        finally:
            connection.close()
            with self._lock:
                self._open.discard(connection)
                self._threads.discard(threading.current_thread())

    def _converse(self, connection: socket.socket, address: object, site: Site) -> None:
        if not isinstance(connection, ssl.SSLSocket):
            site.talk(connection, address, site.service)
            return
        connection.do_handshake()
        site.talk(
            connection, address, site.service, end_point=site.end_point, peer=certificates.Peer.of(connection)
        )


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        # Elsewhere than on POSIX this option lets two listen on one port. With it a system may choose a port for 0 that
        # another socket has bound with it and does not listen on yet (socket(7), SO_REUSEADDR).
        if port and os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener

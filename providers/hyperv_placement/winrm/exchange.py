"""HTTP with a host within bounds: every byte of an answer is counted, and a connection is cut when its time is over."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool

from .deadlines import Deadlines

_DEADLINES = Deadlines()
_PIECE = 65536
_PLAIN = frozenset({"", "identity"})


class AnswerTooLargeError(OSError):
    """A host has sent more bytes than one answer may have."""


class CompressedAnswerError(OSError):
    """A host has compressed an answer although the request did not allow that."""


class Exchange:
    """What goes on between one request and the end of its answer, on the one connection of an adapter."""

    def __init__(self, most: int) -> None:
        """`most`: bytes that an answer may have, with its heads and its framing."""
        self.most = most
        self.certificate: bytes | None = None
        """The host's own in DER form, where the connection is TLS."""
        self._connection: HTTPConnection | None = None
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()
        self._left = 0
        self._turn: object = None
        """The answer that is waited for."""
        self._late = False

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Count from here, and cut the connection after `seconds`. Raises requests.ReadTimeout where it had to be cut."""
        turn = object()
        with self._lock:
            self._turn, self._left, self._late = turn, self.most, False
        if self._connection is not None and self._connection.sock is not None:
            self._hold(self._connection.sock)
        try:
            with _DEADLINES.call(seconds, partial(self._cut, turn)):
                yield
        except OSError as error:
            if self._late:
                raise requests.ReadTimeout(f"no whole answer within {seconds:g} s") from error
            raise
        finally:
            with self._lock:
                # A cut that comes now is too late, and must not meet the handle of the next answer.
                self._turn = None
                handle, self._handle = self._handle, None
            if handle is not None:
                handle.close()
        if self._late:  # an answer without a length ends where its connection does
            raise requests.ReadTimeout(f"no whole answer within {seconds:g} s")

    def began(self, connection: HTTPConnection, plain: socket.socket) -> None:
        """Take up a connection that exists from now on, before any handshake."""
        self._connection = connection
        self._hold(plain)

    def took(self, count: int) -> None:
        """Count bytes that came. Raises AnswerTooLargeError."""
        self._left -= count
        if self._left < 0:
            raise AnswerTooLargeError(f"more than {self.most} bytes")

    def _hold(self, connected: Any) -> None:
        """Keep a second handle of a socket: TLS puts others in the place of the first while it shakes hands."""
        # The family is only what Python notes: shutdown needs nothing but the descriptor.
        handle = socket.fromfd(connected.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        with self._lock:
            self._handle, before = handle, self._handle
            # The time may have been over while the connection had no handle yet.
            if self._late:
                self._end()
        if before is not None:
            before.close()

    def _cut(self, turn: object) -> None:
        """End the connection under whoever reads, writes or shakes hands: that comes back with an error, or the end."""
        with self._lock:
            if turn is self._turn:
                self._late = True
                self._end()

    def _end(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                # Not close: this is a second handle, and only shutdown ends what somebody waits for on the first.
                self._handle.shutdown(socket.SHUT_RDWR)


class _Counted(io.RawIOBase):
    """The bytes of one answer, counted: heads, framing and what follows the body have no bound of their own everywhere."""

    def __init__(self, below: io.RawIOBase, exchange: Exchange) -> None:
        self._below = below
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count: int | None = self._below.readinto(buffer)
        self._exchange.took(count or 0)
        return count

    def close(self) -> None:
        self._below.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer whose bytes are counted."""

    def __init__(self, sock: socket.socket, *args: Any, exchange: Exchange, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp: io.BufferedReader = io.BufferedReader(_Counted(self.fp.detach(), exchange))


class _Connection(HTTPConnection):
    """A connection that reports to an exchange when it exists, and which certificate it got."""

    def __init__(self, *args: Any, exchange: Exchange, **more: Any) -> None:
        super().__init__(*args, **more)
        self._exchange = exchange
        self.response_class: Any = partial(_Response, exchange=exchange)

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        self._exchange.began(self, plain)
        return plain

    def connect(self) -> None:
        self._exchange.certificate = None
        super().connect()
        if isinstance(self.sock, ssl.SSLSocket):
            self._exchange.certificate = self.sock.getpeercert(binary_form=True)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class BoundedAdapter(HTTPAdapter):
    """One connection to one host, whose answers come whole, within bounds, or not at all."""

    def __init__(self, exchange: Exchange, trust: ssl.SSLContext | None = None) -> None:
        """Verify certificates by `trust` alone, whatever bundles and variables requests would look at."""
        self._exchange = exchange
        self._trust = trust
        self._pool: ConnectionPool | None = None
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool with our context and our connections."""
        kwargs |= self._context()
        super().init_poolmanager(*args, **kwargs)
        self._adopt(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make the pool behind a proxy with them, too."""
        manager = super().proxy_manager_for(proxy, **kwargs, **self._context())
        self._adopt(manager)
        return manager

    def _context(self) -> dict[str, Any]:
        return {} if self._trust is None else {"ssl_context": self._trust}

    def _adopt(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            "http": partial(_pool, HTTPConnectionPool, partial(_Connection, exchange=self._exchange)),
            "https": partial(_pool, HTTPSConnectionPool, partial(_SecureConnection, exchange=self._exchange)),
        }

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ConnectionPool:
        """Look the pool up once: address, proxy and context are the same for each request."""
        pool = self._pool
        if pool is None:
            pool = self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return pool

    def close(self) -> None:
        """Close the connection; a request after that makes a new one."""
        self._pool = None
        super().close()

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        """Leave everything to the context."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Return an answer that has been read to its end.

        `timeout`: seconds for a connection, and for all from here on. Raises requests.ReadTimeout, and others of requests
        that have AnswerTooLargeError or CompressedAnswerError among their causes.
        """
        # Else requests would read the body by itself, to whatever length.
        kwargs["stream"] = True
        connect, whole = kwargs["timeout"]
        kwargs["timeout"] = (min(connect, whole), whole)
        with self._exchange.within(whole):
            response = super().send(request, *args, **kwargs)
            raw = response.raw
            try:
                response.raw = io.BytesIO(_body(raw, self._exchange.most))
            except urllib3.exceptions.HTTPError as error:
                raise requests.ConnectionError(error) from error
            finally:
                raw.close()  # where it was read to its end, its connection has been given back already
        return response


def _pool(kind: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
    """Return a pool of connections that are made by `connection`."""
    pool = kind(*args, **kwargs)
    pool.ConnectionCls = connection
    return pool


def _body(raw: Any, most: int) -> bytes:
    """Read to the end what is neither compressed nor too long."""
    encoding = raw.headers.get("Content-Encoding", "").strip().casefold()
    if encoding not in _PLAIN:
        raise CompressedAnswerError("compressed, which nobody asked for")
    if (raw.length_remaining or 0) > most:
        raise AnswerTooLargeError(f"more than {most} bytes")
    return b"".join(iter(lambda: raw.read(_PIECE, decode_content=False), b""))

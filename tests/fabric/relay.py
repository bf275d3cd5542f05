"""A TCP relay before a host: it keeps every byte, and cuts connections when told."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Relay:
    """Passes bytes on between clients and one port of this machine."""

    def __init__(self, port: int, scheme: str, host: str = "127.0.0.1") -> None:
        """Listen; nothing is passed on before `with`."""
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/wsman"
        self.sent, self.answered = bytearray(), bytearray()
        """What clients and the host have said, in the order it came."""
        self.instead_of_answer = b""
        """What clients get for the host's next words."""
        self.cut_before_answer = 0
        """How many more answers are swallowed, their connections cut."""
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        """Pass on."""
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """Cut everything and end."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def cut(self) -> None:
        """Cut every connection."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                host = socket.create_connection(self._to)
                self._open += [client, host]
                for one, other, kept in ((client, host, self.sent), (host, client, self.answered)):
                    thread = threading.Thread(target=self._pass, args=(one, other, kept))
                    self._threads.append(thread)
                    thread.start()

    def _pass(self, one: socket.socket, other: socket.socket, kept: bytearray) -> None:
        with contextlib.suppress(OSError):
            while content := one.recv(1 << 16):
                if kept is self.answered and self.cut_before_answer:
                    self.cut_before_answer -= 1
                    break
                if kept is self.answered and self.instead_of_answer:
                    content, self.instead_of_answer = self.instead_of_answer, b""
                kept += content
                other.sendall(content)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

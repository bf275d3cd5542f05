"""A TCP relay before a host: it keeps every byte on request, and does to connections what bad networks do."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

_PIECE = 1 << 16


class Relay:
    """Passes bytes on between clients and one port of this machine."""

    def __init__(self, port: int, scheme: str, host: str = "127.0.0.1") -> None:
        """Listen; nothing is passed on before `with`."""
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/wsman"
        self.sent, self.answered = bytearray(), bytearray()
        """What clients and the host have said, in the order it came."""
        self.keeps = True
        self.instead_of_answer = b""
        """What clients get for the host's next words."""
        self.cut_before_answer = 0
        """How many more answers are swallowed, their connections cut."""
        self.mode = ""
        """What happens to answers now: "", `cut`, `delay`, `truncate`, `garble`, `double` or `half-open`."""
        self.normal = threading.Event()
        """Set while the mode is ""; what is held back goes on then."""
        self.normal.set()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        """Pass on."""
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """Cut everything and end."""
        self.disturb("")
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def disturb(self, mode: str) -> None:
        """Do this to answers from now on; "" ends it."""
        self.mode = mode
        if mode:
            self.normal.clear()
        else:
            self.normal.set()
        if mode == "cut":
            self.cut()

    def cut(self) -> None:
        """Cut every connection."""
        for one in list(self._open):
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
            while content := one.recv(_PIECE):
                if kept is self.answered and self.cut_before_answer:
                    self.cut_before_answer -= 1
                    break
                if kept is self.answered and self.instead_of_answer:
                    content, self.instead_of_answer = self.instead_of_answer, b""
                if kept is self.answered and self.mode:
                    arrived = self._disturbed(content)
                    if arrived is None:
                        break
                    content = arrived
                if self.keeps:
                    kept += content
                other.sendall(content)
                if kept is self.answered and self.mode == "truncate":
                    break
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _disturbed(self, content: bytes) -> bytes | None:
        """Return what of an answer arrives; None where its connection is cut."""
        match mode := self.mode:
            case "cut":
                return None
            case "truncate":
                return content[: len(content) // 2]
            case "garble":
                return bytes(byte ^ 0x55 if place % 101 == 50 else byte for place, byte in enumerate(content))  # noqa: PLR2004 - some bytes of each hundred
            case "double":
                return content + content
            case _:  # delay, half-open: nothing comes until it is over
                self.normal.wait()
                return None if mode == "half-open" else content

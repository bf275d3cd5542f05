"""Lines for a syslog server: as RFC 5424 wants them, over each way, and no run waits for one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperv_placement.audit.syslog import Server, Syslog, message, server_in
from hyperv_placement.errors import PlacementError

LINE = b'{"prev": "", "event": "start"}'
TIME = "2026-11-29T00:00:00+00:00"
HANGS = 60
"""Seconds after which a thread that still works is one that hangs."""


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("udp://log.example", Server(kind="udp", host="log.example", port=514)),
        ("tcp://[::1]:1514", Server(kind="tcp", host="::1", port=1514)),
        ("unix:///dev/log", Server(kind="unix", path="/dev/log")),
    ],
)
def test_an_address_is_read(text: str, server: Server) -> None:
    """With the ports that are registered."""
    assert server_in(text) == server


@pytest.mark.parametrize(
    "text",
    ["log.example", "udp://", "udp://h:99999", "udp://h:x", "tcp://h/path", "tcp://u:secret@h", "unix://dev/log", "unix:log", "http://h", "udp://[::1", "file:///etc/x"],
)  # fmt: skip
def test_what_is_no_address_is_said(text: str) -> None:
    """In one line."""
    with pytest.raises(PlacementError, match="is not the address of a syslog server"):
        server_in(text)


def test_a_message_is_one_of_rfc_5424() -> None:
    """Priority, version, time, host, application, process, kind, no structured data, and the line."""
    head, _, rest = message(LINE, "answer lost", TIME).partition(b" - ")
    priority, time_, _, name, process, event = head.decode("ascii").split(" ")
    assert (priority, time_, name, event) == ("<109>1", TIME, "hyperv-placement", "answer_lost")
    assert process.isdigit()
    assert rest == LINE


def over_udp(folder: Path) -> tuple[Server, Callable[[], bytes]]:  # noqa: ARG001 - as the others are called
    """Listen; return where, and what reads one message."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    return Server(kind="udp", host="127.0.0.1", port=listener.getsockname()[1]), lambda: listener.recv(65536)


def over_tcp(folder: Path) -> tuple[Server, Callable[[], bytes]]:  # noqa: ARG001 - as the others are called
    """Listen; return where, and what reads one message without the length before it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def read() -> bytes:
        channel, _ = listener.accept()
        with channel, channel.makefile("rb") as file:
            size, _, rest = file.read().partition(b" ")
        assert int(size) == len(rest)
        return rest

    return Server(kind="tcp", host="127.0.0.1", port=listener.getsockname()[1]), read


def over_a_socket(folder: Path) -> tuple[Server, Callable[[], bytes]]:
    """Listen; return where, and what reads one message."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = folder / "log"
    listener.bind(str(path))
    return Server(kind="unix", path=str(path)), lambda: listener.recv(65536)


@pytest.mark.parametrize("listen", [over_udp, over_tcp, over_a_socket])
def test_a_line_comes_as_it_was_written(
    tmp_path: Path, listen: Callable[[Path], tuple[Server, Callable[[], bytes]]]
) -> None:
    """Each way."""
    server, read = listen(tmp_path)
    syslog = Syslog(server)
    syslog.send(LINE, "start", TIME)
    assert read().endswith(LINE)
    syslog.close()
    assert syslog.trouble() is None


def test_no_run_waits_for_a_server_and_its_failure_is_said_once(tmp_path: Path) -> None:
    """Nobody listens, or nobody takes what comes."""
    gone = Syslog(Server(kind="unix", path=str(tmp_path / "nobody")))
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        slow = Syslog(Server(kind="tcp", host="127.0.0.1", port=deaf.getsockname()[1]))

        def send() -> None:
            for syslog in (gone, slow):
                for _ in range(2_000):
                    syslog.send(LINE * 20, "start", TIME)

        sending = threading.Thread(target=send, daemon=True)
        sending.start()
        # A thousand lines stand in the queue; to wait for one of them to be sent is to wait for seconds each time.
        sending.join(HANGS)
        assert not sending.is_alive()
        slow.close()
        gone.close()
    reported = [text for _ in range(3) if (text := gone.trouble()) is not None]
    assert len(reported) == 1
    assert "does not reach the syslog server" in reported[0]
    assert "its file has every line" in reported[0]

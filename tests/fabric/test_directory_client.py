"""Our client of the directory against servers that are silent, talk nonsense, or hang up."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.directory import messages
from hyperv_placement.directory.channel import Channel, ClosedError
from hyperv_placement.directory.client import DirectoryClient
from hyperv_placement.errors import (
    CredentialsError,
    DirectoryLoginError,
    DirectoryUnreachableError,
    PlacementError,
)
from hyperv_placement.model.directory import DirectorySpec
from tests import clocks
from tests.ldap_messages import ended, found

from .conftest import FastClock


class SteppingClock(FastClock):
    """A clock that a second passes on whenever somebody looks at it."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._seconds = 0.0

    def now(self) -> float:
        """Return one more."""
        self._seconds += 1
        return self._seconds


@contextmanager
def server(*pieces: bytes, stay: bool = True) -> Iterator[tuple[str, list[bytes]]]:
    """Listen; say `pieces` to whoever comes, keep what they say, and hang up unless told to `stay`."""
    listener = socket.create_server(("127.0.0.1", 0))
    over, heard = threading.Event(), list[bytes]()

    def talk() -> None:
        one, _ = listener.accept()
        with one:
            for piece in pieces:
                one.sendall(piece)
            one.settimeout(0.5)
            try:
                heard.append(one.recv(65536))
            except TimeoutError:
                heard.append(b"")
            if stay:
                over.wait(30)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield f"ldap://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        over.set()
        thread.join(10)
        listener.close()


def test_a_silent_server_is_waited_for_so_long() -> None:
    """An answer that never comes is an error in words; what the directory holds is unknown then."""
    with server() as (url, _):
        channel = Channel(url, None, FastClock())
        with pytest.raises(DirectoryUnreachableError, match="gave no answer within 15 s"):
            channel.receive()
        channel.close()


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n", b"\x30\x80", b"\x30\x85\x01\x01\x01\x01\x01", b"\x16\x03\x01"],
)
def test_nonsense_is_noticed_at_its_first_bytes(said: bytes) -> None:
    """Another protocol, and lengths that LDAP does not know, end the connection."""
    with server(said) as (url, _):
        channel = Channel(url, None, FastClock())
        with pytest.raises(ClosedError, match="not an LDAP message"):
            channel.receive()
        channel.close()


def test_an_answer_has_a_largest_size() -> None:
    """A server that announces gigabytes is not waited for, nor is memory taken for it."""
    with server(b"\x30\x84\x7f\xff\xff\xff") as (url, _):
        channel = Channel(url, None, FastClock())
        with pytest.raises(DirectoryUnreachableError, match="more than 4 MiB"):
            channel.receive()
        channel.close()


def test_a_sealed_answer_has_a_largest_size() -> None:
    """The length before a sealed buffer is not believed either."""
    with server(b"\x7f\xff\xff\xff") as (url, _):
        channel = Channel(url, None, FastClock())
        channel.seal(bytes, bytes)
        with pytest.raises(DirectoryUnreachableError, match="more than 4 MiB"):
            channel.receive()
        channel.close()


def test_a_message_may_come_in_pieces() -> None:
    """One at a time is handed out, however the bytes fall apart."""
    one, two = b"\x30\x03\x02\x01\x05", b"\x30\x81\x03\x02\x01\x06"
    with server(one[:1], one[1:] + two[:2], two[2:], stay=False) as (url, _):
        channel = Channel(url, None, FastClock())
        assert [channel.receive(), channel.receive()] == [one, two]
        with pytest.raises(ClosedError):
            channel.receive()
        channel.close()


def test_no_password_goes_to_a_server_without_tls(tmp_path: Path) -> None:
    """Even where a stack of values says so, which the loader would have refused."""
    file = tmp_path / "d.yaml"
    file.touch(0o600)
    file.write_text("username: somebody\npassword: hunter2\n", encoding="utf-8")
    with server() as (url, heard):
        client = DirectoryClient(
            DirectorySpec(server=url, auth="simple", credentials=file), clock=FastClock()
        )
        with pytest.raises(DirectoryLoginError, match="No password is sent"):
            client.computers(["hv1.corp.example"])
        client.close()
    assert heard == [b""]


def test_an_empty_password_is_no_login(tmp_path: Path) -> None:
    """A directory would take it for an anonymous one (RFC 4513 5.1.2)."""
    file = tmp_path / "d.yaml"
    file.touch(0o600)
    file.write_text("username: somebody\npassword: ''\n", encoding="utf-8")
    with server() as (url, heard):
        client = DirectoryClient(
            DirectorySpec(server=url, auth="simple", credentials=file), clock=FastClock()
        )
        with pytest.raises((DirectoryLoginError, CredentialsError)):
            client.computers(["hv1.corp.example"])
        client.close()
    assert heard == [b""]


def test_a_dead_directory_is_told_to_all_and_asked_again(tmp_path: Path) -> None:
    """Thirty threads that ask at once hear of it, and the next question dials anew: it may be back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ldap://127.0.0.1:{listener.getsockname()[1]}"
    client = DirectoryClient(DirectorySpec(server=url, ca=tmp_path), clock=FastClock())
    reported: list[PlacementError] = []

    def ask() -> None:
        with pytest.raises(DirectoryUnreachableError, match="does not answer") as caught:
            client.computers(["hv1.corp.example"])
        reported.append(caught.value)

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(reported) == 30
    ask()
    assert reported[-1] is not reported[0]


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """Listen; say to each request of whoever comes the next of `answers`, the last one for ever."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with suppress(OSError):
            one, _ = listener.accept()
            with one:
                for answer in itertools.chain(answers, itertools.repeat(answers[-1])):
                    if answer is not answers[-1] and not one.recv(65536):
                        return
                    one.sendall(answer)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield f"ldap://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        thread.join(10)


def described(number: int, *, values: int = 1, size: int = 8) -> bytes:
    """Return an object with so many values of so many bytes."""
    return found(number, "CN=HV1", {"description": (b"x" * size,) * values})


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (described(1, size=1 << 20), "more than 8 MiB"),
        (described(1, values=5000, size=0), "more than 8 MiB, or 200000 values"),
        (described(7), "more than 8 MiB, or 200000 values"),
    ],
    ids=["large objects", "many values", "answers to somebody else"],
)
def test_an_answer_that_does_not_end_has_an_end(said: bytes, error: str) -> None:
    """However each message is within its bounds."""
    client = DirectoryClient(DirectorySpec(server="ldap://x", auth="kerberos"), clock=SystemClock())
    with answering(said) as url:
        # Bounds end it, not the 15 s of an answer: on a busy machine these could come first.
        client._channel = Channel(url, None, clocks.FastClock())
        with pytest.raises(DirectoryUnreachableError, match=error):
            client._search([], ())
        client.close()


def test_pages_that_do_not_end_have_an_end() -> None:
    """A cookie in each answer, and nothing else."""
    answers = [ended(number, cookie=b"x") for number in range(1, 250)]
    client = DirectoryClient(DirectorySpec(server="ldap://x", auth="kerberos"), clock=SystemClock())
    with answering(*answers) as url:
        client._channel = Channel(url, None, SystemClock())
        with pytest.raises(DirectoryUnreachableError, match="within 200 pages and 60 s"):
            client._search([], ())
        client.close()


def test_drips_of_an_answer_do_not_make_it_longer() -> None:
    """The time is that of the whole answer, whatever comes of other numbers meanwhile."""
    clock = SteppingClock()
    with answering(described(7)) as url:
        channel = Channel(url, None, clock)
        channel.send(b"")
        with pytest.raises(DirectoryUnreachableError, match="gave no answer within 15 s"):
            list(iter(channel.receive, b""))
        channel.close()


def test_a_message_of_many_elements_is_not_made() -> None:
    """Each would take half a kilobyte: 2 MiB of them are a gigabyte."""
    with pytest.raises(messages.UnreadableError, match="more than 20000 elements"):
        messages.decoded(b"\x30\x84\x00\x20\x00\x00" + b"\x04\x00" * (1 << 20))

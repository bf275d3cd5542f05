"""Who is not served gets no further than the gate, whatever he calls and however much he sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from hyperv_placement.plugin.gate import Gate

SERVICE = "pulumirpc.ResourceProvider"
WIDE: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]


class Four:
    """A service with a call of each kind that gRPC knows, which counts what it has read."""

    def __init__(self) -> None:
        """Nothing was read."""
        self.read: list[int] = []

    def request(self, data: bytes) -> bytes:
        """Note the size of a request."""
        self.read.append(len(data))
        return data

    def handlers(self) -> Any:
        """Return the four calls; each answers with what it got."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "One": grpc.unary_unary_rpc_method_handler(lambda one, _: one, self.request),
                "Many": grpc.unary_stream_rpc_method_handler(lambda one, _: iter([one, one]), self.request),
                "Gathers": grpc.stream_unary_rpc_method_handler(lambda all_, _: b"".join(all_), self.request),
                "Talks": grpc.stream_stream_rpc_method_handler(lambda all_, _: all_, self.request),
            },
        )


@contextmanager
def served(refusal: Callable[[str], str | None]) -> Iterator[tuple[Four, Any, list[str]]]:
    """Serve the four calls behind a gate."""
    four, reported = Four(), list[str]()
    server = grpc.server(ThreadPoolExecutor(4), interceptors=[Gate(refusal, reported.append)], options=WIDE)
    server.add_generic_rpc_handlers((four.handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=WIDE) as channel:
        yield four, channel, reported
    server.stop(0).wait()


def called(channel: Any, name: str, *requests: bytes) -> list[bytes]:
    """Call as a client that sends a stream and gets one: on the wire all are that."""
    return list(channel.stream_stream(f"/{SERVICE}/{name}")(iter(requests), timeout=30))


def test_who_is_served_notices_nothing_of_the_gate() -> None:
    """Each kind of call answers as without it."""
    with served(lambda _: None) as (_, channel, reported):
        assert channel.unary_unary(f"/{SERVICE}/One")(b"a") == b"a"
        assert list(channel.unary_stream(f"/{SERVICE}/Many")(b"a")) == [b"a", b"a"]
        assert channel.stream_unary(f"/{SERVICE}/Gathers")(iter([b"a", b"b"])) == b"ab"
        assert list(channel.stream_stream(f"/{SERVICE}/Talks")(iter([b"a", b"b"]))) == [b"a", b"b"]
        with pytest.raises(grpc.RpcError) as caught:
            called(channel, "Undreamt")
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert reported == []


@pytest.mark.parametrize("name", ["One", "Many", "Gathers", "Talks", "Undreamt"])
def test_who_is_not_served_is_refused_before_he_is_read(name: str) -> None:
    """Forty megabytes are not taken in, and not decoded."""
    with served(lambda peer: f"{peer} is a stranger") as (four, channel, reported):
        with pytest.raises(grpc.RpcError) as caught:
            called(channel, name, bytes(40 << 20))
        assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
        assert "is a stranger" in (caught.value.details() or "")
        assert four.read == []
        assert len(reported) == 1


def test_a_call_that_cannot_be_judged_is_not_served() -> None:
    """A bug of the judge opens nothing."""

    def fails(_: str) -> str | None:
        raise RuntimeError("oops")

    with served(fails) as (four, channel, _):
        with pytest.raises(grpc.RpcError) as caught:
            called(channel, "One", b"a")
        assert caught.value.code() == grpc.StatusCode.UNKNOWN
        assert four.read == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Create", "Create: no"), ("::error::x", "an unknown call: no"), ("x" * 41, "an unknown call: no")],
)
def test_the_name_of_a_call_is_printed_where_it_is_one(name: str, shown: str) -> None:
    """Who calls has chosen it."""
    with served(lambda _: "no") as (_, channel, reported):
        with pytest.raises(grpc.RpcError):
            called(channel, name)
        assert reported == [shown]

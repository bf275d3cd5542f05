"""Whose a connection is, by real sockets of real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from hyperv_placement.plugin.engine import Address, Engine, HiddenConnections, address, engine_above
from hyperv_placement.plugin.peers import Peers, user_of
from tests.unit.tools.fakes import posix_only

pytestmark = posix_only
NOBODY = 65534
as_root = pytest.mark.skipif(
    os.name == "posix" and os.geteuid() != 0, reason="to become another user takes root"
)

DIALS = """
import os, socket, sys
family, user, near, far = (int(word) for word in sys.argv[1:])
if user >= 0:
    os.setgroups([]); os.setgid(user); os.setuid(user)
with socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET) as dialled:
    host = "::ffff:127.0.0.1" if family == 6 else "127.0.0.1"
    dialled.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if near:
        dialled.bind((host, near))
    dialled.connect((host, far))
    print(dialled.getsockname()[1], flush=True)
    sys.stdin.read()
"""
LOOKS_UP = """
import sys
from hyperv_placement.plugin.engine import address, engine_above
print(engine_above(address(sys.argv[1])))
"""


@pytest.fixture
def ours() -> Iterator[socket.socket]:
    """A port that listens, as the plugin's does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server: socket.socket) -> int:
    """Return where it listens, or where it dials from."""
    return int(server.getsockname()[1])


def at(port: int) -> Address:
    """Return a port of this computer."""
    return Address(host="127.0.0.1", port=port)


@contextmanager
def dialled(server: socket.socket, *, family: int = 4, user: int = -1, near: int = 0) -> Iterator[int]:
    """Have another process dial a port, and yield the port it dials from."""
    words = [str(each) for each in (family, user, near, port_of(server))]
    with subprocess.Popen(
        [sys.executable, "-c", DIALS, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate("")


def judge(server: socket.socket, engine: Engine | None = None) -> Peers:
    """Return the judge of a plugin at a port; its engine is this very process unless another is given."""
    peers = Peers(lambda: engine or Engine(psutil.Process()), user_of)
    peers.serve_at(port_of(server))
    return peers


def not_checked(server: socket.socket, user: str | None) -> Peers:
    """Return the judge of a plugin where the system tells nothing of the engine, and `user` of a peer."""

    def find() -> Engine | None:
        raise HiddenConnections

    peers = Peers(find, lambda _near, _far: user)
    peers.serve_at(port_of(server))
    return peers


def refused(peers: Peers, port: int) -> str:
    """Return why a connection from a port is refused; nothing where it is served."""
    return peers.refusal(f"ipv4:127.0.0.1:{port}") or ""


def test_the_engines_connections_are_served(ours: socket.socket) -> None:
    """Each of them, any number of times."""
    with ExitStack() as stack:
        near = [stack.enter_context(socket.create_connection(ours.getsockname())) for _ in range(3)]
        peers = judge(ours)
        assert [refused(peers, port_of(each)) for each in near * 2] == [""] * 6


def test_another_process_of_the_same_user_is_not(ours: socket.socket) -> None:
    """It is not enough to be the operator: his browser's pages, his editor's extensions are so too."""
    with dialled(ours) as port:
        assert "not by the engine that started this plugin" in refused(judge(ours), port)


@as_root
@pytest.mark.parametrize("family", [4, 6])
def test_another_user_is_not_and_is_named(ours: socket.socket, family: int) -> None:
    """By an address of IPv6 for one of IPv4, too."""
    with dialled(ours, family=family, user=NOBODY) as port:
        assert f"is held by a process of user {NOBODY}," in refused(judge(ours), port)


def test_a_port_that_the_engine_had_is_not_the_engines(ours: socket.socket) -> None:
    """Another process gets the same port after it: nothing is remembered of it."""
    peers = judge(ours)
    with socket.create_connection(ours.getsockname()) as mine:
        port = port_of(mine)
        assert refused(peers, port) == ""
        # Closed by an RST: so the port is free at once.
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    with dialled(ours, near=port) as again:
        assert again == port
        assert "not by the engine" in refused(peers, port)


def test_the_engines_port_to_somebody_else_is_not_a_connection_to_us(ours: socket.socket) -> None:
    """One port may have connections to several ends, each of another process."""
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as mine:
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mine.bind(("127.0.0.1", 0))
        mine.connect(other.getsockname())
        with dialled(ours, near=port_of(mine)) as port:
            assert port == port_of(mine)
            assert "not by the engine" in refused(judge(ours), port)


def test_nobody_is_served_for_an_engine_that_is_gone(ours: socket.socket) -> None:
    """Its number may be another process' by now."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        engine = Engine(psutil.Process(process.pid))
        assert engine.runs()
        process.communicate(b"\n")
    assert not engine.runs()
    with socket.create_connection(ours.getsockname()) as mine:
        assert refused(judge(ours, engine), port_of(mine))


def test_nobody_is_served_where_there_is_no_engine(ours: socket.socket) -> None:
    """As for a plugin that was started by hand."""
    peers = Peers(lambda: None, user_of)
    peers.serve_at(port_of(ours))
    assert not peers.has_engine
    with socket.create_connection(ours.getsockname()) as mine:
        assert refused(peers, port_of(mine))


def test_where_the_system_does_not_tell_the_same_user_is_served(ours: socket.socket) -> None:
    """And nobody else; where not even that is told, nobody."""
    with socket.create_connection(ours.getsockname()) as mine:
        port = port_of(mine)
        own = user_of(at(port), at(port_of(ours)))
        assert own is not None
        assert refused(not_checked(ours, own), port) == ""
        assert f"is held by user {NOBODY}, not by {own}" in refused(not_checked(ours, f"user {NOBODY}"), port)
        assert "a user that this system hides" in refused(not_checked(ours, None), port)


@pytest.mark.parametrize(
    "peer",
    ["", "ipv6:[::1]:80", "unix:/tmp/x", "unix:", "ipv4:127.0.0.1", "ipv4:127.0.0.1:x", "ipv4:127.0.0.1:٣"],
)
def test_what_is_no_connection_over_loopback_is_refused(ours: socket.socket, peer: str) -> None:
    """Whatever gRPC may call a peer."""
    assert judge(ours).refusal(peer)


def test_nobody_is_served_before_the_port_is_known() -> None:
    """No order of starting lets anybody in."""
    assert Peers(lambda: Engine(psutil.Process()), user_of).refusal("ipv4:127.0.0.1:80")


def test_the_engine_is_the_process_above_that_listens_at_its_address(ours: socket.socket) -> None:
    """Whatever it is called, with a shell in between as well; of others nobody is taken for it."""
    listens = f"127.0.0.1:{port_of(ours)}"
    for command in (
        [sys.executable, "-c", LOOKS_UP, listens],
        ["/bin/sh", "-c", 'true; "$@"; true', "sh", sys.executable, "-c", LOOKS_UP, listens],
    ):
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert found == f"process {os.getpid()}\n"
    with subprocess.Popen(
        [sys.executable, "-c", "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as beside:  # fmt: skip
        assert beside.stdout is not None
        elsewhere = address(f"127.0.0.1:{int(beside.stdout.readline())}")
        assert engine_above(elsewhere) is None
        beside.communicate("\n")


@pytest.mark.parametrize("text", ["", "x", "127.0.0.1:", ":80", "127.0.0.1:٣", "127.0.0.1:-1"])
def test_what_is_no_address_is_none(text: str) -> None:
    """An engine gives its own as HOST:PORT."""
    with pytest.raises(ValueError, match="is not an address"):
        address(text)

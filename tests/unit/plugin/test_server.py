"""Pulumi's provider protocol, spoken to our server over a real channel."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime import proto
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from hyperv_placement.errors import NoRoomError, PlacementError
from hyperv_placement.migration.interruption import Interruption
from hyperv_placement.model.on_cancel import OnCancel
from hyperv_placement.plugin.calls import Calls
from hyperv_placement.plugin.engine_log import EngineLog, Throttle
from hyperv_placement.plugin.server import Server, to_struct, to_values
from hyperv_placement.resources.call import HalfDoneError, current
from hyperv_placement.visible import hidden
from tests.clocks import FastClock

TYPE = "pulumi-python:hv:Vm"
URN = f"urn:pulumi:lab::hyperv-placement::{TYPE}::VM001"


ORDERS = re.compile(r"^\s*::|##\[", re.MULTILINE)
"""What the runner of GitHub takes for an order."""
asked, answered = threading.Event(), threading.Event()
"""A host that was asked, and that has answered."""


class Echo(ResourceProvider):
    """Answers with what it was asked, and fails on demand."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept."""
        return CheckResult(news, [CheckFailure("host", news["wrong"])] if "wrong" in news else [])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare every property."""
        result = DiffResult(changes=olds != news)
        result.detailed = {name: 4 for name in news if olds.get(name) != news[name]}  # type: ignore[attr-defined]
        return result

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Adopt, or adopt and fail."""
        call = current.get()
        call.say("info", props.get("say", f"{call.stack}/{call.label}"))
        if props["host"] == "half":
            raise HalfDoneError("ID", {"host": "hv1"}, "no room")
        return CreateResult("ID", props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what is known; nothing for a machine that is gone."""
        return (
            ReadResult("", {})
            if id_ == "GONE"
            else ReadResult(id_, props or {"host": "hv9"}, {"host": "hv9"})
        )

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Fail in our way, fail as a bug does, wait for a silent host or for Cancel, or obey."""
        match news["host"]:
            case "full":
                raise NoRoomError("VM001 cannot start:\nhv2 is full")
            case "half":
                raise HalfDoneError("ID", {"host": "hv1"}, "no room")
            case str(host) if host.startswith("error:"):
                raise PlacementError(host, remedy=host)
            case str(host) if host.startswith("half:"):
                raise HalfDoneError("ID", {"host": "hv1"}, host)
            case "bug":
                raise KeyError("oops")
            case "disk":
                raise OSError(28, "No space left on device", "audit")
            case "silent":
                asked.set()
                return UpdateResult({"host": str(answered.wait(60))})
            case "wait":
                return UpdateResult({"host": str(current.get().cancelled.wait(30))})
            case _:
                return UpdateResult(news)


class Engine(engine_pb2_grpc.EngineServicer):
    """The engine's log service."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self.lines: list[tuple[str, str, bool]] = []

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802 - named by the .proto file
        """Keep a line."""
        self.lines.append((request.urn, request.message, request.ephemeral))
        return empty_pb2.Empty()


@pytest.fixture
def engine() -> Iterator[tuple[Engine, str]]:
    """A log service on loopback, and its address."""
    said = Engine()
    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(said, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield said, f"127.0.0.1:{port}"
    server.stop(0).wait()


@pytest.fixture
def stub(engine: tuple[Engine, str]) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """A client of our server."""
    engine_log = EngineLog(engine[1], FastClock(), terminal=True)
    with client_of(Server(lambda: {TYPE: Echo()}, engine_log, Interruption(), Calls(grace=3.0))) as client:
        yield client


@contextmanager
def client_of(served: Server) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """Serve on loopback, for a client."""
    server = grpc.server(ThreadPoolExecutor(8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(served, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0).wait()


def update(host: str) -> Any:
    """Return an Update request."""
    return proto.UpdateRequest(id="ID", urn=URN, news=to_struct({"host": host}))


def test_a_diff_names_its_properties(stub: Any) -> None:
    """Kind UPDATE, the old value out of the outputs, and never a replacement."""
    answer = stub.Diff(
        proto.DiffRequest(
            id="ID", urn=URN, olds=to_struct({"host": "a", "x": 1}), news=to_struct({"host": "b", "x": 1})
        )
    )
    assert answer.changes == proto.DiffResponse.DIFF_SOME
    assert {path: (d.kind, d.inputDiff) for path, d in answer.detailedDiff.items()} == {"host": (4, False)}
    assert list(answer.replaces) == []
    assert list(answer.diffs) == ["host"]


def test_a_property_inside_of_another_is_named_by_its_top(stub: Any) -> None:
    """A key may hold dots: the engine gets the path in whole, and the name of the property beside it."""
    path = 'entries["cifs/hv1.corp.example"]'
    answer = stub.Diff(proto.DiffRequest(urn=URN, olds=to_struct({}), news=to_struct({path: "hv1"})))
    assert (list(answer.diffs), list(answer.detailedDiff)) == (["entries"], [path])


def test_equal_is_no_change(stub: Any) -> None:
    """Not "unknown", on which the engine would compare inputs itself."""
    same = to_struct({"host": "a"})
    assert stub.Diff(proto.DiffRequest(urn=URN, olds=same, news=same)).changes == proto.DiffResponse.DIFF_NONE


def test_every_answer_asks_for_a_refresh_before_the_next_update(stub: Any) -> None:
    """So that a plain preview sees drift."""
    assert stub.Create(
        proto.CreateRequest(urn=URN, properties=to_struct({"host": "a"}))
    ).refresh_before_update
    assert stub.Read(proto.ReadRequest(id="ID", urn=URN)).refresh_before_update
    assert stub.Update(update("a")).refresh_before_update


def test_an_import_reads_by_the_id_alone(stub: Any) -> None:
    """Inputs come back with the outputs; a machine that is gone has no id."""
    answer = stub.Read(proto.ReadRequest(id="ID", urn=URN))
    assert (answer.id, to_values(answer.inputs), to_values(answer.properties)) == (
        "ID",
        {"host": "hv9"},
        {"host": "hv9"},
    )
    assert stub.Read(proto.ReadRequest(id="GONE", urn=URN)).id == ""


def test_an_error_is_one_line_with_its_remedy(stub: Any) -> None:
    """No traceback, no line break."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.Update(update("full"))
    details = caught.value.details() or ""
    assert details.startswith("VM001 cannot start: hv2 is full. Free memory")
    assert "\n" not in details


def test_a_full_disk_is_no_bug(stub: Any) -> None:
    """What this computer lacks is said as that."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.Update(update("disk"))
    reported = caught.value.details() or ""
    assert reported.startswith("audit cannot be used: No space left on device. ")
    assert "bug" not in reported


def test_a_bug_says_that_it_is_one(stub: Any) -> None:
    """An operator must not look for a cause at the hosts."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.Update(update("bug"))
    assert "bug of the plugin: KeyError" in (caught.value.details() or "")


@pytest.mark.parametrize("verb", ["Create", "Update"])
def test_what_is_half_done_stays_in_state(stub: Any, verb: str) -> None:
    """The error carries id and outputs, as the engine wants them (pulumi/pulumi provider.proto)."""
    request = (
        proto.CreateRequest(urn=URN, properties=to_struct({"host": "half"}))
        if verb == "Create"
        else update("half")
    )
    with pytest.raises(grpc.RpcError) as caught:
        getattr(stub, verb)(request)
    metadata = {item.key: item.value for item in caught.value.trailing_metadata()}
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, to_values(detail.properties), list(detail.reasons)) == (
        "ID",
        {"host": "hv1"},
        ["no room"],
    )


def test_cancel_reaches_a_call_that_waits(stub: Any) -> None:
    """Cancel is answered while updates are under way."""
    waiting = stub.Update.future(update("wait"))
    stub.Cancel(empty_pb2.Empty())
    assert to_values(waiting.result(timeout=10).properties) == {"host": "True"}


def test_an_interrupted_run_does_not_wait_for_a_silent_host(stub: Any) -> None:
    """The call is left behind with a line that says what is unknown."""
    waiting = stub.Update.future(update("silent"))
    assert asked.wait(10)
    stub.Cancel(empty_pb2.Empty())
    with pytest.raises(grpc.RpcError) as caught:
        waiting.result(timeout=20)
    assert not answered.is_set()
    answered.set()
    assert "while a host did not answer" in (caught.value.details() or "")


@pytest.mark.parametrize("how", [OnCancel.WAIT, OnCancel.ABORT])
def test_a_run_that_waits_for_its_moves_leaves_no_call_behind(
    engine: tuple[Engine, str], how: OnCancel
) -> None:
    """By the stack file: nothing more starts, following goes on, and one line says so."""
    stop, release = Interruption(), threading.Event()

    class Following(ResourceProvider):
        def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
            begun.set()
            return UpdateResult(
                {"released": release.wait(20), "starts": not current.get().cancelled.is_set()}
            )

    begun = threading.Event()
    engine_log = EngineLog(engine[1], FastClock(), terminal=True)
    served = Server(lambda: {TYPE: Following()}, engine_log, stop, Calls(grace=0.0), on_cancel=lambda: how)
    server = grpc.server(ThreadPoolExecutor(4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(served, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
        waiting = stub.Update.future(update("hv2"))
        assert begun.wait(10)
        stub.Cancel(empty_pb2.Empty())
        assert (stop.following.is_set(), stop.aborting.is_set()) == (False, how == OnCancel.ABORT)
        release.set()
        assert to_values(waiting.result(timeout=10).properties) == {"released": True, "starts": False}
    server.stop(0).wait()
    assert [urn for urn, text, _ in engine[0].lines if f"on_cancel: {how}" in text] == [""]


def test_what_a_call_says_is_bound_to_its_resource(stub: Any, engine: tuple[Engine, str]) -> None:
    """The stack's name comes out of the URN."""
    stub.Create(proto.CreateRequest(urn=URN, properties=to_struct({"host": "a"})))
    assert engine[0].lines == [(URN, "lab/VM001", False)]


def test_the_schema_of_the_package_is_served(stub: Any) -> None:
    """Without it `pulumi import` ends with an error, after the state was written."""
    answer = stub.GetSchema(provider_pb2.GetSchemaRequest())
    assert TYPE in json.loads(answer.schema)["resources"]


def test_an_unknown_type_lists_those_there_are(stub: Any) -> None:
    """A typing error in `pulumi import` is answered with what would be right."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.Read(proto.ReadRequest(id="ID", urn=URN.replace("hv:Vm", "hv:Disk")))
    assert TYPE in (caught.value.details() or "")


def test_progress_is_told_when_it_is_new_and_not_too_often() -> None:
    """Each line of a log file costs attention; each resource counts for itself."""
    clock = FastClock()
    throttle = Throttle(clock, every=10)
    assert throttle.lets("a", "1 %")
    assert not throttle.lets("a", "2 %")
    assert throttle.lets("b", "1 %")
    clock.wait(10)
    assert not throttle.lets("a", "1 %")
    assert throttle.lets("a", "3 %")


def read_as(stub: Any, urn: str, **more: Any) -> tuple[grpc.StatusCode, str]:
    """Return how a Read of a resource is answered."""
    try:
        stub.Read(proto.ReadRequest(id="ID", urn=urn, **more))
    except grpc.RpcError as error:
        return error.code(), error.details() or ""
    return grpc.StatusCode.OK, ""


@pytest.mark.parametrize("other", [URN.replace(":lab:", ":prod:"), URN.replace("hyperv-placement", "other")])
def test_the_stack_of_the_first_call_is_the_runs_for_good(stub: Any, other: str) -> None:
    """A call for another one, or another project's, is refused in a line that names both."""
    assert read_as(stub, URN)[0] == grpc.StatusCode.OK
    code, reported = read_as(stub, other)
    assert code == grpc.StatusCode.PERMISSION_DENIED
    assert "and this run is one of stack lab of project hyperv-placement" in reported
    assert read_as(stub, URN)[0] == grpc.StatusCode.OK


@pytest.mark.parametrize("stack", ["x/evil", "../stacks/mine", "..", "", "/etc/passwd", "a\nb"])
@pytest.mark.parametrize("verb", ["Check", "Diff", "Create", "Read", "Update", "Delete"])
def test_a_stack_that_would_lead_elsewhere_is_refused(stub: Any, verb: str, stack: str) -> None:
    """By every verb, as the first call too, and it does not become the run's."""
    request = {
        "Check": proto.CheckRequest, "Diff": proto.DiffRequest, "Create": proto.CreateRequest,
        "Read": proto.ReadRequest, "Update": proto.UpdateRequest, "Delete": proto.DeleteRequest,
    }[verb]  # fmt: skip
    with pytest.raises(grpc.RpcError) as caught:
        getattr(stub, verb)(request(urn=URN.replace(":lab:", f":{stack}:")))
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert "\n" not in (caught.value.details() or "")
    assert read_as(stub, URN)[0] == grpc.StatusCode.OK


def test_a_call_that_names_two_types_is_refused(stub: Any) -> None:
    """Which of them is meant, nobody can say."""
    assert read_as(stub, URN, type=TYPE)[0] == grpc.StatusCode.OK
    assert read_as(stub, URN, type=TYPE.replace("hv:Vm", "hv:Host"))[0] == (grpc.StatusCode.PERMISSION_DENIED)


def test_an_engine_that_is_gone_is_told_nothing(engine: tuple[Engine, str]) -> None:
    """Whoever listens at its port by then would get to know what machines are called."""
    EngineLog(engine[1], FastClock(), terminal=True, runs=lambda: False).bound_to(URN)("info", "VM001 moves")
    assert engine[0].lines == []


def test_a_line_names_its_machine_where_the_engine_does_not(engine: tuple[Engine, str]) -> None:
    """With `--diff` lines come below whatever was shown last; one that names its machine already is left."""
    loose = EngineLog(engine[1], FastClock(), terminal=True, loose=True).bound_to(URN)
    label = URN.rpartition("::")[2]
    loose("info", "39 %, migrating", ephemeral=True)
    loose("info", f"{label} goes to hv2")
    EngineLog(engine[1], FastClock(), terminal=True, loose=True).bound_to("")("info", "of the run")
    assert [text for _, text, _ in engine[0].lines] == [
        f"{label}: 39 %, migrating",
        f"{label} goes to hv2",
        "of the run",
    ]


def test_a_destroy_is_said_to_forget_before_it_is_confirmed(engine: tuple[Engine, str]) -> None:
    """Once, at the first reading, whatever the engine's own word for it; no other run says so."""
    for destroys, expected in ((False, 0), (True, 1)):
        engine[0].lines.clear()
        engine_log = EngineLog(engine[1], FastClock(), terminal=True)
        with client_of(
            Server(lambda: {TYPE: Echo()}, engine_log, Interruption(), destroys=destroys)
        ) as client:
            for number in range(3):
                client.Read(proto.ReadRequest(id=f"{number}", urn=URN))
        said = [text for urn, text, _ in engine[0].lines if urn == "" and "only forgets" in text]
        assert len(said) == expected


def test_strangers_are_reported_once(engine: tuple[Engine, str]) -> None:
    """Of the run, bound to no machine: a thousand calls are no thousand lines."""
    engine_log = EngineLog(engine[1], FastClock(), terminal=True)
    for _ in range(3):
        engine_log.warn_of_strangers("Create: 127.0.0.1:4711 is held by a process of user 65534")
    assert [(urn, "user 65534" in text) for urn, text, _ in engine[0].lines] == [("", True)]


HOSTILE = "VM\u202e\x9b2J\u200b\n::add-mask::x ##[group]y"
SHOWN = "VM\\u202e\\x9b2J\\u200b"


def harmless(text: str) -> bool:
    """Say whether a text shows, and orders a runner nothing."""
    return (
        SHOWN in text and not ORDERS.search(text) and not any(hidden(char) for char in text if char != "\n")
    )


def test_what_a_call_says_shows(
    stub: Any, engine: tuple[Engine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines for the live tree and the diagnostics: neither steers the terminal, nor orders the runner of a pipeline."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    stub.Create(proto.CreateRequest(urn=URN, properties=to_struct({"host": "a", "say": HOSTILE})))
    assert harmless(engine[0].lines[-1][1])


@pytest.mark.parametrize("verb", ["error", "half", "check"])
def test_why_a_call_fails_shows(stub: Any, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error, what is half done, and a failed check, by the channel on which the engine gets them."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    if verb == "check":
        answer = stub.Check(
            proto.CheckRequest(urn=URN, olds=to_struct({}), news=to_struct({"wrong": HOSTILE}))
        )
        assert harmless(answer.failures[0].reason)
        return
    with pytest.raises(grpc.RpcError) as caught:
        stub.Update(update(f"{verb}:{HOSTILE}"))
    assert harmless(caught.value.details() or "")

"""The pack of policies, spoken to as the engine does, over a real channel."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from hyperv_placement.model.urn import COMPONENT
from hyperv_placement.plugin.policy_pack.analyzer import Analyzer
from hyperv_placement.resources.properties import move_inputs
from hyperv_placement.resources.vm_placement import TYPE
from tests.unit.report.schedules import scheduled

ADVISORY = analyzer_pb2.EnforcementLevel.ADVISORY
MANDATORY = analyzer_pb2.EnforcementLevel.MANDATORY
DISABLED = analyzer_pb2.EnforcementLevel.DISABLED


@pytest.fixture
def stub() -> Iterator[Any]:
    """The pack, served on loopback."""
    server = grpc.server(ThreadPoolExecutor(2))
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield analyzer_pb2_grpc.AnalyzerStub(channel)
    server.stop(0).wait()


def configure(stub: Any, rule: str, level: Any = MANDATORY, **values: Any) -> None:
    """Hand one rule's settings over, as `--policy-pack-config` has them."""
    properties = struct_pb2.Struct()
    properties.update(values)
    given = analyzer_pb2.PolicyConfig(enforcementLevel=level, properties=properties)
    stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={rule: given}))


def asked(
    stub: Any, label: str, *, moves: bool = True, of: int = 3, kind: str = TYPE, above: str = ""
) -> list[tuple[str, Any, str]]:
    """Return name, level and message of what is found in a machine that goes from hv1 to hv2, or stays."""
    properties = struct_pb2.Struct()
    ways = [scheduled(1, 0, 1).move] if moves else []
    properties.update({"name": label, "host": "hv2", **move_inputs(ways, of)})
    urn = f"urn:pulumi:lab::shop::{above}{kind}::{label}"
    answer = stub.Analyze(analyzer_pb2.AnalyzeRequest(type=kind, urn=urn, name=label, properties=properties))
    assert all(each.urn == urn for each in answer.diagnostics)
    return [(each.policyName, each.enforcementLevel, each.message) for each in answer.diagnostics]


def test_without_a_configuration_nothing_is_forbidden(stub: Any) -> None:
    """Which machines are protected is for somebody to say."""
    assert asked(stub, "WEB01") == []


@pytest.mark.parametrize("labels", [["WEB01"], ["web*"], ["DB01", "WEB0?"]])
def test_a_protected_machine_does_not_move(stub: Any, labels: list[str]) -> None:
    """By its key or a pattern, whatever their case; it may stay, and others may go."""
    configure(stub, "protected-machines-stay", labels=labels)
    ((name, level, message),) = asked(stub, "WEB01")
    assert (name, level) == ("protected-machines-stay", MANDATORY)
    assert message.startswith("WEB01 is protected (")
    assert message.endswith("would move from hv1 to hv2")
    assert asked(stub, "WEB01", moves=False) == asked(stub, "SQL01") == []


def test_no_more_machines_move_than_agreed(stub: Any) -> None:
    """Each of them is refused before the first has moved: the run's own count decides."""
    configure(stub, "moves-in-a-run", max=2)
    assert asked(stub, "WEB01", of=2) == []
    ((name, _, message),) = asked(stub, "WEB01", of=3)
    assert (name, message) == (
        "moves-in-a-run",
        "WEB01 is one of 3 machines that would move in this run, and 2 may",
    )
    configure(stub, "moves-in-a-run", max=0)
    assert asked(stub, "WEB01", of=1)


def test_a_machine_of_a_component_is_known_by_its_key(stub: Any) -> None:
    """As the stack file has it, without the component's name."""
    configure(stub, "protected-machines-stay", labels=["WEB01"])
    assert len(asked(stub, "east/WEB01", above=f"{COMPONENT}$")) == 1


@pytest.mark.parametrize(("level", "found"), [(ADVISORY, 1), (MANDATORY, 1), (DISABLED, 0)])
def test_the_level_is_the_configurations(stub: Any, level: Any, found: int) -> None:
    """Some only want to know."""
    configure(stub, "moves-in-a-run", level, max=1)
    assert [each[1] for each in asked(stub, "WEB01")] == [level] * found


def test_other_resources_are_not_ours(stub: Any) -> None:
    """A larger program has buckets and networks."""
    configure(stub, "moves-in-a-run", max=0)
    assert asked(stub, "WEB01", kind="aws:s3/bucket:Bucket") == []


@pytest.mark.parametrize(
    ("rule", "values"),
    [("moves-in-a-run", {"max": "x"}), ("moves-in-a-run", {"max": -1}), ("moves-in-a-run", {"max": 1.5}),
     ("moves-in-a-run", {"max": True}), ("protected-machines-stay", {"labels": "WEB01"}), ("protected-machines-stay", {"labels": [1]})],
)  # fmt: skip
def test_a_setting_that_is_none_is_named(stub: Any, rule: str, values: dict[str, Any]) -> None:
    """Read as nothing it would forbid nothing."""
    with pytest.raises(grpc.RpcError) as caught:
        configure(stub, rule, **values)
    assert f"{rule}.{next(iter(values))} of the policy pack is " in (caught.value.details() or "")


def test_the_engine_learns_the_rules_and_their_settings(stub: Any) -> None:
    """It checks a configuration by them, and shows the pack's name and version."""
    info = stub.GetAnalyzerInfo(empty_pb2.Empty())
    assert (info.name, info.supportsConfig) == ("hyperv-placement", True)
    assert {each.name: set(each.configSchema.properties) for each in info.policies} == {
        "protected-machines-stay": {"labels"},
        "moves-in-a-run": {"max"},
    }

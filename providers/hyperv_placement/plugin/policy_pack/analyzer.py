"""Pulumi's protocol for policy packs on one side, the rules on the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from hyperv_placement import __version__
from hyperv_placement.model.urn import read_urn
from hyperv_placement.resources.vm_placement import TYPE
from hyperv_placement.visible import outward

from .rules import AT_MOST, PROTECTED, Limits, broken, move_in

PACK = "hyperv-placement"
_VERSION = "0.1.0"
"""Of the pack, a semantic one, as the engine asks; the product's own stands in the pack's description."""
_MANDATORY = analyzer_pb2.EnforcementLevel.MANDATORY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One rule as the engine lists it."""

    title: str
    about: str
    option: str
    """Its setting in the file of `--policy-pack-config`."""
    schema: Mapping[str, Any]


_RULES: Mapping[str, _Rule] = {
    PROTECTED: _Rule(
        title="Protected machines stay",
        about="No run moves a machine whose key in the stack file is one of `labels`.",
        option="labels",
        schema={"type": "array", "items": {"type": "string"}},
    ),
    AT_MOST: _Rule(
        title="Moves in a run",
        about="No run moves more machines than `max`.",
        option="max",
        schema={"type": "integer", "minimum": 0},
    ),
}


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Answers the engine. Nothing is read or changed anywhere: what a resource declares is all that counts."""

    def __init__(self) -> None:
        """Nothing is forbidden until the engine hands a configuration over."""
        self._lock = threading.Lock()
        self._limits = Limits()
        self._levels = dict.fromkeys(_RULES, _MANDATORY)

    def Handshake(self, _request: Any, _context: Any) -> Any:
        """Accept the call."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """Return the version."""
        return plugin_pb2.PluginInfo(version=_VERSION)

    def GetAnalyzerInfo(self, _request: Any, _context: Any) -> Any:
        """Return the rules, and how each may be configured."""
        info = analyzer_pb2.AnalyzerInfo(
            name=PACK,
            displayName="Moves of Hyper-V machines",
            description=f"Rules about moves of hyperv-placement {__version__}",
            version=_VERSION,
            supportsConfig=True,
        )
        for name, rule in _RULES.items():
            policy = info.policies.add(
                name=name,
                displayName=rule.title,
                description=rule.about,
                enforcementLevel=_MANDATORY,
                policy_type=analyzer_pb2.PolicyType.POLICY_TYPE_RESOURCE,
            )
            policy.configSchema.properties.update({rule.option: rule.schema})
        return info

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the limits over; what cannot be read as such ends the run, with the setting's name."""
        limits, levels = Limits(), dict.fromkeys(_RULES, _MANDATORY)
        for name, rule in _RULES.items():
            if name not in request.policyConfig:
                continue
            given = request.policyConfig[name]
            levels[name] = given.enforcementLevel
            value = MessageToDict(given.properties).get(rule.option)
            try:
                limits = _with(limits, name, value)
            except (TypeError, ValueError):
                context.abort(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    outward(f"{name}.{rule.option} of the policy pack is {value!r}"),
                )
        with self._lock:
            self._limits, self._levels = limits, levels
        return empty_pb2.Empty()

    def Analyze(self, request: Any, _context: Any) -> Any:
        """Say which rules a resource breaks."""
        return analyzer_pb2.AnalyzeResponse(diagnostics=self._found(request))

    def AnalyzeStack(self, _request: Any, _context: Any) -> Any:
        """Nothing: by the time the engine asks about the whole, moves have been made."""
        return analyzer_pb2.AnalyzeResponse()

    def Remediate(self, _request: Any, _context: Any) -> Any:
        """Change nothing."""
        return analyzer_pb2.RemediateResponse()

    def Cancel(self, _request: Any, _context: Any) -> Any:
        """Accept the call: no answer takes long."""
        return empty_pb2.Empty()

    def _found(self, request: Any) -> Iterator[Any]:
        with self._lock:
            limits, levels = self._limits, dict(self._levels)
        move = (
            move_in(read_urn(request.urn).label, MessageToDict(request.properties))
            if request.type == TYPE
            else None
        )
        if move is None:
            return
        for name, rule in _RULES.items():
            text = (
                None if levels[name] == analyzer_pb2.EnforcementLevel.DISABLED else broken(name, move, limits)
            )
            if text is not None:
                yield analyzer_pb2.AnalyzeDiagnostic(
                    policyName=name, policyPackName=PACK, policyPackVersion=_VERSION, description=rule.about,
                    message=outward(text), enforcementLevel=levels[name], urn=request.urn,
                )  # fmt: skip


def _with(limits: Limits, rule: str, value: Any) -> Limits:
    """Return the limits with a rule's setting. Raises TypeError or ValueError where it is none."""
    if value is None:
        return limits
    if rule == AT_MOST:
        if isinstance(value, bool) or int(value) != value or value < 0:
            raise ValueError(value)
        return replace(limits, most=int(value))
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError(value)
    return replace(limits, labels=tuple(value))

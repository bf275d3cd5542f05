"""Pulumi's provider protocol on one side, dynamic provider classes on the other.

Handshake, CheckConfig, DiffConfig and Parameterize stay unimplemented on purpose: an engine that sees Handshake
would send Create and Update in previews as well (pulumi/pulumi pkg/resource/plugin/provider_plugin.go).
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.dynamic import ResourceProvider
from pulumi.runtime import proto, rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from hyperv_placement import __version__
from hyperv_placement.errors import PlacementError, StackFileError, of_this_computer
from hyperv_placement.migration.interruption import Interruption
from hyperv_placement.model.on_cancel import OnCancel
from hyperv_placement.model.urn import read_urn
from hyperv_placement.resources.call import Call, HalfDoneError, current
from hyperv_placement.tracing import beneath
from hyperv_placement.visible import outward

from .calls import Calls
from .engine_log import EngineLog
from .late import schema
from .own_stack import ForeignCallError, OneStack

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
VERSION = re.sub(r"(rc|\.dev).*", "", __version__)
"""As the engine takes it, which knows neither `.dev0` nor `rc1` (semver)."""
_CANCELLED = {
    OnCancel.WAIT: "Cancelled: nothing more starts, and moves under way are followed to their ends (on_cancel: wait). Ctrl-C again leaves them to their hosts",
    OnCancel.ABORT: "Cancelled: nothing more starts, and hosts are asked to cancel the moves of this run (on_cancel: abort). Ctrl-C again leaves them to their hosts",
}
DESTROY = {"destroy", "down", "dn"}
"""Words of the engine's command line by which a stack is destroyed."""
_FORGETS = (
    "destroys nothing: it only forgets the machines, each of which stays where it is, as it is. What the engine calls delete"
    " is an entry less in the state"
)
_TELLING = {"host"}
"""Properties that say more of a change than those beside them."""
_TOP = re.compile(r"[.\[]")
"""Ends the first part of a property path, as `disks.scsi-0-0` or `entries["cifs/hv1"]`."""


def to_struct(values: Mapping[str, Any] | None) -> struct_pb2.Struct:
    """Return property values in the protocol's form; none at all is an empty set."""
    return asyncio.run(rpc.serialize_properties(dict(values or {}), {}))


def to_values(struct: struct_pb2.Struct, *, keep_unknowns: bool = False) -> dict[str, Any]:
    """Return the protocol's properties as plain values."""
    return dict(rpc.deserialize_properties(struct, keep_unknowns))


class Server(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine. Each call runs in a thread of its own; errors become one line."""

    def __init__(
        self,
        providers: Callable[[], Mapping[str, ResourceProvider]],
        engine_log: EngineLog,
        stop: Interruption,
        calls: Calls | None = None,
        on_cancel: Callable[[], OnCancel] = lambda: OnCancel.LEAVE,
        *,
        destroys: bool = False,
    ) -> None:
        """`providers`: returns them by type token, asked with each call. `stop`: what is asked of the run. `on_cancel`: what the stack file says of its first Ctrl-C.

        `destroys`: whether the engine was asked to destroy the stack.
        """
        self._providers = providers
        self._engine_log = engine_log
        self._stop = stop
        self._on_cancel = on_cancel
        self._calls = calls or Calls()
        self._ours = OneStack()
        self._parting = threading.Lock()
        if not destroys:
            self._parting.acquire()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """Return the version; the engine wants a semantic one."""
        return proto.PluginInfo(version=VERSION)

    def GetSchema(self, _request: Any, _context: Any) -> Any:
        """Return our resources and their properties: `pulumi import` ends with an error where a package has none."""
        return provider_pb2.GetSchemaResponse(schema=schema(VERSION))

    def Configure(self, _request: Any, _context: Any) -> Any:
        """Accept the call; there is no configuration, for credentials never travel through Pulumi."""
        return proto.ConfigureResponse(acceptSecrets=False)

    def Cancel(self, _request: Any, _context: Any) -> Any:
        """Start nothing new, as after the first Ctrl-C; what runs is left, followed or cancelled as the stack file says.

        Where it is left, calls that follow a move end within a second, those that wait for a host after `calls.GRACE`.
        Elsewhere the engine waits for them, without a limit (pulumi/pulumi pkg/resource/deploy/deployment_executor.go).
        """
        how = self._on_cancel()
        self._stop.cancel(how)
        if how == OnCancel.LEAVE:
            self._calls.interrupt()
        elif self._calls.any_runs():
            self._engine_log.bound_to("")("warning", _CANCELLED[how])
        return empty_pb2.Empty()

    def _leave(self, whom: str) -> None:
        """End the run for somebody who wants its stack: nothing more starts, and what runs is left to its hosts."""
        count = self._stop.moves
        goes = f"{count} move goes" if count == 1 else f"{count} moves go"
        self._stop.cancel(OnCancel.LEAVE)
        self._calls.interrupt()
        self._engine_log.bound_to("")(
            "error", f"Yielded to {whom}: {goes} on at their hosts, nothing more was started; run up again"
        )

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Check inputs."""

        def check() -> Any:
            result = self._provider(request).check(
                to_values(request.olds, keep_unknowns=True), to_values(request.news, keep_unknowns=True)
            )
            failures = [
                proto.CheckFailure(property=f.property, reason=outward(f.reason)) for f in result.failures
            ]
            return proto.CheckResponse(inputs=to_struct(result.inputs), failures=failures)

        return self._answer(request, context, check)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Compare, property by property."""

        def diff() -> Any:
            result = self._provider(request).diff(
                request.id,
                to_values(request.olds, keep_unknowns=True),
                to_values(request.news, keep_unknowns=True),
            )
            detailed = getattr(result, "detailed", {})
            changes = proto.DiffResponse.DIFF_SOME if detailed else proto.DiffResponse.DIFF_NONE
            response = proto.DiffResponse(changes=changes, hasDetailedDiff=True)
            # `diffs` names whole properties, `detailedDiff` the paths in them (pulumi/pulumi proto/pulumi/provider.proto).
            # A line of the tree has those of `diffs` before what is said of the resource (backend/display/rows.go): one, the
            # most telling, leaves room for how far a move is; `--diff` shows all of them.
            changed = {_TOP.split(path, maxsplit=1)[0] for path in detailed}
            response.diffs.extend(sorted(changed, key=lambda name: (name not in _TELLING, name))[:1])
            for path, kind in detailed.items():
                response.detailedDiff[path].CopyFrom(proto.PropertyDiff(kind=kind, inputDiff=False))
            return response

        return self._answer(request, context, diff)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Adopt."""

        def create() -> Any:
            result = self._provider(request).create(to_values(request.properties))
            return proto.CreateResponse(
                id=result.id, properties=to_struct(result.outs), refresh_before_update=True
            )

        return self._answer(request, context, create)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Read; an import sends the id alone."""
        if self._parting.acquire(blocking=False):  # never released: said once
            self._engine_log.bound_to("")("info", _FORGETS)

        def read() -> Any:
            known = to_values(request.properties) or to_values(request.inputs)
            result = self._provider(request).read(request.id, known)
            if not result.id:
                return proto.ReadResponse()
            return proto.ReadResponse(
                id=result.id,
                properties=to_struct(result.outs),
                inputs=to_struct(result.inputs),
                refresh_before_update=True,
            )

        return self._answer(request, context, read)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Move."""

        def update() -> Any:
            result = self._provider(request).update(
                request.id, to_values(request.olds), to_values(request.news)
            )
            return proto.UpdateResponse(properties=to_struct(result.outs), refresh_before_update=True)

        return self._answer(request, context, update)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Forget."""

        def delete() -> Any:
            self._provider(request).delete(request.id, to_values(request.properties))
            return empty_pb2.Empty()

        return self._answer(request, context, delete)

    def _provider(self, request: Any) -> ResourceProvider:
        token = read_urn(request.urn).type
        providers = self._providers()
        provider = providers.get(token)
        if provider is None:
            known = ", ".join(sorted(providers))
            raise PlacementError(f"There is no resource type {token}", remedy=f"Known types: {known}")
        return provider

    def _answer(self, request: Any, context: grpc.ServicerContext, verb: Callable[[], Answer]) -> Answer:
        try:
            self._ours.admit(request.urn, request.type)
        except ForeignCallError as error:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, outward(str(error)))
        call = Call(
            urn=request.urn,
            say=self._engine_log.bound_to(request.urn),
            cancelled=self._stop.starting,
            stop=self._stop,
            tell=lambda text: self._engine_log.bound_to("")("warning", text),
            leave=self._leave,
        )
        token, begun = current.set(call), time.monotonic()
        try:
            with beneath(context.invocation_metadata()):
                return self._calls.run(verb)
        except HalfDoneError as partial:
            _abort_partial(context, partial)
        except StackFileError as error:  # before its base class: its findings are lines of their own
            _abort(context, error.reported)
        except PlacementError as error:
            call.say("debug", error.detail or repr(error))
            _abort(context, str(error))
        except OSError as error:
            _abort(context, str(of_this_computer(error)))
        except Exception as error:  # noqa: BLE001 - the engine shows a bug as one line, --debug has its kind
            _abort(context, f"A bug of the plugin: {type(error).__name__}: {error}")
        finally:
            _log.debug("%s of %s took %.3f s", verb.__name__, call.label, time.monotonic() - begun)
            current.reset(token)
        raise AssertionError("abort does not return")


def _abort(context: grpc.ServicerContext, text: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, outward(text))
    raise AssertionError("abort does not return")


def _abort_partial(context: grpc.ServicerContext, partial: HalfDoneError) -> NoReturn:
    """Abort so that the engine keeps what was done in state and shows the reason."""
    reason = outward(partial.reason)
    detail = provider_pb2.ErrorResourceInitFailed(id=partial.id, reasons=[reason], refresh_before_update=True)
    detail.properties.CopyFrom(to_struct(partial.outputs))
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason)
    status.details.add().Pack(detail)
    # The details of a status travel in this trailer (grpc.io, "Error handling", richer error model).
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    _abort(context, reason)

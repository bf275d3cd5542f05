"""Methods called over the wire: on which instance, what is logged of it, and what a class without the method says."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.wsman import (
    EndpointReference,
    Fault,
    Instance,
    Invoke,
    InvokeResponse,
    Response,
    Unsupported,
    Value,
    catalogue,
    names,
)
from lab.wmi import published
from lab.wmi.accounts import Caller
from lab.wmi.classes import WmiClass
from lab.wmi.methods import METHODS, STATIC, Call
from lab.wmi.reading import Reader
from lab.wmi.refusal import RequestRefusedError, not_served
from lab.world import JOB_STARTED

from .interruptions import Dropped, instead_of_an_order

_CHANGING = frozenset(
    {
        "DestroySystem",
        "InitiateShutdown",
        "MigrateVirtualSystemToHost",
        "ModifySystemSettings",
        "RequestStateChange",
    }
)
_STARTING = frozenset({"MigrateVirtualSystemToHost", "CheckVirtualSystemIsMigratable"})


def invoke(reader: Reader, request: Invoke, caller: Caller) -> Response:
    """Call a method; that an unknown one is ActionNotSupported is a guess."""
    found = reader.class_of(request.target.resource_uri)
    method = METHODS.get((found.name, request.method))
    uri, _, _ = request.header.action.rpartition("/")
    if method is None or uri.casefold() != request.target.resource_uri.strip().casefold():
        return _no_method(reader, found, request.method)
    target = _target(reader, found, request)
    call = Call(reader=reader, caller=caller, target=target, request=request)
    outputs = method(call)
    if request.method in _CHANGING:
        _note(call, outputs.get("ReturnValue"))
    response = InvokeResponse(
        resource_uri=names.resource_uri(found.name, found.namespace),
        method=request.method,
        outputs=outputs,
    )
    if request.method in _STARTING and response.return_value == JOB_STARTED:
        _answer_badly(call)
    return response


def _answer_badly(call: Call) -> None:
    """Cut the connection after an accepted order, or answer something else, where a fault of the lab says so."""
    vm, method = _system_in(call), call.request.method
    bad = call.reader.world.faults.take("bad-answer", host=call.reader.host.name, vm=vm, operation=method)
    if bad is not None:
        raise instead_of_an_order(bad)
    if (
        call.reader.world.faults.take("drop-answer", host=call.reader.host.name, vm=vm, operation=method)
        is not None
    ):
        raise Dropped


def _note(call: Call, answer: Value) -> None:
    """Log an operation that can change something: who, from where, what, and what came of it."""
    call.reader.world.log.write(
        "request",
        host=call.reader.host.name,
        operation=call.request.method,
        target=_system_in(call) or call.target.text("InstanceID") or call.target.text("Name"),
        by=call.caller.name,
        address=call.caller.address,
        return_value=answer,
    )


def unsupported(reader: Reader, request: Unsupported) -> Response:
    """An unknown action, or a method without its body; the latter is a SchemaValidationError (guess)."""
    uri, _, method = request.header.action.rpartition("/")
    if uri == request.header.resource_uri:
        found = reader.class_of(uri)
        if (found.name, method) in METHODS:
            return catalogue.schema_validation_error(reader.machine)
        return _no_method(reader, found, method)
    return catalogue.action_not_supported(reader.machine)


def _system_in(call: Call) -> str | None:
    """Return the GUID of the machine that a call is about, None where it names none."""
    reference = call.argument("ComputerSystem")
    name = reference.selector("Name") if isinstance(reference, EndpointReference) else None
    return name.upper() if name else None


def _target(reader: Reader, found: WmiClass, request: Invoke) -> Instance:
    """Return what a method is called on; a static one is called on its class, without selectors (win32 WinRM session-invoke)."""
    if (found.name, request.method) in STATIC:
        if reader.selectors(request.target):
            raise RequestRefusedError(catalogue.invalid_selectors(reader.machine))
        return Instance(found.name, {}, found.namespace)
    return _service(reader, found, request) if found.service else reader.find(_whole(request.target))[1]


def _service(reader: Reader, found: WmiClass, request: Invoke) -> Instance:
    """Return the service that a method is called on.

    A service wants a selector, CreationClassName alone will do; none at all is an error of the provider
    (r4sd/go-wsman hyperv/management_service_selector_test.go; for the migration service a guess).
    """
    selectors = reader.selectors(request.target)
    row = next(reader.rows(found))
    if not selectors:
        raise RequestRefusedError(
            catalogue.internal_error(
                reader.machine, catalogue.INVALID_METHOD_PARAMETERS, "Invalid method Parameter(s) "
            )
        )
    if selectors.keys() - {key.casefold() for key in found.keys}:
        raise RequestRefusedError(catalogue.invalid_selectors(reader.machine))
    own = {key.casefold(): row.text(key).casefold() for key in found.keys}
    if any(own[name] != value for name, value in selectors.items()):
        raise RequestRefusedError(catalogue.destination_unreachable(reader.machine))
    return row


def _whole(target: EndpointReference) -> EndpointReference:
    """Return the reference with the key that a call may leave out: Name alone names a system (r4sd/go-wsman hyperv/vm_state.go)."""
    keys = {key.casefold() for key in target.selectors} - {"__cimnamespace"}
    if target.class_name.casefold() != "msvm_computersystem" or keys != {"name"}:
        return target
    return replace(target, selectors={**target.selectors, "CreationClassName": "Msvm_ComputerSystem"})


def _no_method(reader: Reader, found: WmiClass, method: str) -> Fault:
    """Return what a host says to a method that the class lacks. Raises NotServedError for one that its page has."""
    fault = catalogue.action_not_supported(reader.machine)
    published_as = published.method_named(found.namespace, found.name, method)
    if published_as is not None and (found.name, published_as) not in METHODS:
        raise not_served(fault, f"{found.name}.{published_as}")
    return fault

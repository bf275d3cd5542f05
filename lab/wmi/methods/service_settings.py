"""How a host takes part in migrations, changed by methods of Msvm_VirtualSystemMigrationService.

That they are done at once, without a job, is a guess.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from ipaddress import ip_network

from hyperv_placement.wsman import EndpointReference, Value
from lab.wmi import embedded
from lab.wmi.embedded import TextRefusedError
from lab.world.jobs import INVALID_PARAMETER
from lab.world.objects import LabHost, LabNetwork

from .call import Call, Outputs

_SERVICE = "Msvm_VirtualSystemMigrationServiceSettingData"
_NETWORK = "Msvm_VirtualSystemMigrationNetworkSettingData"
_ATTRIBUTES = {
    "AuthenticationType": "authentication",
    "EnableCompression": "compression",
    "EnableSmbTransport": "smb",
    "EnableVirtualSystemMigration": "migration_enabled",
    "MaximumActiveStorageMigration": "max_storage",
    "MaximumActiveVirtualSystemMigration": "max_live",
}
_AUTHENTICATION_TYPES = (0, 1)
_DONE: Outputs = {"Job": None, "ReturnValue": 0}


def modify(call: Call) -> Outputs:
    """Change what the text has; NULL and what is left out stay as they are (ModifyServiceSettings page)."""
    call.expect("ServiceSettingData")
    host = call.reader.host
    try:
        given = embedded.read(call.text("ServiceSettingData") or "", _SERVICE)
        _check_settings(given, host)
    except TextRefusedError as refused:
        return _refused(call, "ModifyServiceSettings", refused)
    fault = call.reader.world.faults.take("settings-ignored", host=host.name)
    ignored = () if fault is None else fault.text.split() or tuple(_ATTRIBUTES)
    changed = {
        name: given[name]
        for name, attribute in _ATTRIBUTES.items()
        if name not in ignored and given.get(name) not in (None, getattr(host, attribute))
    }
    for name, value in changed.items():
        setattr(host, _ATTRIBUTES[name], value)
    call.reader.world.configured(
        host.name, ", ".join(f"{n} {v}" for n, v in changed.items()), call.caller.name
    )
    return _DONE


def add_networks(call: Call) -> Outputs:
    """Add subnets; one that is there already is refused (a guess)."""
    call.expect("NetworkSettings")
    host = call.reader.host
    try:
        added = [_network(embedded.read(text, _NETWORK)) for text in call.texts("NetworkSettings")]
        _check_new(host, added)
    except TextRefusedError as refused:
        return _refused(call, "AddNetworkSettings", refused)
    host.networks += added
    return _changed(call, added, "added")


def modify_networks(call: Call) -> Outputs:
    """Change metrics of the rows whose InstanceIDs are given."""
    call.expect("NetworkSettings")
    host = call.reader.host
    try:
        texts = [embedded.read(text, _NETWORK) for text in call.texts("NetworkSettings")]
        found = [(_named(host, str(given.get("InstanceID"))), given) for given in texts]
    except TextRefusedError as refused:
        return _refused(call, "ModifyNetworkSettings", refused)
    for network, given in found:
        network.metric = int(str(given.get("Metric") or 0))
    return _changed(call, [network for network, _ in found], "modified")


def remove_networks(call: Call) -> Outputs:
    """Remove subnets, by references to them."""
    call.expect("NetworkSettings")
    host, value = call.reader.host, call.argument("NetworkSettings")
    parts = value if isinstance(value, tuple) else (value,)
    try:
        gone = [_referred(host, part) for part in parts]
    except TextRefusedError as refused:
        return _refused(call, "RemoveNetworkSettings", refused)
    host.networks = [network for network in host.networks if network not in gone]
    return _changed(call, gone, "removed")


def _check_settings(given: Mapping[str, Value], host: LabHost) -> None:
    if given.get("AuthenticationType") not in (None, *_AUTHENTICATION_TYPES):
        raise TextRefusedError(INVALID_PARAMETER, "there is no such AuthenticationType")
    if given.get("InstanceID") not in (None, f"Microsoft:{host.computer_name}"):
        raise TextRefusedError(INVALID_PARAMETER, "the settings are another host's")


def _network(given: Mapping[str, Value]) -> LabNetwork:
    subnet, prefix = str(given.get("SubnetNumber") or ""), given.get("PrefixLength")
    try:
        network = ip_network(f"{subnet}/{prefix if prefix is not None else ''}")
    except ValueError as error:
        raise TextRefusedError(INVALID_PARAMETER, "there is no such subnet") from error
    return LabNetwork(
        id=str(uuid.uuid4()).upper(),
        subnet=str(network.network_address),
        prefix=network.prefixlen,
        metric=int(str(given.get("Metric") or 0)),
    )


def _check_new(host: LabHost, added: list[LabNetwork]) -> None:
    there = {(network.subnet, network.prefix) for network in host.networks}
    if not added or any((network.subnet, network.prefix) in there for network in added):
        raise TextRefusedError(INVALID_PARAMETER, "no network, or one that is there")


def _named(host: LabHost, instance_id: str) -> LabNetwork:
    for network in host.networks:
        if instance_id.casefold() == f"Microsoft:{host.computer_name}\\{network.id}".casefold():
            return network
    raise TextRefusedError(INVALID_PARAMETER, "there is no such network")


def _referred(host: LabHost, part: object) -> LabNetwork:
    if not isinstance(part, EndpointReference) or part.class_name.casefold() != _NETWORK.casefold():
        raise TextRefusedError(INVALID_PARAMETER, f"it is no reference to {_NETWORK}")
    return _named(host, part.selector("InstanceID") or "")


def _changed(call: Call, networks: list[LabNetwork], how: str) -> Outputs:
    what = ", ".join(f"{network.subnet}/{network.prefix} {how}" for network in networks)
    call.reader.world.configured(call.reader.host.name, what, call.caller.name)
    return _DONE


def _refused(call: Call, method: str, refused: TextRefusedError) -> Outputs:
    call.reader.world.violation(
        f"{method} refused: {refused.reason} ({refused.return_value})", call.caller.name
    )
    return {"Job": None, "ReturnValue": refused.return_value}

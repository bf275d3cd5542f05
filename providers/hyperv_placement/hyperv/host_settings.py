"""How a host takes part in migrations: read as it is set, and set by the methods of its migration service."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from hyperv_placement.clock import Clock
from hyperv_placement.codes.catalogue import UNKNOWN_REMEDY, codes_in, remedy_for, return_value
from hyperv_placement.errors import HostSettingsError
from hyperv_placement.model.live_migration import HostMigration, MigrationNetwork
from hyperv_placement.model.stack import LiveMigration
from hyperv_placement.planning.checks.live_migration import (
    by_hand,
    declared_settings,
    differing,
    new_metrics,
    settings_of,
)
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import Argument, EndpointReference, Instance, encode_embedded, resource_uri

from .host_facts import SERVICE_KEYS, service_reference
from .inventory import one_of
from .jobs import JOB_STARTED, Follower

_SERVICE = "Msvm_VirtualSystemMigrationService"
_SETTINGS = "Msvm_VirtualSystemMigrationServiceSettingData"
_NETWORK = "Msvm_VirtualSystemMigrationNetworkSettingData"
_AUTHENTICATION = {"credssp": 0, "kerberos": 1}
"""AuthenticationType (win32 page of the setting data)."""
USER_MANAGED = "Microsoft:UserManaged"
"""Tag of the networks that people have chosen; a cluster has others of its own (decompiled Hyper-V module)."""


def read_migration(client: Client) -> HostMigration:
    """Read the settings and networks of a host: two requests. Raises the errors of the client."""
    row = one_of(client, _SETTINGS)
    networks = client.query(_NETWORK, "InstanceID", "SubnetNumber", "PrefixLength", "Metric", "Tags")
    smb, compression = row.flag("EnableSmbTransport"), row.flag("EnableCompression")
    # A network without any tag counts as chosen by people: only a tag of somebody else tells otherwise.
    chosen = [each for each in networks if not (tags := each.many("Tags")) or USER_MANAGED in tags]
    found = [
        MigrationNetwork(
            subnet=f"{each.text('SubnetNumber')}/{each.number('PrefixLength') or 0}",
            metric=each.number("Metric") or 0,
            instance_id=each.text("InstanceID"),
        )
        for each in chosen
    ]
    return HostMigration(
        enabled=bool(row.flag("EnableVirtualSystemMigration")),
        authentication=_authentication(row),
        live_limit=row.number("MaximumActiveVirtualSystemMigration") or 0,
        storage_limit=row.number("MaximumActiveStorageMigration") or 0,
        # Where both are set, SMB is used and compression ignored (win32 page of the setting data).
        performance="smb" if smb else "compression" if compression else "tcpip",
        networks=tuple(sorted(found, key=lambda network: (network.metric, network.subnet))),
    )


def _authentication(row: Instance) -> Literal["credssp", "kerberos", "unknown"]:
    match row.number("AuthenticationType"):
        case 0:
            return "credssp"
        case 1:
            return "kerberos"
        case _:  # never taken for one of the two: what is declared is set
            return "unknown"


class HostConfigurator:
    """Brings one host to what is declared. What is not declared stays as it is."""

    def __init__(self, client: Client, clock: Clock, cancelled: threading.Event) -> None:
        """Do nothing yet."""
        self._client = client
        self._clock = clock
        self._cancelled = cancelled

    def apply(self, wanted: LiveMigration, actual: HostMigration) -> HostMigration:
        """Set what differs, and return what the host shows then.

        Networks come first, so that a host listens on the declared networks as soon as it is enabled. Raises
        HostSettingsError, also where the host took the settings and does not show them, InterruptedRunError and the errors
        of the client.
        """
        if wanted.networks is not None:
            self._apply_networks(wanted.networks, actual.networks)
        changes = _changes(wanted, actual)
        if changes:
            row = one_of(self._client, _SETTINGS)
            # InstanceID and what changes, nothing else: of a machine's settings a full copy, read-only properties included, ends
            # in an exception (r4sd/terraform-provider-hyperv). By this method, as the class page says of all its properties; that
            # it takes compression and SMB, for which the same page names another method, is unverified.
            text = Instance(_SETTINGS, {"InstanceID": row.text("InstanceID"), **changes})
            self._call("ModifyServiceSettings", {"ServiceSettingData": text})
        return self._proven(wanted)

    def _proven(self, wanted: LiveMigration) -> HostMigration:
        """Return what the host shows. Success is its word: a host may drop a setting in silence, a policy set it back."""
        found = read_migration(self._client)
        declared, shown = declared_settings(wanted), settings_of(found)
        left = differing(declared, shown)
        if not left:
            return found
        host = self._client.host.name
        apart = ", ".join(f"{name} is {_plain(shown[name])}, not {_plain(declared[name])}" for name in left)
        lines = "; ".join(by_hand(name, declared[name]) for name in left)
        raise HostSettingsError(
            f"{host} answered that it had taken the settings, and shows otherwise: {apart}",
            remedy=f"On {host} run {lines}. Where they do not stay, a policy or a cluster keeps them as they are",
        )

    def _apply_networks(self, wanted: Sequence[str], actual: Sequence[MigrationNetwork]) -> None:
        """Add first and remove last, so that there is always one to listen on."""
        metrics = new_metrics(wanted)
        there = {network.subnet: network for network in actual}
        added = [
            _text(MigrationNetwork(subnet=subnet, metric=metrics[subnet]))
            for subnet in wanted
            if subnet not in there
        ]
        moved = [
            _text(replace(there[subnet], metric=metrics[subnet]))
            for subnet in wanted
            if subnet in there and there[subnet].metric != metrics[subnet]
        ]
        gone = tuple(
            EndpointReference(resource_uri(_NETWORK), {"InstanceID": network.instance_id})
            for network in actual
            if network.subnet not in wanted
        )
        for method, networks in (
            ("AddNetworkSettings", tuple(added)), ("ModifyNetworkSettings", tuple(moved)), ("RemoveNetworkSettings", gone),
        ):  # fmt: skip
            if networks:
                self._call(method, {"NetworkSettings": networks})

    def _call(self, method: str, arguments: Mapping[str, Argument]) -> None:
        """Call a method of the migration service and follow its job, where it starts one, to the end."""
        host = self._client.host.name
        # Read for its keys: which of the four a host wants for this service nobody has published.
        service = one_of(self._client, _SERVICE)
        target = service_reference({key: service.text(key) for key in SERVICE_KEYS if service.text(key)})
        answer = self._client.invoke(target, method, arguments)
        job, value = answer.outputs.get("Job"), answer.return_value
        if value == 0:
            return
        if value is None:
            raise HostSettingsError(
                f"{host} answered {method} without a ReturnValue that can be read: whether it was done is not known",
                remedy="Run again: what the host shows then decides",
            )
        if value != JOB_STARTED or not isinstance(job, EndpointReference):
            row = return_value(value)
            raise HostSettingsError(
                f"{host} refused {method} with ReturnValue {value} ({row.meaning if row else 'unknown'})",
                remedy=row.remedied(host, host) if row else UNKNOWN_REMEDY,
            )
        outcome = Follower(
            client=self._client, job=job, name=f"{method} on {host}", activity=lambda: None,
            report=lambda _progress: None, cancelled=self._cancelled, clock=self._clock,
        ).follow()  # fmt: skip
        if not (outcome.succeeded or outcome.vanished):
            reported = (
                " | ".join(" ".join(text.split()) for text in outcome.texts) or f"JobState {outcome.state}"
            )
            remedy = remedy_for(codes_in(outcome.texts), source=host, destination=host, texts=outcome.texts)
            raise HostSettingsError(f"{host} failed at {method}: {reported}", remedy=remedy)


def _plain(value: object) -> str:
    """Return a setting as the stack file writes it."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value)


def _changes(wanted: LiveMigration, actual: HostMigration) -> dict[str, bool | int]:
    """Return the properties to set: those that are declared and differ."""
    values: dict[str, bool | int] = {}
    if wanted.enabled not in (None, actual.enabled):
        values["EnableVirtualSystemMigration"] = bool(wanted.enabled)
    if wanted.authentication is not None and wanted.authentication != actual.authentication:
        values["AuthenticationType"] = _AUTHENTICATION[wanted.authentication]
    if wanted.live_limit not in (None, actual.live_limit):
        values["MaximumActiveVirtualSystemMigration"] = wanted.live_limit or 0
    if wanted.storage_limit not in (None, actual.storage_limit):
        values["MaximumActiveStorageMigration"] = wanted.storage_limit or 0
    if wanted.performance not in (None, actual.performance):
        values["EnableSmbTransport"] = wanted.performance == "smb"
        values["EnableCompression"] = wanted.performance == "compression"
    return values


def _text(network: MigrationNetwork) -> str:
    subnet, _, prefix = network.subnet.partition("/")
    own = {"InstanceID": network.instance_id} if network.instance_id else {}
    return encode_embedded(
        Instance(
            _NETWORK,
            {
                **own,
                "SubnetNumber": subnet,
                "PrefixLength": int(prefix),
                "Metric": network.metric,
                "Tags": (USER_MANAGED,),
            },
        )
    )

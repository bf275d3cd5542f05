"""MigrationHost: how one host takes part in migrations. What is not declared is neither read into a diff nor changed."""

from __future__ import annotations

from typing import Any, cast

from pulumi.dynamic import CheckResult, CreateResult, ReadResult, ResourceProvider, UpdateResult

from hyperv_placement.errors import NotDeclaredError, PlacementError
from hyperv_placement.hyperv.host_settings import HostConfigurator, read_migration
from hyperv_placement.model import resource_types
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import LiveMigration
from hyperv_placement.planning.checks.live_migration import declared_settings, differing, settings_of

from .call import Call, current
from .diff_answer import UPDATE, DetailedDiffResult
from .fleet import Fleet
from .fleets import fleets

TYPE = resource_types.HOST


class MigrationHost(ResourceProvider):
    """The provider's verbs for one host; its label in the stack file is the resource's name and id."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept the inputs: the program has checked the whole stack file before it declared anything."""
        return CheckResult(news, [])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DetailedDiffResult:
        """Compare what is declared with what the host was seen to have; of a silent host nothing is planned."""
        if not olds.get("reachable", True):
            return DetailedDiffResult({})
        # `__provider` is an input of every dynamic resource of Pulumi's own SDK, and no setting.
        wanted = {name: value for name, value in news.items() if not name.startswith("__")}
        return DetailedDiffResult(dict.fromkeys(differing(wanted, olds), UPDATE))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Set what differs."""
        call = current.get()
        fleet = fleets().of(call.stack)
        fleet.arrival.agree(call.label)
        with fleet.run_order.other_work():
            return CreateResult(call.label, _brought(fleet, call, props))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what the host has; a silent one keeps what was last known."""
        call = current.get()
        fleet = fleets().of_reader(call.stack)
        managed = {name: props[name] for name in NAMES if name in props}
        if fleet is None or id_ not in fleet.stack.hosts:
            return ReadResult(id_, props, managed)
        try:
            actual = settings_of(read_migration(fleet.estate.client(HostName(id_))))
        except PlacementError as error:
            call.say("warning", f"{error}; its settings are taken as they were last seen")
            return ReadResult(id_, {**props, "reachable": False}, managed)
        return ReadResult(id_, {**actual, "reachable": True}, {n: actual[n] for n in managed})

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Set what differs."""
        call = current.get()
        fleet = fleets().of(call.stack)
        fleet.arrival.agree(call.label)
        with fleet.run_order.other_work():
            return UpdateResult(_brought(fleet, call, news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Leave the host as it is."""


NAMES = ("enabled", "authentication", "liveLimit", "storageLimit", "performance", "networks")
"""What is wanted as inputs and observed as outputs."""


def _brought(fleet: Fleet, call: Call, props: dict[str, Any]) -> dict[str, Any]:
    """Read, set what differs, read again, and return what the host has. Raises PlacementError."""
    host = HostName(call.label)
    _check_declared(fleet, host, props)
    client = fleet.estate.client(host)
    wanted = _wanted(props)
    actual = read_migration(client)
    if call.cancelled.is_set():
        return {**settings_of(actual), "reachable": True}
    if changed := differing(declared_settings(wanted), settings_of(actual)):
        before = {name: settings_of(actual).get(name) for name in changed}
        fleet.audit.announce(
            "host-settings", host, host=host, wanted=declared_settings(wanted), before=before
        )
    try:
        found = HostConfigurator(client, fleet.clock, call.cancelled).apply(wanted, actual)
    finally:
        # Also after a failure: part of it may be set, and what was read of the host before counts no more.
        fleet.estate.forget(host)
    return {**settings_of(found), "reachable": True}


def _check_declared(fleet: Fleet, host: HostName, props: dict[str, Any]) -> None:
    """Raise NotDeclaredError where the stack file does not have the host, or says otherwise of it."""
    spec = fleet.stack.hosts.get(host)
    if spec is None:
        raise NotDeclaredError(f"{host} is not in {fleet.stack.path.name}")
    said, asked = declared_settings(spec.live_migration), declared_settings(_wanted(props))
    if apart := sorted(name for name in {*said, *asked} if said.get(name) != asked.get(name)):
        raise NotDeclaredError(
            f"{', '.join(apart)} of {host} as they are asked for are not in {fleet.stack.path.name}"
        )


def _wanted(props: dict[str, Any]) -> LiveMigration:
    limit = {name: int(props[name]) for name in ("liveLimit", "storageLimit") if props.get(name) is not None}
    networks = props.get("networks")
    return LiveMigration(
        enabled=props.get("enabled"),
        authentication=cast("Any", props.get("authentication")),
        live_limit=limit.get("liveLimit"),
        storage_limit=limit.get("storageLimit"),
        performance=cast("Any", props.get("performance")),
        networks=None if networks is None else tuple(networks),
    )

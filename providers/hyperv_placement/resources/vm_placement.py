"""VmPlacement: one virtual machine at its place. Adopt, move, read, forget; never make or destroy a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from hyperv_placement.errors import (
    PlacementError,
    VmAmbiguousError,
    VmMissingError,
    VmUnknownError,
)
from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model import resource_types
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import VmId, is_guid, same, vm_id
from hyperv_placement.model.plan import Placement
from hyperv_placement.planning.machine.difference import differences
from hyperv_placement.planning.machine.takeover import takeover

from .call import Call, HalfDoneError, current
from .diff_answer import ADD, DELETE, UPDATE, DetailedDiffResult
from .fleet import Fleet
from .fleets import Fleets, fleets
from .identity import (
    check_in_file,
    check_named,
    check_takeover,
    keep,
    managed_id,
    managed_spec,
    means_another,
    meant_by,
    spec_of,
)
from .left_out import briefly
from .legs import bring
from .managed_twice import check_importable
from .past_moves import HOME, MoveHistory, home_in, past_in
from .properties import PLACED, STANDING, outputs_of, placement_of

TYPE = resource_types.MACHINE


class VmPlacement(ResourceProvider):
    """The provider's verbs for one machine. It keeps nothing: state is what the hosts say now."""

    def __init__(self, of: Callable[[], Fleets] = fleets) -> None:
        """`of`: returns the fleets of this process."""
        super().__init__()
        self._fleets = of

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept the inputs: the program has checked the whole stack file before it declared anything."""
        call = current.get()
        fleet = self._fleets().of_reader(call.stack)  # None: the stack file's errors are reported elsewhere
        if fleet is not None:
            fleet.run_order.name(call.label)
            fleet.arrival.look()
        return CheckResult(news, [])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DetailedDiffResult:
        """Compare wanted inputs with observed outputs.

        What the plan leaves out, or what must be cleared up by hand, counts as a change, so that the run ends with its
        error; of an unknown machine that does not count nothing is planned. So does what is scheduled: the program may have
        read the hosts later than state was, and found it elsewhere.
        """
        found, label = self._compared(_id, olds, news), current.get().label
        fleet = self._fleets().of_reader(current.get().stack)
        if fleet is None or found.detailed:
            return found
        if fleet.run_order.legs(label):
            return DetailedDiffResult({"host": UPDATE})
        if news.get("vmId") and home_in(olds) is not None and home_in(news) is None:
            return DetailedDiffResult({HOME: DELETE})  # it is back there without a move of ours
        fleet.run_order.unchanged(label)
        return found

    def _compared(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DetailedDiffResult:
        if news.get(STANDING):
            return DetailedDiffResult({STANDING: ADD})
        if not news.get("vmId"):
            return DetailedDiffResult({})  # unknown, and that does not count
        if olds.get("problem"):
            return DetailedDiffResult({"problem": DELETE})
        if not olds.get("reachable", True):
            return DetailedDiffResult({"reachable": UPDATE})
        managed = managed_id(_id, olds)
        if means_another(managed, news):
            self._warn_of_takeover(managed, vm_id(news["vmId"]))
            return DetailedDiffResult({"vmId": UPDATE})
        changes = differences(placement_of(news), placement_of(olds))
        return DetailedDiffResult(
            {change.property: ADD if change.actual is None else UPDATE for change in changes}
        )

    def _warn_of_takeover(self, managed: VmId, wanted: VmId) -> None:
        """Say in a preview what the run would refuse, where the program could not: it did not know what state has."""
        call = current.get()
        fleet = self._fleets().of_reader(call.stack)
        if fleet is not None and not fleet.plans_by_state(call.label):
            seen = fleet.readings.sweep().inventory
            for found in takeover(call.label, managed, wanted, fleet.stack, seen):
                call.say("warning", str(found))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Adopt the machine wherever it is, then move it if it is not in place."""
        call = current.get()
        fleet = self._fleets().of(call.stack)
        check_in_file(fleet, call.label)
        kept = fleet.kept(call.label)
        known = vm_id(props["vmId"]) if props.get("vmId") else kept
        fleet.arrival.agree(call.label)
        asked = fleet.clock.now()
        with fleet.run_order.under_way(call.label):
            with fleet.admission.expecting(), briefly(call.label, props, fleet):
                if known is not None:
                    check_takeover(fleet, call.label, kept, known)
                vm = fleet.first(spec_of(fleet, call.label), known, max_age=START_MAX_AGE_S)
                check_named(fleet, call.label, vm, kept)
                keep(fleet, call, vm.id)
            try:
                outputs = bring(fleet, call, vm, props, MoveHistory(home=home_in(props)), asked)
            except PlacementError as error:
                begun = MoveHistory(home=home_in(props))
                raise HalfDoneError(vm.id, outputs_of(vm, begun), str(error)) from error
        return CreateResult(vm.id, outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what the hosts show. Unknown is never gone: then the last known outputs stay."""
        call = current.get()
        if not props and not is_guid(id_):
            raise PlacementError(
                f"'{id_}' is no GUID, by which a machine is imported",
                remedy="Look it up: bin/placement inventory STACK, or on the host: Get-VM | Format-List Name, VMId",
            )
        fleet = self._fleets().of_reader(call.stack)
        if fleet is None:
            return ReadResult(id_, props, _managed(props))
        past, managed = past_in(props), managed_id(id_, props)
        fleet.remember(past.last)
        if props:
            fleet.reported_by_state(call.label, managed, past.home)
        try:
            vm = fleet.find(managed_spec(fleet, call.label), managed)
        except (VmMissingError, VmUnknownError, VmAmbiguousError) as error:
            if not props:
                raise  # an import has nothing known to keep
            call.say("warning", str(error))
            problem = {} if isinstance(error, VmUnknownError) else {"problem": str(error)}
            return ReadResult(id_, {**props, "reachable": False, **problem}, _managed(props))
        if props:
            self._say_what_became(fleet, call, vm, placement_of(props))
        else:
            check_importable(fleet, call.label, vm)
        outputs = outputs_of(vm, past)
        return ReadResult(vm.id, outputs, {"name": vm.name, "vmId": vm.id, **_managed(outputs)})

    def _say_what_became(self, fleet: Fleet, call: Call, vm: VirtualMachine, last: Placement) -> None:
        """Say at a machine of the state what the engine's own words would say otherwise: `delete`, and a change of its host."""
        declared = fleet.stack.vms.get(call.label)
        if declared is None and not any(
            vm.id == spec.id or (spec.id is None and same(vm.name, spec.name))
            for spec in fleet.stack.vms.values()
        ):
            call.say(
                "info",
                f"{call.label} has no entry in {fleet.stack.path.name}: it is only forgotten, and stays on {vm.host} as it is",
            )
        elif declared is not None and last.host is not None and last.host != vm.host:
            call.say(
                "info", f"{call.label} is on {vm.host} now; it was on {last.host} when this stack looked last"
            )

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Move the machine to its place."""
        call, managed = current.get(), managed_id(id_, olds)
        fleet = self._fleets().of(call.stack)
        check_in_file(fleet, call.label)
        fleet.arrival.agree(call.label)
        asked = fleet.clock.now()
        with fleet.run_order.under_way(call.label):
            with fleet.admission.expecting(), briefly(call.label, news, fleet):
                spec = spec_of(fleet, call.label)
                meant = meant_by(spec, managed, news)
                spec = spec if spec.id == meant else managed_spec(fleet, call.label)
                vm = fleet.find(spec, meant, sweep=fleet.readings.for_order(meant, asked))
                check_takeover(fleet, call.label, managed, meant)
                keep(fleet, call, vm.id)
            past = replace(past_in(olds), home=home_in(news))
            return UpdateResult(bring(fleet, call, vm, news, past, asked))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Forget the machine; it stays where it is, as it is."""
        call = current.get()
        fleet = self._fleets().of_reader(call.stack)
        if fleet is not None and (trouble := fleet.identities.forget(call.label)):
            call.say("warning", trouble)


def _managed(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: outputs[name] for name in PLACED if name in outputs}

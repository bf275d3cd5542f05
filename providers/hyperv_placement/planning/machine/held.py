"""Which hold keeps a machine where it is: its own, or those of every host that it could go to."""

from __future__ import annotations

from datetime import UTC

from hyperv_placement.model.calendar import Day, spelled
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Hold, Stack, VmSpec

from .displaced import is_displaced, ways_out


def holding(stack: Stack, spec: VmSpec, vm: VirtualMachine) -> Hold | None:
    """Return the hold that keeps `vm` where it is, None where none does. `stack`: as it counts that day (`Stack.on`)."""
    if not stack.holds:
        return None
    own = next((each for each in stack.holds if each.label == spec.label), None)
    if own is not None:
        return own
    wanted = _wanted(stack, spec)
    if not wanted or vm.host in wanted or not all(map(stack.holds_host, wanted)):
        return None
    return next(each for each in stack.holds if each.host in wanted)


def named(hold: Hold) -> str:
    """Return what is held, until when, why, and who says so since when, by the clocks of its last day."""
    zone = hold.until.zone if isinstance(hold.until, Day) else UTC
    by = f", by {hold.by} since {spelled(hold.since, zone)}" if hold.by else ""
    return f"{hold.host or hold.label} is held until {hold.until}: {hold.reason}{by}"


def aim(stack: Stack, spec: VmSpec, vm: VirtualMachine) -> HostName:
    """Return where a machine that is held would belong: its pin, the first host of its list, or the host it is on."""
    wanted = _wanted(stack, spec)
    return vm.host if not wanted or vm.host in wanted else wanted[0]


def _wanted(stack: Stack, spec: VmSpec) -> tuple[HostName, ...]:
    """Return the hosts of an entry less those in maintenance, else those that maintenance leaves it; none for a machine without a host."""
    if is_displaced(stack, spec):
        return ways_out(stack.maintenance, stack.hosts, spec, stack.rules)
    return tuple(name for name in spec.hosts if name not in stack.maintenance)

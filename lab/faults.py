"""Faults as rules: what should go wrong, at which host or machine, how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """What a kind of fault does, and how often unless told otherwise."""

    meaning: str
    times: int | None
    """Default number of times; None: until it is cleared."""


KINDS = {
    "migration-fails": FaultKind(meaning="a migration job ends in Exception at --after percent", times=1),
    "migration-warns": FaultKind(
        meaning="a migration job moves all and ends in CompletedWithWarnings (32768)", times=1
    ),
    "check-fails": FaultKind(meaning="CheckVirtualSystemIsMigratable ends in Exception", times=1),
    "refuse-start": FaultKind(
        meaning="MigrateVirtualSystemToHost returns --error and starts nothing", times=1
    ),
    "drop-answer": FaultKind(
        meaning="a migration is accepted, the connection cut before the answer", times=1
    ),
    "job-vanishes": FaultKind(meaning="a job is gone as soon as it has ended", times=1),
    "stall": FaultKind(meaning="a job stays at --after percent until the fault is cleared", times=1),
    "host-down": FaultKind(
        meaning="a host accepts no connections and takes part in no migration", times=None
    ),
    "slow": FaultKind(meaning="a host answers --seconds late", times=None),
    "unavailable": FaultKind(meaning="a host answers HTTP 503 without SOAP", times=1),
    "login-lost": FaultKind(meaning="a host forgets who has logged on on a connection: HTTP 401", times=1),
    "wsman-fault": FaultKind(meaning="a request (--operation) is answered with the fault --error", times=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule. Where host, vm or operation is None it fits any."""

    id: int
    kind: str
    host: str | None = None
    """Label of the host."""
    vm: str | None = None
    """GUID of the machine."""
    operation: str | None = None
    """Name of a WS-Man operation or CIM method: `Enumerate`, `Pull`, `Get`, `MigrateVirtualSystemToHost`."""
    left: int | None = None
    """How many times more; None: until cleared."""
    after: int = 5
    """Percent at which a job fails or stalls."""
    code: int | None = None
    """HRESULT, ReturnValue or fault code, by kind."""
    text: str = ""
    seconds: float = 5.0

    def fits(self, kind: str, host: str | None, vm: str | None, operation: str | None) -> bool:
        """Say whether the rule speaks of this occasion."""
        return (
            self.kind == kind
            and self.host in (None, host)
            and self.vm in (None, vm)
            and self.operation in (None, operation)
        )


class Faults:
    """The rules in force; `changed` is called whenever one comes, is used up or goes."""

    def __init__(self, changed: Callable[[], None], rules: list[Fault] | None = None) -> None:
        """Start with `rules`."""
        self._changed = changed
        self.rules = list(rules or ())

    def add(self, fault: Fault) -> Fault:
        """Add a rule under the next free id and return it."""
        numbered = replace(fault, id=max((rule.id for rule in self.rules), default=0) + 1)
        self.rules.append(numbered)
        self._changed()
        return numbered

    def clear(self, fault_id: int | None = None) -> int:
        """Drop the rule `fault_id`, or all; return how many went."""
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if fault_id is not None and rule.id != fault_id]
        self._changed()
        return before - len(self.rules)

    def find(
        self, kind: str, *, host: str | None = None, vm: str | None = None, operation: str | None = None
    ) -> Fault | None:
        """Return the first rule that fits and has uses left, without using it."""
        return next((r for r in self.rules if r.left != 0 and r.fits(kind, host, vm, operation)), None)

    def take(
        self, kind: str, *, host: str | None = None, vm: str | None = None, operation: str | None = None
    ) -> Fault | None:
        """Return the first rule that fits and count it as used once."""
        rule = self.find(kind, host=host, vm=vm, operation=operation)
        if rule is not None and rule.left is not None:
            spent = replace(rule, left=rule.left - 1)
            self.rules = [spent if r.id == rule.id else r for r in self.rules]
            self._changed()
        return rule

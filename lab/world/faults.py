"""Faults as rules: what should go wrong, at which host or machine, how often."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """What a kind of fault does, and how often by default."""

    meaning: str
    times: int | None
    """Default number of times; None: until it is cleared."""
    most: int = 0xFFFFFFFF
    """The largest code that fits where --error is shown."""


def _job(meaning: str, most: int = 0xFFFFFFFF) -> FaultKind:
    return FaultKind(meaning=meaning, times=1, most=most)


def _host(meaning: str) -> FaultKind:
    return FaultKind(meaning=meaning, times=None)


_YEAR = 365 * 24 * 3600
KINDS = {
    "migration-fails": _job("a migration job ends in Exception at --after percent"),
    "migration-warns": _job(
        "a migration job moves all and ends in CompletedWithWarnings (32768); --error: its words, ` | ` between two"
    ),
    "completes-with-code": _job(
        "a migration job moves all and ends in Completed with ErrorCode --error (32768)", most=0xFFFF
    ),
    "completes-unmoved": _job("a migration job ends in Completed, and nothing has moved"),
    "fails-moved": _job("a migration job moves all and ends in Exception, with --error as its words or code"),
    "disks-left": _job("a migration job succeeds and leaves the disks' files at the source, too"),
    "source-stays": _job("a migration job succeeds, and the machine is still realized at the source as well"),
    "planned-left": _job("a migration job, however it ends, leaves its planned machine at the destination"),
    "heartbeat-lost": _job("a machine's guest does not answer the heartbeat after its move"),
    "vm-renamed": _job("a machine is called --error when its move ends (its name and `-old`)"),
    "vm-deleted": _job("a machine is deleted when its move ends; its files stay"),
    "vm-turned-off": _job("a machine's guest has shut down when its move ends"),
    "vm-moved-on": _job(
        "a machine is on the host --error when its move ends (the first that is neither end), if that has the memory"
    ),
    "check-fails": _job("CheckVirtualSystemIsMigratable ends in Exception"),
    "refuse-start": _job("MigrateVirtualSystemToHost returns --error and starts nothing"),
    "refuse-whole-settings": _host(
        "a host returns 32773 for NewSystemSettingData that has more than InstanceID and folders"
    ),
    "settings-ignored": _host(
        "ModifyServiceSettings returns 0 and changes nothing, or not the properties --error names"
    ),
    "drop-answer": _job("a migration is accepted, the connection cut before the answer"),
    "bad-answer": _job(
        "a migration is accepted, and the answer is HTTP --error without SOAP (503, 401, 500 ..), or `broken`"
    ),
    "job-vanishes": _job("a job is gone as soon as it has ended"),
    "cancel-ignored": _job("a job that is asked to stop is said to have heard, and goes on to its end"),
    "stall": _job("a job stays at --after percent until the fault is cleared"),
    "host-restarts": _job("a host is down for --seconds; migrations that it takes part in are interrupted"),
    "disk-fills": _host(
        "a host's volumes are full from the moment when a migration to it is at --after percent"
    ),
    "host-down": _host("a host accepts no connections and takes part in no migration"),
    "slow": _host("a host answers --seconds late"),
    "clock-jumps": _job("a host's clock is --seconds further from now on; negative: behind"),
    "half-open": _host("a host accepts connections and says nothing on them"),
    "no-answer": _job("a request (--operation) is carried out, and nothing comes on its connection any more"),
    "answer-truncated": _job("an answer (--operation) ends at --after percent of its bytes"),
    "answer-garbled": _job("a hundredth of the bytes of an answer (--operation) is noise, by --seed"),
    "answer-doubled": _job("an answer (--operation) comes twice, in one body"),
    "answers-lost": _host("of a host's answers --after percent (5) are lost, by --seed: connections are cut"),
    "redirected": _job("a request is answered with HTTP 307 to --error, and not carried out"),
    "unavailable": _job("a host answers HTTP 503 without SOAP"),
    "login-lost": _job("a host forgets who has logged on on a connection: HTTP 401"),
    "login-refused": _host("a host forgets who has logged on, and refuses every login: HTTP 401"),
    "password-changed": _host(
        "a host forgets who has logged on, and takes only the password --error (without a directory)"
    ),
    "certificate-changed": _host("a host shows a certificate of another authority, on new connections alone"),
    "right-lost": _host("a host denies every request, or each --operation: access denied"),
    "wsman-fault": _job("a request (--operation) is answered with the fault --error"),
}
WORDS = frozenset(
    {"migration-warns", "vm-renamed", "vm-moved-on", "settings-ignored", "redirected", "password-changed"}
)
"""Kinds whose --error is a name, a password, an address or words, also where it looks like a number."""


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
    """How late an answer comes (of the machine that the lab runs on), or for how long a host is down (of the lab)."""
    seed: int = 0
    """What is left to chance goes by this number: the same rule does the same again."""
    since: datetime | None = None
    """When a rule that lasts has begun, by the lab's clock."""

    def fits(self, kind: str, host: str | None, vm: str | None, operation: str | None) -> bool:
        """Say whether the rule speaks of this occasion."""
        return (
            self.kind == kind
            and self.host in (None, host)
            and self.vm in (None, vm)
            and self.operation in (None, operation)
        )

    def unfit(self) -> str | None:
        """Return what no host could carry out in the rule, as one line; None where nothing is."""
        least = -_YEAR if self.kind == "clock-jumps" else 0
        if not math.isfinite(self.seconds) or not least <= self.seconds <= _YEAR:
            return f"{self.kind} takes --seconds from {least} to {_YEAR}, not {self.seconds:g}"
        most = KINDS[self.kind].most
        if self.code is not None and not 0 <= self.code <= most:
            return f"{self.kind} takes a code from 0 to {most} as --error, not {self.code}"
        return None


class Faults:
    """The rules in force; `changed` is called whenever one comes, is used up or goes."""

    def __init__(self, changed: Callable[[], None], rules: list[Fault] | None = None) -> None:
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

    def change(self, rule: Fault, **changes: Any) -> None:
        """Keep a rule in another state."""
        self.rules = [replace(rule, **changes) if each.id == rule.id else each for each in self.rules]
        self._changed()

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

"""A finding: what an operator must know before a move, with an id that `placement explain` and the documentation know.

The planner, the doctor and the reader of stack files report the same kind of value. The ids are declared in
`codes/findings.yaml`; a test holds the code and that catalogue to each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from hyperv_placement.visible import visible, visible_lines

from .names import HostName


class Severity(StrEnum):
    """What a finding does to its subject: a refusal stops it, a warning does not."""

    WARNING = "warning"
    REFUSAL = "refusal"


class Topic(StrEnum):
    """Why the planner treats a finding differently from a plain obstacle."""

    OBSTACLE = "obstacle"
    ROOM = "room"
    """Room is short now and may become free: a place in the schedule answers it."""
    PASSING = "passing"
    """What the machine is busy with passes by itself: a run may wait for that, where the stack file says so."""
    IDENTITY = "identity"
    """Which machine an entry means is in question: drift reports it even where nothing moves."""
    RULE = "rule"
    """A rule of the stack file would not hold in the end; alone it stops nothing."""
    FILE_NAME = "file name"
    """Another machine has the file's name or will get it: only the plan as a whole shows that."""
    ORDER = "order"
    """A move that finds no room or no safe order beside the others: only the plan as a whole shows that."""
    PROOF = "proof"
    """The text is a proof of several lines. In any other text a line end is part of a name, and is escaped."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about."""

    name: str
    """As it is shown: `hv1`, `hv1 -> hv2`, `web01 to hv2`, `directory`, `stacks/lab.yaml:12`."""
    is_hosts: bool = False
    """Whether it is about hosts, so that every move from or to them has it."""

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @classmethod
    def host(cls, name: str) -> Self:
        """Return a host, or several of them that one line names."""
        return cls(name, is_hosts=True)

    @classmethod
    def pair(cls, source: HostName, destination: HostName) -> Self:
        """Return the two ends of a move."""
        return cls(f"{source} -> {destination}", is_hosts=True)

    @classmethod
    def machine(cls, label: str, destination: HostName | None = None) -> Self:
        """Return a machine, on its way to a host where one is given."""
        return cls(label if destination is None else f"{label} to {destination}")

    @classmethod
    def line(cls, file: str, line: int) -> Self:
        """Return a line of a stack file; 0 stands for the file as a whole."""
        return cls(f"{file}:{line}" if line else file)


DIRECTORY, TICKET = Subject("directory"), Subject("ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an operator must know: one line, and the way out. Made by `Finding.refusal` and `Finding.warning`."""

    id: str
    """A row of the catalogue."""
    severity: Severity
    text: str
    remedy: str = ""
    subject: Subject | None = None
    """None where whoever holds the finding is its subject: a step of the plan, or the plan as a whole."""
    breaks: str = ""
    """What does not work because of it, as the doctor reports it."""
    topic: Topic = Topic.OBSTACLE

    def __post_init__(self) -> None:
        """Refuse a finding that nobody could look up."""
        if not self.id:
            raise ValueError(f"a finding needs an id of the catalogue: {self.text}")

    @classmethod
    def refusal(
        cls,
        finding_id: str,
        text: str,
        remedy: str = "",
        *,
        subject: Subject | None = None,
        breaks: str = "",
        topic: Topic = Topic.OBSTACLE,
    ) -> Self:
        """Return a finding that stops its subject."""
        return cls(
            id=finding_id, severity=Severity.REFUSAL, text=text, remedy=remedy, subject=subject, breaks=breaks,
            topic=topic,
        )  # fmt: skip

    @classmethod
    def warning(
        cls,
        finding_id: str,
        text: str,
        remedy: str = "",
        *,
        subject: Subject | None = None,
        breaks: str = "",
        topic: Topic = Topic.OBSTACLE,
    ) -> Self:
        """Return a finding that stops nothing."""
        return cls(
            id=finding_id, severity=Severity.WARNING, text=text, remedy=remedy, subject=subject, breaks=breaks,
            topic=topic,
        )  # fmt: skip

    @property
    def refuses(self) -> bool:
        """Whether it stops its subject."""
        return self.severity == Severity.REFUSAL

    @property
    def is_of_hosts(self) -> bool:
        """Whether every move between the hosts has it, whichever machine moves."""
        return self.subject is not None and self.subject.is_hosts

    @property
    def is_transient(self) -> bool:
        """Whether a place in the schedule answers it."""
        return self.topic == Topic.ROOM

    @property
    def is_of_whole_plan(self) -> bool:
        """Whether the machine's own move would not show it."""
        return self.topic in {Topic.FILE_NAME, Topic.ORDER}

    @property
    def lacks_order(self) -> bool:
        """Whether another place to step aside to could be the way out."""
        return self.topic == Topic.ORDER or self.id == "file-name-deadlock"

    @property
    def breaks_a_rule(self) -> bool:
        """Whether a rule of the stack file would not hold in the end."""
        return self.topic == Topic.RULE

    @property
    def lines(self) -> list[str]:
        """The text as the lines of a proof; of any other finding it is one."""
        return self.text.split("\n") if self.topic == Topic.PROOF else [self.text]

    def about(self, subject: Subject, breaks: str = "") -> Self:
        """Return the same finding about `subject`, with what it breaks there."""
        return replace(self, subject=subject, breaks=breaks)

    def __str__(self) -> str:
        """Text and remedy as one line, or as the lines of a proof; control characters from hosts and files are escaped."""
        text = visible_lines(self.text) if self.topic == Topic.PROOF else visible(self.text)
        return f"{text}. {visible(self.remedy)}" if self.remedy else text

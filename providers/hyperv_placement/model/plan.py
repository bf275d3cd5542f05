"""What separates desired from actual state, as values: placements, a plan and its schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum

from .estate import VirtualMachine
from .finding import Finding
from .identity import NOTHING_KEPT, Home, Kept
from .move import Move
from .names import HostName, VmId
from .others import OthersSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one machine is to be: resolved to full paths, file by file. None = not managed."""

    host: HostName | None = None
    allowed: tuple[HostName, ...] = ()
    """Every host it may be on, where more than one is."""
    config: str | None = None
    checkpoints: str | None = None
    paging: str | None = None
    disks: Mapping[str, str] = field(default_factory=dict)
    """Slot -> full path of the file."""
    guest_state: str | None = None
    """Told of a whole placement only; of others it goes where the configuration goes, if it lies there now."""
    frozen: Mapping[str, str] = field(default_factory=dict)
    """InstanceID -> full path, of disks of checkpoints; known of a whole placement only; elsewhere it follows from `disks`."""

    @property
    def leaves_files(self) -> bool:
        """Whether it says of no file or folder where it is to be."""
        folders = (self.config, self.checkpoints, self.paging, self.guest_state)
        return not self.disks and not self.frozen and folders == (None, None, None, None)


class Standing(StrEnum):
    """How a declared machine stands."""

    IN_PLACE = "in place"
    MOVE = "move"
    WAITING = "waiting"
    """It is to move, and not in this run: its windows are shut, or what it needs comes free in another one."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    MISSING = "missing"
    AMBIGUOUS = "ambiguous"
    MOVED_BY_OTHERS = "moved by others"
    HELD = "held"
    """It is not in its place and stays where it is, for a hold says so."""


_GOES = frozenset({Standing.IN_PLACE, Standing.MOVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One declared machine in a plan: where it is, where it is to be, what is ordered for it."""

    label: str
    standing: Standing
    placement: Placement
    vm: VirtualMachine | None = None
    vm_id: VmId | None = None
    move: Move | None = None
    reason: str = ""
    """Why it is to be there: where that is declared, or what makes it go."""
    under_way: bool = False
    """Whether a job that does it runs already: it is followed, and nothing is started."""
    findings: tuple[Finding, ...] = ()
    home: Home | None = None
    """Where it goes back to once that host is out of maintenance; None where it was not driven away."""
    seen_otherwise: bool = False
    """Whether an earlier sweep of the same look had it in one place, and the last one had not."""
    excused: str = ""
    """Why it does not count that it is not in its place: it is snoozed, or its host is away, a hold keeps it; empty where it counts."""

    @property
    def returns(self) -> bool:
        """Whether its move takes it back to where it was before maintenance."""
        return self.move is not None and self.home is not None and self.move.destination == self.home.host

    @property
    def waits(self) -> bool:
        """Whether its move waits for what the machine is busy with, such as a backup."""
        return any(each.id == "activity-waited-for" for each in self.findings)

    @property
    def left_out(self) -> bool:
        """Whether a run neither finds it in place nor moves it."""
        return self.standing not in _GOES

    @property
    def fails(self) -> bool:
        """Whether a run that leaves it so has not done what is declared."""
        return self.left_out and not self.excused


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledMove:
    """One order to a host, and when."""

    label: str
    move: Move
    placement: Placement
    """Where the machine is to be after it, whole: host, every folder and every file. Orders are written from it."""
    start: float
    """Seconds from the start of the run."""
    end: float
    after: tuple[int, ...]
    """Numbers, in the schedule, of the moves that must have ended: they free what this one needs."""
    spare: tuple[int, ...] = ()
    """Those of `after` of which it needs nothing: a rule (n_plus_1) would not hold while both are on their way."""
    evacuates: bool = False
    """Whether it empties a host in maintenance, so that it is made whatever becomes of a rule."""
    behind: tuple[int, ...] = ()
    """Numbers of the moves whose links it takes over: it starts when they have ended, whether they were made or not."""
    bytes: int = 0
    """What is copied: files, and memory of a machine that runs."""
    blackout: float = 0.0
    """Seconds, roughly, for which the machine stands still; no host reports the real ones."""
    reason: str = ""
    """Why: where it is declared, or for whom it makes room."""
    aside: bool = False
    """Whether it only makes room: the machine goes on from there."""

    @property
    def needs(self) -> tuple[int, ...]:
        """Those of `after` without which it is not made: to empty a host no rule is waited for in vain."""
        if not (self.evacuates and self.spare):
            return self.after
        return tuple(number for number in self.after if number not in self.spare)

    @property
    def follows(self) -> tuple[int, ...]:
        """Those that it lets go first, whether they are made or not."""
        return (*self.behind, *self.spare) if self.evacuates else self.behind

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All moves of a run, in the order of their starts."""

    moves: tuple[ScheduledMove, ...] = ()
    bound: float = 0.0
    """Seconds that no schedule can beat."""
    refused: Mapping[str, Finding] = field(default_factory=dict)
    """Label -> why a machine is not moved, where that is known from the plan as a whole and not from its own move."""
    _of: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the moves: each of a thousand is looked for."""
        numbers: dict[str, tuple[int, ...]] = {}
        for number, each in enumerate(self.moves):
            numbers[each.label] = (*numbers.get(each.label, ()), number)
        object.__setattr__(self, "_of", numbers)

    @property
    def seconds(self) -> float:
        """When the last move ends."""
        return max((each.end for each in self.moves), default=0.0)

    @property
    def bytes(self) -> int:
        """What is copied in all."""
        return sum(each.bytes for each in self.moves)

    @property
    def waves(self) -> tuple[int, ...]:
        """By move: 1 for one that waits for none, otherwise one more than the highest of those it waits for."""
        found: list[int] = []
        for each in self.moves:  # who waits starts later
            found.append(1 + max((found[number] for number in each.after), default=0))
        return tuple(found)

    @property
    def blackout(self) -> float:
        """Seconds, roughly, for which machines stand still, all of them together."""
        return sum(each.blackout for each in self.moves)

    def legs(self, label: str) -> tuple[int, ...]:
        """Return the numbers of a machine's moves, one after the other."""
        return self._of.get(label, ())

    def moves_of(self, label: str) -> tuple[Move, ...]:
        """Return a machine's orders, one after the other."""
        return tuple(self.moves[number].move for number in self.legs(label))

    def whole(self, number: int) -> bool:
        """Say whether a move is the only one of its machine, so that the engine can order it."""
        return len(self.legs(self.moves[number].label)) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How good the answer is where the stack file leaves hosts to choose."""

    machines: int
    """How many have more than one host that they may be on."""
    bytes: int
    """What is moved for it."""
    least: int
    """What every choice moves at least."""
    proved: bool
    """Whether all of them found a place by it, and no choice moves fewer bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The declared machines of a run, in the order of the stack file."""

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...] = ()
    """Of the estate as a whole: hosts that did not answer, broken rules, the guard."""
    schedule: Schedule = Schedule()
    """The moves in time; empty while it is not known what the hosts have room for."""
    choice: Choice | None = None
    """None where every machine has one host."""
    known: Kept = NOTHING_KEPT
    """By what machines were identified, beside the names and ids of the stack file."""
    silent: tuple[HostName, ...] = ()
    """Hosts that did not answer and that nobody has declared away."""
    stuck: tuple[tuple[str, ...], ...] = ()
    """Labels of machines that stay because there is no room for them in the end, or no safe order, those of one cause together."""
    outside: tuple[Step, ...] = ()
    """Declared machines that are no part of this run (`--target`, `--exclude`): they stay where they are, and do not count."""
    others: OthersSeen | None = None
    """Machines on the hosts that are somebody else's; None where the stack file does not say of any (`others:`)."""
    zone: tzinfo = UTC
    """By whose clocks the stack's days begin and end, and its moments are shown."""
    put_off: tuple[Step, ...] = ()
    """Machines that would go back to where they were before maintenance and cannot now, as their moves were refused; in `steps` they stay."""

    @property
    def moves(self) -> tuple[Move, ...]:
        """The moves that will be ordered."""
        return tuple(
            step.move for step in self.steps if step.move is not None and step.standing == Standing.MOVE
        )

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Why nothing of the plan may run: the guard, entries that contradict each other; with `all_or_nothing` no safe order."""
        return tuple(each for each in self.findings if each.refuses)

    @property
    def broken_rules(self) -> tuple[Finding, ...]:
        """Rules of the stack file that would not hold in the end; alone they stop nothing."""
        return tuple(each for each in self.findings if each.breaks_a_rule)

    @property
    def left_out(self) -> tuple[Step, ...]:
        """Declared machines that the run neither finds in place nor moves: refused, unknown, missing, moved by others, held."""
        return tuple(step for step in self.steps if step.left_out)

    @property
    def failing(self) -> tuple[Step, ...]:
        """Those of them that count: neither snoozed, held, nor on a host that is away."""
        return tuple(step for step in self.steps if step.fails)

    @property
    def starts(self) -> tuple[Move, ...]:
        """What the run starts: what does not run already, by its schedule, with the moves that only make room."""
        new = [
            step
            for step in self.steps
            # A machine in its place that steps aside is moved as well.
            if (step.standing == Standing.MOVE and not step.under_way)
            or (step.standing == Standing.IN_PLACE and self.schedule.legs(step.label))
        ]
        return tuple(
            move for step in new for move in self.schedule.moves_of(step.label) or filter(None, (step.move,))
        )

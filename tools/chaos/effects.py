"""How each kind of disturbance is begun and ended."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from lab.world import person
from lab.world.faults import KINDS, WORDS, Fault
from lab.world.person import CommandError

from .disturbances import CLOCK, FILES, KILLS, NEEDS_ERROR, PASSWORD, PERSONS, RUNS, TICKET, Disturbance
from .moments import Moment
from .place import OTHER, STACK
from .processes import ENGINE, PLUGIN, ROLES
from .scene import Scene

_UP = ("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack")
_STOPPED: Mapping[str, tuple[str, ...]] = {
    "stop-engine": (ENGINE,),
    "stop-plugin": (PLUGIN,),
    "stop-all": tuple(ROLES),
}
_TURNS_S = (-5400, -600, -30, 30, 600, 5400)
"""By how much the clock of the computer that runs things is set, in seconds."""
_PRESSED = {"sigint": signal.SIGINT, "sigint-twice": signal.SIGINT, "sighup": signal.SIGHUP}


class Effects:
    """Disturbs one scene."""

    def __init__(self, scene: Scene) -> None:
        """Disturb nothing yet."""
        self._scene = scene
        self._ends: list[Callable[[], None]] = []
        self.done: list[str] = []
        """What has come about, in its order; once ended, without faults that nothing has met."""
        self._rules: dict[int, int] = {}
        """How often each rule that is used up was to be met."""
        self._of_rule: dict[str, int] = {}

    def begin(self, what: Disturbance) -> bool:
        """Do it; return False where it cannot be done yet."""
        end = self._begun(what)
        if end is None:
            return False
        self.done.append(str(what))
        self._ends.append(end)
        self._scene.lab.triggers.at(Moment(event="step", count=what.steps), lambda: self._end(end))
        return True

    def end(self) -> None:
        """End all that lasts."""
        self._scene.lab.triggers.clear()
        with self._scene.lab.world.lock:
            for end in list(self._ends):
                self._end(end)
            unused = {
                rule.id
                for rule in self._scene.lab.world.faults.rules
                if rule.left == self._rules.get(rule.id)
            }
            self.done = [each for each in self.done if self._of_rule.get(each) not in unused]
            for rule in self._scene.lab.world.faults.rules:
                if rule.kind != PASSWORD:  # which stays changed: who operates has written it into the file
                    self._scene.lab.world.faults.clear(rule.id)

    def _end(self, end: Callable[[], None]) -> bool:
        if end in self._ends:
            self._ends.remove(end)
            end()
        return True

    def _begun(self, what: Disturbance) -> Callable[[], None] | None:
        """Begin a disturbance and return what ends it; None where it cannot begin yet."""
        ways: Sequence[tuple[Collection[str], Callable[[Disturbance], Callable[[], None] | None]]] = (
            (KINDS, self._fault),
            (PERSONS, self._person),
            (FILES, self._file),
            (RUNS, self._another_run),
            ((TICKET,), self._ticket),
            ((CLOCK,), self._clock),
        )
        for kinds, begin in ways:
            if what.kind in kinds:
                return begin(what)
        return self._relayed(what) if what.kind.startswith("relay-") else self._signalled(what)

    def _signalled(self, what: Disturbance) -> Callable[[], None] | None:
        run = self._scene.run
        if what.kind in KILLS:
            return _nothing if run.signal(KILLS[what.kind], signal.SIGKILL) else None
        if what.kind in _STOPPED:
            roles = _STOPPED[what.kind]
            return (lambda: _go_on(run.signal, roles)) if run.signal(roles, signal.SIGSTOP) else None
        if what.kind == "sigterm":
            return _nothing if run.signal((ENGINE,), signal.SIGTERM) else None
        if not run.press(_PRESSED[what.kind]):
            return None
        if what.kind == "sigint-twice":
            again = Moment(event="step", count=1 + what.number % 4)
            self._scene.lab.triggers.at(again, lambda: run.press(signal.SIGINT) or True)
        return _nothing

    def _fault(self, what: Disturbance) -> Callable[[], None] | None:
        world, kind = self._scene.lab.world, what.kind
        error: str | None = NEEDS_ERROR.get(kind)
        code = int(error, 0) if error and error[0].isdigit() and kind not in WORDS else None
        with world.lock:
            if kind == PASSWORD:
                return self._password(what)
            vm = person.find_vm(world, self._scene.label(what.vm)) if not what.of_host else None
            rule = world.faults.add(
                Fault(
                    id=0, kind=kind, left=KINDS[kind].times, host=what.host if what.of_host else None,
                    vm=vm.id if vm else None, operation=what.operation, code=code,
                    text="" if code is not None or error is None else error,
                    after=5 + what.number % 90, seconds=_seconds(kind, what.number), seed=what.number,
                )
            )  # fmt: skip
        lasts = KINDS[kind].times is None or kind == "stall"
        if not lasts:
            self._rules[rule.id], self._of_rule[str(what)] = 1, rule.id
        return (lambda: _cleared(world, rule.id)) if lasts else _nothing

    def _password(self, what: Disturbance) -> Callable[[], None]:
        """Have all hosts take another password; who operates writes it into the file when it is over."""
        world, scene = self._scene.lab.world, self._scene
        for host in world.hosts:
            world.faults.add(Fault(id=0, kind=what.kind, host=host, text=scene.account.password))
        return scene.write_new_password

    def _ticket(self, _what: Disturbance) -> Callable[[], None]:
        """Have the ticket end, and with it each login that it was good for; who operates logs on again when it is over."""
        world, tickets = self._scene.lab.world, self._scene.tickets
        assert tickets is not None  # noqa: S101 - rounds in a directory alone have this kind
        tickets.expire()
        with world.lock:
            rules = [
                world.faults.add(Fault(id=0, kind="login-lost", host=host, left=None)) for host in world.hosts
            ]

        def renewed() -> None:
            tickets.fetch()
            for rule in rules:
                _cleared(world, rule.id)

        return renewed

    def _clock(self, what: Disturbance) -> Callable[[], None]:
        """Set the clock of the computer that runs things, until it is set right again."""
        clock = self._scene.clock
        assert clock is not None  # noqa: S101 - rounds of this kind have one
        clock.turn(_TURNS_S[what.number % len(_TURNS_S)])
        return lambda: clock.turn(0)

    def _relayed(self, what: Disturbance) -> Callable[[], None] | None:
        relay = self._scene.relays[what.host]
        relay.disturb(what.kind.removeprefix("relay-"))
        return lambda: relay.disturb("")

    def _person(self, what: Disturbance) -> Callable[[], None] | None:
        world, label = self._scene.lab.world, self._scene.label(what.vm)
        try:
            match what.kind:
                case "person-moves":
                    here = person.find_vm(world, label).host
                    hosts = [host for host in world.hosts if host != here]
                    person.move(world, label, hosts[what.number % len(hosts)])
                case "person-renames":
                    person.rename(world, label, f"{label}-renamed")
                case "person-turns-off":
                    person.turn_off(world, label)
                case _:
                    person.delete(world, label)
        except CommandError:  # busy, or there is no room: perhaps later
            return None
        return _nothing

    def _file(self, what: Disturbance) -> Callable[[], None] | None:
        scene, place = self._scene, self._scene.place
        match what.kind:
            case "disk-full":
                place.fill()
                return place.make_room
            case "read-only":
                return (lambda: _ignored(place.remount("rw"))) if place.remount("ro") else None
            case _:
                start = scene.case.start
                scene.declare(start.after if scene.declared == start.before else start.before)
                return _nothing

    def _another_run(self, what: Disturbance) -> Callable[[], None]:
        stack = OTHER if what.kind == "two-stacks" else STACK
        if stack == OTHER:
            self._scene.declare(self._scene.case.start.after, OTHER)
        self._scene.start_beside(*_UP, stack)
        return _nothing


def _nothing() -> None:
    """End what does not last."""


def _ignored(_: Any) -> None:
    """End with no answer."""


def _go_on(send: Callable[[tuple[str, ...], int], bool], roles: tuple[str, ...]) -> None:
    send(roles, signal.SIGCONT)


def _cleared(world: Any, rule: int) -> None:
    with world.lock:
        world.faults.clear(rule)


def _seconds(kind: str, number: int) -> float:
    """Return how late a slow host answers, for how long one is down, or by how much its clock jumps."""
    return {"slow": 1.0 + number % 3, "host-restarts": 3.0 + number % 10}.get(kind, (number % 7 - 3) * 1800.0)

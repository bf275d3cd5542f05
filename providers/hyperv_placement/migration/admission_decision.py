"""Decides, for everybody in an admission at once, who starts, who reads what, who waits, and who waits for nothing. Pure.

The states and the rules are explained in admission_states.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import Reserve

from .admission_states import MAY_STILL_FREE, Event, Gate, Key, Look, Participant, State
from .needs import Needs, Running, shortage

NO_ROOM_MAX_AGE_S = 4.0
"""For so long a reading that showed no room is believed."""
LIVE_MAX_AGE_S = 0.5
"""For so long a reading that showed room is good enough to start by: what we started since is in the ledger, and what
others start in that time may cost us the race for a slot, which is run again."""
REST_S = 1.0
"""Between a look that found no room and the next one, where hosts take longer to answer than a reading is believed."""
SILENT_S = 120.0
"""For so long the host of a move out of sight may be silent before nobody waits for that move any more."""
SETTLED_S = 10.0
"""Without any start, end or newcomer for so long, waiting for nothing is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Why one goes on waiting."""

    reason: str
    yields: bool = False
    """Whether it has room, and lets another one go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done now. Who waits and is in none of it has a host that another one holds, and is judged after it."""

    starts: tuple[Key, ...]
    looks: Mapping[Key, Look]
    """Who reads which hosts."""
    seeks: Mapping[Key, Key]
    """Who of those that wait -> the UNSEEN move that it looks for meanwhile."""
    waits: Mapping[Key, Wait]
    hopeless: tuple[Key, ...]
    """Who of those that wait waits for nothing."""
    again: float
    """When to decide again although nothing has happened until then."""


def decide(gate: Gate, reserves: Mapping[HostName, Reserve], now: float) -> Decision:
    """Return what is to be done; `reserves`: what is kept free on each host.

    One after the other is judged by the room that those before it leave: first whoever has just read its hosts, as nobody
    will have a younger reading, then by rank. Hosts that nobody holds after that are read, by `_turn_to_look`.
    """
    starts: list[Key] = []
    looks: dict[Key, Look] = {}
    waits: dict[Key, Wait] = {}
    wanted: list[tuple[tuple[int, float], Key, Needs, Look]] = []
    held, running = gate.held(), gate.running()
    waiting = [found for found in gate.asking() if found[1].state is State.WAITING]
    for key, each, needs in sorted(waiting, key=lambda found: (found[1].look is None, found[1].rank)):
        if not held.isdisjoint(needs.hosts):
            continue
        judged = _judged(gate, each, needs, running, reserves, now)
        if isinstance(judged, Wait):
            waits[key] = judged
        elif isinstance(judged, Look):
            wanted.append((_turn_to_look(gate, each, needs), key, needs, judged))
        else:
            starts.append(key)
            running.append(judged)
            held.update(needs.hosts)
    for _, key, needs, look in sorted(wanted, key=lambda each: each[0]):
        if held.isdisjoint(needs.hosts):
            looks[key] = look
            held.update(needs.hosts)
    seeks = dict(_seeks(gate, waits, now))
    hopeless = (
        () if starts else tuple(key for key in _hopeless(gate, waits, reserves, now) if key not in seeks)
    )
    moments = (moment for moment in _moments(gate, waits, now) if moment > now)
    return Decision(
        starts=tuple(starts), looks=looks, seeks=seeks, waits=waits, hopeless=hopeless,
        again=min(moments, default=math.inf),
    )  # fmt: skip


def carried_out(gate: Gate, decision: Decision, now: float) -> Gate:
    """Return the gate after a decision, and before anybody has acted on it."""
    for key, wait in decision.waits.items():
        rests_until = _rests_until(gate.participants[key], now)
        judged = -1 if wait.yields else gate.turn
        gate = gate.noted(key, judged=judged, reason=wait.reason, rests_until=rests_until, look=None)
    for key, lost in decision.seeks.items():
        gate = gate.after(key, Event.SEEK, now, seeks=lost)
    for key in decision.hopeless:
        gate = gate.after(key, Event.DESPAIR, now)
    for key, look in decision.looks.items():
        gate = gate.after(key, Event.LOOK, now, look=look)
    for key in decision.starts:
        gate = gate.after(key, Event.GRANT, now, since=now, look=None)
    return gate


def _judged(
    gate: Gate,
    each: Participant,
    needs: Needs,
    running: list[Running],
    reserves: Mapping[HostName, Reserve],
    now: float,
) -> Look | Wait | Running:
    """Return what one may do whose hosts nobody holds: read them, wait for a reason, or take its room."""
    believed = math.inf if now < _reads_again(gate, needs, each.rests_until) else NO_ROOM_MAX_AGE_S
    if old := _to_read(gate, each, needs, believed, now):
        return _look(each, old, NO_ROOM_MAX_AGE_S, now)
    facts = {host: gate.readings[host].facts for host in needs.hosts}
    if reason := shortage(needs, facts, running, reserves[needs.destination], gate.most):
        return Wait(reason=reason)
    if old := _to_read(gate, each, needs, LIVE_MAX_AGE_S, now):
        return _look(each, old, LIVE_MAX_AGE_S, now)
    mine = Running(needs=needs, since=now)
    return _who_goes_first(gate, each, mine, running, reserves) or mine


def _turn_to_look(gate: Gate, each: Participant, needs: Needs) -> tuple[int, float]:
    """Return whose turn it is to read hosts, the smallest first.

    After an end it goes by rank. Who only looks again because time has passed queues: by rank, those in front would keep
    a slow host busy for ever with looks that find no room.
    """
    if each.look is not None:
        return 0, each.rank
    if any(_is_spent(gate, needs, host) for host in needs.hosts):
        return 1, each.rank
    return 2, each.rests_until


def _is_spent(gate: Gate, needs: Needs, host: HostName) -> bool:
    """Say whether a host was not read since one of our moves there ended, or not for a machine that would come."""
    found = gate.readings.get(host)
    if found is None or found.ends != gate.ends.get(host, 0):
        return True
    return host == needs.destination and not found.arriving


def _look(each: Participant, hosts: tuple[HostName, ...], max_age: float, now: float) -> Look:
    """Return the permission to read hosts. While one is read the other may grow too old: all of it is one look then."""
    last = each.look
    begun = last.begun if last is not None and last.max_age <= max_age else now
    return Look(hosts=hosts, max_age=max_age, begun=begun)


def _to_read(gate: Gate, each: Participant, needs: Needs, max_age: float, now: float) -> tuple[HostName, ...]:
    """Return the hosts that have to be read before one is judged.

    What it has just read itself counts, however long that took: from a slow host no reading ever comes young enough.
    """
    begun = each.look.begun if each.look is not None and each.look.max_age <= max_age else math.inf

    def is_old(host: HostName) -> bool:
        read_at = gate.readings[host].facts.read_at
        return read_at < begun and now >= read_at + max_age

    return tuple(host for host in needs.hosts if _is_spent(gate, needs, host) or is_old(host))


def _reads_again(gate: Gate, needs: Needs, rests_until: float) -> float:
    """Return when the readings that showed no room are believed no longer."""
    read = [gate.readings[host].facts.read_at for host in needs.hosts if host in gate.readings]
    return max(min(read, default=-math.inf) + NO_ROOM_MAX_AGE_S, rests_until)


def _rests_until(each: Participant, now: float) -> float:
    return each.rests_until if each.look is None else now + REST_S


def _who_goes_first(
    gate: Gate,
    each: Participant,
    mine: Running,
    running: list[Running],
    reserves: Mapping[HostName, Reserve],
) -> Wait | None:
    """Return who goes before `each`: one of a smaller rank that has room by the last readings and would lose it."""
    ahead = [
        (other.rank, other.move.vm.name, needs)
        for _, other, needs in gate.asking()
        if other.rank < each.rank and other.move is not None and other.meets(mine.needs)
    ]
    for _, name, needs in sorted(ahead, key=lambda found: found[0]):
        if _has_room(gate, needs, running, reserves) and not _has_room(
            gate, needs, [*running, mine], reserves
        ):
            return Wait(reason=f"{name} goes first", yields=True)
    return None


def _has_room(gate: Gate, needs: Needs, running: list[Running], reserves: Mapping[HostName, Reserve]) -> bool:
    """Say whether the last readings show room, however old they are."""
    known = {host: gate.readings[host].facts for host in needs.hosts if host in gate.readings}
    if known.keys() != set(needs.hosts) or not gate.readings[needs.destination].arriving:
        return False
    return shortage(needs, known, running, reserves[needs.destination], gate.most) is None


def _seeks(gate: Gate, waits: Mapping[Key, Wait], now: float) -> Iterator[tuple[Key, Key]]:
    """Have each UNSEEN move looked for by one that waits at its hosts, unless somebody does, or has just done so."""
    sought = {each.seeks for _, each, _ in gate.asking()}
    free = list(waits)
    for lost, unseen in gate.unseen():
        if lost in sought or now < unseen.looked + NO_ROOM_MAX_AGE_S:
            continue
        for key, _, needs in gate.asking():
            if key in free and unseen.meets(needs):
                free.remove(key)
                yield key, lost
                break


def _hopeless(
    gate: Gate, waits: Mapping[Key, Wait], reserves: Mapping[HostName, Reserve], now: float
) -> Iterator[Key]:
    """Yield those that wait for nothing: the rules stand in admission_states.py."""
    if now < gate.turned + SETTLED_S or any(wait.yields for wait in waits.values()):
        return
    if any(each.state in MAY_STILL_FREE for each in gate.participants.values()):
        return
    running = gate.running()
    for key, each, needs in gate.asking():
        if key in waits:
            continue
        if each.judged != gate.turn or any(_is_spent(gate, needs, host) for host in needs.hosts):
            return
        if _has_room(gate, needs, running, reserves):
            return
    without = {key: needs for key, _, needs in gate.asking()}
    hoping = [needs for needs in without.values() if _hopes(gate, needs, now)]
    while hoping:  # who waits at a host of one that hopes, hopes as well
        hosts = set(hoping.pop().hosts)
        near = [key for key, needs in without.items() if not hosts.isdisjoint(needs.hosts)]
        hoping.extend(without.pop(key) for key in near)
    yield from (key for key in waits if key in without)


def _hopes(gate: Gate, needs: Needs, now: float) -> bool:
    """Say whether a move of somebody else, or one of ours out of sight, may yet end at the hosts of `needs`."""
    if any(each.meets(needs) and now < each.answered + SILENT_S for _, each in gate.unseen()):
        return True
    return any(
        found.facts.jobs or found.facts.migration.active_live or found.facts.migration.active_storage
        for host in needs.hosts
        if (found := gate.readings.get(host)) is not None
    )


def _moments(gate: Gate, waits: Mapping[Key, Wait], now: float) -> Iterator[float]:
    """Yield the moments at which time alone may change the decision for those that wait."""
    yield gate.turned + SETTLED_S
    for _, unseen in gate.unseen():
        yield unseen.looked + NO_ROOM_MAX_AGE_S
        yield unseen.answered + SILENT_S
    for key, each, needs in gate.asking():
        if key in waits:
            yield _reads_again(gate, needs, _rests_until(each, now))

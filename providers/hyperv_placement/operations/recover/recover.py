"""An interrupted run looked into: its lock, what it has torn, the state, and each machine that it had begun. Nothing is moved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hyperv_placement.audit.access import one_writer
from hyperv_placement.audit.origin import origin
from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError, of_this_computer
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.urn import read_urn
from hyperv_placement.planning.interrupted import Became
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.dead_handoffs import remove_dead
from hyperv_placement.workspace.engine_calls import NO_STACK, Answer, EngineCalls
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.locks import backend_folder, engines
from hyperv_placement.workspace.orphans import orphans
from hyperv_placement.workspace.stacks import project_name, stack_path
from hyperv_placement.workspace.torn_state import mend

from .hosts import Looker
from .lock import LockFound, LockState, Note, free_by_engine, free_in_folder
from .values import EngineFound, HostsFound, Pending, Recovery, joined
from .waiting import Say, wait_for_moves

_OTHERS_S = 120.0
"""Seconds to wait for another of these commands, which asks engine and hosts."""
_PREPARING_S = 60.0
"""Seconds to wait for a planned machine that is being made, or checked."""
_ORPHANS_S = 15.0
"""Seconds for a plugin to notice that its engine is gone, which takes one or two (plugin/engine_watch.py), and to end its calls."""
_BACKEND = "PULUMI_BACKEND_URL"
_REFRESH = ("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--suppress-outputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to recover, and how."""

    stack: str
    project: Path
    environ: Mapping[str, str]
    clock: Clock
    note: Note
    """Writes down that a lock is about to be removed."""
    taken_of: str | None = None
    """USER@HOST whose lock a person has given free; None where none was named."""
    wait: Say | None = None
    """Whether to wait for moves that go on: says how far they are; None where not."""


def recover(asked: Asked) -> Recovery:
    """Look into the last run of a stack of the project, and mend what it has left. Raises PlacementError.

    Where a run goes on, nothing of it is touched, and only what hosts show is reported.
    """
    with _alone(asked):
        found = Recovery(stack=asked.stack, lock=_lock_in_folder(asked))
        if found.lock.state is LockState.FREE:
            found = _mended(asked, replace(found, troubles=tuple(_left_by_plugins(asked))))
        calls = EngineCalls(asked.project, asked.stack, asked.environ)
        found = replace(found, engine=_asked_of_engine(calls))
        # Only now: a lock must come off a stack whose file is being mended, too.
        stack = load(stack_path(asked.stack, asked.project))
    with closing(Estate(stack.hosts, clock=asked.clock)) as estate:
        audit = AuditLog(
            audit_path(asked.project, asked.stack), clock=asked.clock,
            of=partial(origin, asked.environ, stack.path, stack.digest), required=stack.must_be_audited,
        )  # fmt: skip
        looker = Looker(stack=stack, estate=estate, audit=audit, kept=kept_of(stack, asked.project))
        with _alone(asked):
            found = _looked(asked, looker, found, calls)
        if _waited(asked, estate, found):
            with _alone(asked):
                found = _settled(looker, found, *looker.look(found.engine.pending, interrupted=True))
        return found


@contextmanager
def _alone(asked: Asked) -> Iterator[None]:
    """Keep two of this command apart: one would take the lock that the engine of the other has."""
    try:
        with one_writer(asked.project / ".pulumi" / "recover" / asked.stack, _OTHERS_S):
            yield
    except BlockingIOError as error:
        raise PlacementError(
            f"Another recover of {asked.stack} is at work on this computer", remedy="Wait for its end"
        ) from error


def _waited(asked: Asked, estate: Estate, found: Recovery) -> bool:
    """Wait for moves that go on where that is asked for, else for what a killed run has begun to prepare: that takes seconds.

    Return whether another look may show more.
    """
    going = [fate for fate in found.hosts.fates if fate.became is Became.GOES_ON]
    say = asked.wait or (lambda _line: None)
    if asked.wait is None:
        going = [fate for fate in going if fate.prepares and found.lock.state is LockState.FREE]
    try:
        wait_for_moves(estate, going, say, most=None if asked.wait else _PREPARING_S)
    except KeyboardInterrupt:
        say("Not waited for any longer; the moves go on at their hosts")
        return False
    return bool(going)


def _looked(asked: Asked, looker: Looker, found: Recovery, calls: EngineCalls) -> Recovery:
    interrupted = bool(found.lock.removed or found.engine.pending)
    hosts, inventory = looker.look(found.engine.pending, interrupted=interrupted)
    found = replace(found, hosts=hosts)
    # In a folder the lock was seen: without a trace of an interrupted run there is nothing to bring up to date.
    if (
        found.lock.state is LockState.FREE
        and found.engine.known
        and (found.interrupted or not _folder(asked))
    ):
        found = _refreshed(asked, found, calls)
        if found.lock.removed and not interrupted:
            hosts, inventory = looker.look(found.engine.pending, interrupted=True)
    return _settled(looker, found, hosts, inventory)


def _settled(looker: Looker, found: Recovery, hosts: HostsFound, inventory: Inventory) -> Recovery:
    """Write into the audit log what the interrupted run could not."""
    found = replace(found, hosts=hosts)
    if found.lock.state is not LockState.FREE:
        return found  # the run that holds the lock does so itself
    torn = _is_torn(looker.audit.path)
    trouble = looker.close(hosts, inventory)
    if trouble is None and (found.interrupted or torn):
        trouble = looker.audit.append({"event": "recover", "machines": len(hosts.fates)})
    if trouble:
        return replace(found, troubles=(*found.troubles, trouble))
    mended = ("the audit log's last line was torn; the next one says so",) if torn else ()
    return replace(found, mended=(*found.mended, *mended))


def _left_by_plugins(asked: Asked) -> Iterator[str]:
    """Wait for plugins whose engine was killed: until one has noticed it may order what it was about to. Yield those that stay."""
    begun = asked.clock.now()
    while (left := list(orphans(asked.project))) and asked.clock.now() - begun < _ORPHANS_S:
        asked.clock.wait(0.5)
    for pid in left:
        yield f"process {pid} is the plugin of a run whose engine is gone, and does not end: end it, then run this again"


def _lock_in_folder(asked: Asked) -> LockFound:
    if (backend := _folder(asked)) is None:
        return LockFound()
    try:
        return free_in_folder(backend, asked.stack, asked.taken_of, asked.note)
    except OSError as error:
        raise of_this_computer(error) from error


def _mended(asked: Asked, found: Recovery) -> Recovery:
    done, left, tidied = list[str](), list[str](), list[str]()
    try:
        if (backend := _folder(asked)) is not None:
            for each in mend(backend, project_name(asked.project), asked.stack):
                (done if each.done else left).append(each.text)
        tidied.extend(remove_dead(asked.project, engines()))
    except OSError as error:
        left.append(str(of_this_computer(error)))
    return replace(found, mended=tuple(done), tidied=tuple(tidied), troubles=(*found.troubles, *left))


def _folder(asked: Asked) -> Path | None:
    """Return the folder of the state; None where it is kept elsewhere."""
    url = asked.environ.get(_BACKEND, "")
    declared = any(
        line.startswith("backend:")
        for line in (asked.project / "Pulumi.yaml").read_text(encoding="utf-8").splitlines()
    )
    if url.startswith("file:") or (not url and not declared):
        return backend_folder(url, asked.project)
    return None


def _asked_of_engine(calls: EngineCalls) -> EngineFound:
    """Return what the state says was not finished."""
    answer = calls.run("stack", "export")
    if answer.code == NO_STACK:
        return EngineFound()
    if answer.code:
        return EngineFound(known=True, trouble=f"the state cannot be read: {answer.reason}")
    try:
        deployment = json.loads(answer.output)["deployment"] or {}
        return EngineFound(known=True, pending=tuple(_pending(deployment.get("pending_operations") or [])))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return EngineFound(known=True, trouble=f"the state cannot be read: {error}")


def _pending(operations: Sequence[Mapping[str, object]]) -> Iterator[Pending]:
    """Yield the operations that an engine has begun (pulumi/pulumi sdk/go/common/apitype/core.go, OperationV2)."""
    for each in operations:
        resource = each.get("resource")
        urn = str(resource.get("urn", "")) if isinstance(resource, Mapping) else ""
        try:
            label = read_urn(urn).label
        except (ValueError, PlacementError):
            label = urn
        yield Pending(label=label, operation=str(each.get("type", "")))


def _refreshed(asked: Asked, found: Recovery, calls: EngineCalls) -> Recovery:
    """Bring the state up to date, which takes its lock; where that is held by somebody who is gone, it is taken first."""
    # A password that is refused is not tried again on every host: they would lock the account.
    if found.hosts.none_read or found.engine.trouble:
        return found
    answer = calls.run(*_REFRESH)
    if answer.holders:
        lock = _lock_again(asked, answer, calls)
        found = replace(found, lock=joined(found.lock, lock))
        if lock.state is not LockState.FREE:
            return found
        answer = calls.run(*_REFRESH)
    if answer.code:
        return replace(
            found, engine=replace(found.engine, trouble=f"the state was not refreshed: {answer.reason}")
        )
    return found


def _lock_again(asked: Asked, answer: Answer, calls: EngineCalls) -> LockFound:
    """Judge the lock that the engine has met: in a folder a run has begun since, elsewhere it is seen only now."""
    if _folder(asked) is not None:
        return _lock_in_folder(asked)
    return free_by_engine(calls, answer, asked.taken_of, asked.note)


def _is_torn(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size:
                file.seek(-1, 2)
            return bool(size) and file.read(1) != b"\n"
    except OSError:
        return False

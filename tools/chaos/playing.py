"""One round: a start, a run that is disturbed, the documented recovery, and the judgement."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from lab.directory.errors import DirectoryError
from lab.directory.packages import Samba
from lab.world.faults import Fault

from . import invariants
from .answers import answer
from .cases import Case
from .disturbances import CLOCK, TICKET, TWICE
from .effects import Effects
from .moments import Moment
from .own_clock import has_compiler
from .place import OTHER, STACK, Place
from .processes import Run
from .scene import Scene
from .starts import AGAIN, FAILED, FRESH
from .verdict import Verdict

_UP = ("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack")
_UPS = 4
"""Runs after the disturbed one at most."""
_FOR_A_PERSON = frozenset({"disks-left", "source-stays", "planned-left"})
"""Faults that leave what no program removes."""
_OF_DISK = frozenset({"disk-full", "read-only"})
_PUT_OFF = "would go back to where they were before maintenance, and cannot now"
_NOT_NOTED = "The audit log .pulumi/"
"""What a run says that ends with 0 and leaves something to the next, or to the recovery."""
_SETTLED_S = 60.0


def play(
    played: Case, place: Place, folder: Path, *, also: Callable[[Scene], None] = lambda _: None
) -> Verdict:
    """Play a round; its logs are in `folder`, which is there. `also` is done right before the disturbed run begins."""
    begun = time.monotonic()
    verdict = Verdict(
        seed=played.seed,
        shape=played.shape,
        history=played.history,
        kinds=played.kinds(),
        planned=str(played),
    )
    place.reset()
    played = _here(played, place, verdict)
    scene = Scene(played, place, folder)
    try:
        _prelude(scene)
        effects = Effects(scene)
        also(scene)
        _disturbed(scene, effects, verdict)
        verdict.done = effects.done
        _recovered(scene, verdict)
        _judged(scene, verdict)
    finally:
        _keep_evidence(scene, folder)
        scene.close()
        place.unmount()
    verdict.wrong += [f"left: {each}" for run in (*scene.runs, *scene.beside) for each in _left(run)]
    verdict.seconds = round(time.monotonic() - begun, 1)
    return verdict


def _here(played: Case, place: Place, verdict: Verdict) -> Case:
    """Return the round without what this computer cannot do, which the verdict then has."""
    kinds = set(played.kinds())
    if kinds & _OF_DISK and not place.mount():
        verdict.skipped.append("disk-full and read-only need root and mount(8)")
        played = _without(played, _OF_DISK)
    if played.domain and not _has_directory():
        verdict.skipped.append("a directory needs Samba (make directory)")
        played = replace(_without(played, {TICKET}), domain=False)
    if CLOCK in kinds and not has_compiler():
        verdict.skipped.append(f"{CLOCK} needs cc, which compiles what turns it")
        played = _without(played, {CLOCK})
    return played


def _without(played: Case, kinds: Collection[str]) -> Case:
    kept = tuple(each for each in played.disturbances if each.kind not in kinds)
    return replace(played, disturbances=kept)


def _has_directory() -> bool:
    try:
        Samba.find()
    except DirectoryError:
        return False
    return True


def _prelude(scene: Scene) -> None:
    """Bring the stack to where the round begins."""
    start, history = scene.case.start, scene.case.history
    scene.declare(start.before)
    if history == FRESH:
        return
    _must(scene, 0)
    if history == AGAIN:
        scene.declare(start.after)
        _must(scene, 0)
    elif history == FAILED:
        vm = scene.label(start.movers()[0])
        with scene.lab.world.lock:
            rule = scene.lab.world.faults.add(Fault(id=0, kind="migration-fails", vm=vm, left=None, after=40))
        scene.declare(start.after)
        _must(scene, None)
        scene.lab.world.faults.clear(rule.id)


def _must(scene: Scene, code: int | None) -> None:
    """Run `up` undisturbed; raise RuntimeError where it does not end with the code, or for None where it ends with 0."""
    run = scene.start(*_UP, STACK)
    ended = run.ended()
    if (ended == 0) != (code == 0):
        raise RuntimeError(f"the start of the round ended with {ended}:\n{run.text()[-2000:]}")


def _disturbed(scene: Scene, effects: Effects, verdict: Verdict) -> None:
    start = scene.case.start
    scene.declare(start.before if scene.case.history == AGAIN else start.after)
    with scene.lab.world.lock:
        scene.lab.watched += [
            _changes(scene, "state written", invariants.state_file(scene)),
            _changes(scene, "audit line", scene.place.state / "audit" / f"{STACK}.jsonl"),
        ]
        for each in scene.case.disturbances:
            scene.lab.triggers.at(each.moment, lambda each=each: effects.begin(each))  # type: ignore[misc]
    run = scene.start(*_UP, STACK)
    verdict.codes.append(run.ended())
    effects.end()
    verdict.killed = run.killed
    verdict.wrong += [f"hung: {run.log.name}"] if run.hung else []
    if verdict.codes[0] == 0:
        verdict.wrong += [f"false success: {each}" for each in _lies(scene)]
    for beside in scene.beside:
        if beside.ended() == 0 and beside.words[-1] == STACK:
            verdict.wrong += [f"false success of {beside.log.name}: {each}" for each in _lies(scene)]


def _lies(scene: Scene) -> list[str]:
    """Return what is not reached after a run that ended with 0; what people did to machines meanwhile is no lie of it."""
    meddled = {scene.machines[vm].label for vm in scene.meddled("moved", "deleted", "moved-on")}
    meddled |= {
        str(fields["vm"])
        for event, fields in scene.lab.events
        if event == "start" and str(fields["by"]).endswith("operator")
    }
    if "stack-edited" in scene.case.kinds():
        return []  # the run was of the file before
    return [each for each in invariants.unreached(scene) if each.split()[0] not in meddled]


def _changes(scene: Scene, event: str, path: Path) -> Callable[[], None]:
    """Return what reports each change of a file that it is called after."""
    last: list[tuple[int, int]] = []

    def look() -> None:
        try:
            found = path.stat()
        except OSError:
            return
        mark = found.st_mtime_ns, found.st_size
        if last != [mark]:
            last[:] = [mark]
            scene.lab.triggers.happened(event, {})

    look.__doc__ = "Report a change."
    return look


def _recovered(scene: Scene, verdict: Verdict) -> None:
    """Type what is documented, answer what runs report, and run again until one ends with 0."""
    edited = "stack-edited" in scene.case.kinds()
    if verdict.codes[0] == 0:
        _settle(scene)  # what a person has begun meanwhile may still undo what the run has reached
    said = scene.run.text()
    done = verdict.codes[0] == 0 and not edited and _PUT_OFF not in said and _NOT_NOTED not in said
    if done and not scene.beside and not invariants.unreached(scene):
        return
    if TWICE in verdict.kinds:
        _kill_recovery(scene)
    verdict.recover = _type(scene, "placement", "recover", STACK)
    verdict.wrong += [f"recover: {each}" for each in invariants.half_done(scene, verdict.recover)]
    verdict.codes += _up_again(scene, STACK, verdict)
    if verdict.recover == 1 and not verdict.answers and not _FOR_A_PERSON & set(verdict.kinds):
        verdict.wrong.append("recover: it needs a person, and nothing was left to one")
    if any(beside.words[-1] == OTHER for beside in scene.beside):
        _type(scene, "placement", "recover", OTHER)
        _up_again(scene, OTHER, verdict)


def _up_again(scene: Scene, stack: str, verdict: Verdict) -> list[int]:
    """Run `up` until it ends with 0; return the exit codes."""
    codes: list[int] = []
    for _ in range(_UPS):
        verdict.answers += answer(scene)
        if stack == OTHER:
            # Whoever corrects one file of two corrects the other as well.
            scene.declare(scene.declared, OTHER)
        run = scene.start(*_UP, stack)
        codes.append(run.ended())
        verdict.wrong += [f"hung: {run.log.name}"] if run.hung else []
        if codes[-1] == 0:
            verdict.wrong += [f"false success: {each}" for each in invariants.unreached(scene)]
            if _PUT_OFF not in run.text():
                return codes
    verdict.wrong.append(f"not recovered: {stack} {codes}")
    return codes


def _kill_recovery(scene: Scene) -> None:
    """Type the recovery, and kill all that it has started at one of its first requests to hosts."""
    number = next(each.number for each in scene.case.disturbances if each.kind == TWICE)
    recovery = Run(
        scene.place.workspace, scene.folder / "recovery.log", STACK, program=("placement", "recover")
    )
    with scene.lab.world.lock:
        at = Moment(event="request", count=1 + number % 40)
        scene.lab.triggers.at(at, recovery.kill)
    recovery.ended()
    scene.lab.triggers.clear()
    recovery.stop()


def _type(scene: Scene, *words: str) -> int:
    path = scene.folder / f"{words[1]}-{words[2]}.log"
    with path.open("w", encoding="utf-8") as output:
        return scene.place.workspace.run(
            *words, check=False, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        ).returncode


def _judged(scene: Scene, verdict: Verdict) -> None:
    _settle(scene)
    preview = scene.start("preview", "--expect-no-changes", "--stack", STACK)
    if (code := preview.ended()) != 0:
        verdict.wrong.append(f"nothing_to_do: preview --expect-no-changes ended with {code}")
    with scene.lab.world.lock:
        for invariant in invariants.AFTERWARDS:
            verdict.wrong += [f"{invariant.__name__}: {each}" for each in invariant(scene)]


def _settle(scene: Scene) -> None:
    """Wait until no job runs."""
    end, pause = time.monotonic() + _SETTLED_S, threading.Event()
    while scene.lab.running() and time.monotonic() < end:
        pause.wait(0.1)


def _left(run: Run) -> list[str]:
    return run.left()


def _keep_evidence(scene: Scene, folder: Path) -> None:
    """Write what the lab saw beside the logs of the runs."""
    lines = [f"{event} {fields}" for event, fields in scene.lab.events]
    lines.append(f"requests {dict(scene.lab.requests)}")
    (folder / "lab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

"""The command line of the lab: words in, words out, one line for each error."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hyperv_placement.visible import outward
from lab.background.control import Control, connect
from lab.directory.errors import DirectoryError
from lab.estate.spec import EstateError
from lab.home.places import lab_home
from lab.home.ports import PortTakenError
from lab.world.person import CommandError

from . import arguments, terminal

_POLL = 0.05  # seconds between two looks at a move


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 not understood."""
    given = arguments.parser().parse_args(words)
    try:
        return _COMMANDS[given.command](lab_home(), given)
    except BrokenPipeError:  # `bin/lab status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at exit
        return 1
    except (CommandError, DirectoryError, PortTakenError, EstateError, OSError) as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            terminal.say(f"lab: {line}", to=sys.stderr)
        return 1


def _up(home: Path, given: argparse.Namespace) -> int:
    from . import lifecycle  # noqa: PLC0415 - the other commands are to be quick

    wish = lifecycle.Wish(
        hosts=given.hosts,
        vms=given.vms,
        estate=given.estate,
        seed=given.seed,
        fresh=given.fresh,
        speed=given.speed,
        limit=given.migration_limit,
        ports=given.ports,
        allow_unencrypted=given.allow_unencrypted,
        directory=given.directory,
        ticket_cache=given.ticket_cache,
        build=given.build,
        locale=given.locale,
        absent_form=given.absent_form,
        stack=given.write_stack,
    )
    state, started = lifecycle.up(home, wish, say=terminal.say)
    terminal.say("\n".join(terminal.render_up(state, started=started, stack=given.write_stack)))
    return 0


def _serve(home: Path, _: argparse.Namespace) -> int:
    from lab.background import daemon  # noqa: PLC0415 - the other commands are to be quick

    return daemon.run(home)


def _down(home: Path, _: argparse.Namespace) -> int:
    from . import lifecycle  # noqa: PLC0415 - the other commands are to be quick

    terminal.say("The lab is down." if lifecycle.down(home) else "The lab was not running.")
    return 0


def _status(home: Path, given: argparse.Namespace) -> int:
    answer = _running(home).call("status", sums=given.json)  # thousands of disks take minutes to read
    if given.json:
        terminal.write(outward(json.dumps(answer, indent=2)))
    else:
        terminal.say("\n".join(terminal.render_status(answer)))
    return 0


def _move(home: Path, given: argparse.Namespace) -> int:
    control = _running(home)
    job_id = control.call("move", vm=given.vm, host=given.host)
    if given.no_wait:
        terminal.say(f"{given.vm} is on its way to {given.host}.")
        return 0
    while (job := control.call("job", job_id=job_id)) is not None and job["running"]:
        time.sleep(_POLL)
    if job is None or job["moved"]:  # a fault made the ended job vanish: its machine shows how it went
        terminal.say(
            f"{given.vm} is on {given.host}."
            if job
            else f"The job is gone; bin/lab status shows where {given.vm} is."
        )
        return 0
    raise CommandError("\n".join(job["errors"]) or f"the move of {given.vm} failed")


def _fault(home: Path, given: argparse.Namespace) -> int:
    control = _running(home)
    answers: dict[str, Callable[[], Any]] = {
        "add": lambda: terminal.render_fault(control.call("fault-add", **arguments.fault_of(given))),
        "list": lambda: "\n".join(map(terminal.render_fault, control.call("fault-list"))) or "No faults.",
        "clear": lambda: f"{control.call('fault-clear', fault_id=given.id)} cleared.",
    }
    terminal.say(answers[given.action]())
    return 0


def _purge(home: Path, given: argparse.Namespace) -> int:
    count = _running(home).call("purge", host=given.host)
    terminal.say(
        f"{given.host} has forgotten {count} {'answer' if count == 1 else 'answers'} of the directory."
    )
    return 0


def _log(home: Path, given: argparse.Namespace) -> int:
    path = home / "lab.log"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        if given.json:
            terminal.write(outward(line))
        else:
            terminal.say(terminal.render_event(json.loads(line)))
    return 0


def _running(home: Path) -> Control:
    control = connect(home)
    if control is None:
        raise CommandError("the lab is not running; start it with bin/lab up")
    return control


_COMMANDS = {
    "up": _up,
    "serve": _serve,
    "status": _status,
    "down": _down,
    "move": _move,
    "fault": _fault,
    "log": _log,
    "purge": _purge,
}

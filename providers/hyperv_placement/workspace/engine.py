"""The engine that runs above this process: its address, when it was started, its command line, its hands, and the number of its run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import psutil

_ENGINE = "pulumi"
"""In the name of the engine's process, and of those between it and the program."""
RUN = "PLACEMENT_RUN"
"""Where `bin/pulumi` leaves the number of the run (launch/settings.py)."""
_NUMBER = re.compile(r"[0-9a-f]{32}")


def run_of(environment: Mapping[str, str]) -> str:
    """Return the number of this run; empty where `bin/pulumi` has drawn none."""
    number = environment.get(RUN, "")
    return number if _NUMBER.fullmatch(number) else ""


def engine_of(command: Sequence[str]) -> str:
    """Return the engine's address in the command line of a program, empty where there is none."""
    return next((following for word, following in pairwise(command) if word == "--engine"), "")


def hands_of(command: Sequence[str]) -> int | None:
    """Return how many resources the engine works on at a time, by the command line of a program; None where it does not say."""
    given = next((following for word, following in pairwise(command) if word == "--parallel"), "")
    return int(given) if given.isascii() and given.isdigit() else None


def engine_started() -> datetime | None:
    """Return when the engine above this process was started, in UTC; None where there is none, or the system does not say."""
    try:
        above = psutil.Process().parents()
        # The oldest: the language host between engine and program has the name in its own.
        starts = [each.create_time() for each in above if _ENGINE in each.name().casefold()]
    except psutil.Error:
        return None
    return datetime.fromtimestamp(min(starts), UTC) if starts else None


def engine_command() -> Sequence[str]:
    """Return the command line of the engine above this process; an empty one where there is none, or the system does not say."""
    try:
        engine = _engine_above()
        return () if engine is None else engine.cmdline()
    except psutil.Error:
        return ()


def engine_folder() -> Path | None:
    """Return the folder that the engine above this process works in; None where there is none, or the system does not say."""
    try:
        engine = _engine_above()
        return None if engine is None else Path(engine.cwd())
    except psutil.Error:
        return None


def _engine_above() -> psutil.Process | None:
    above = (each for each in psutil.Process().parents() if Path(each.name()).stem.casefold() == _ENGINE)
    return next(above, None)

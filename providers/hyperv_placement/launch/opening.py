"""The first word of a run, which comes at once: the engine's own takes as long as it takes to read the hosts."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hyperv_placement.launch.stack_files import STACKS, stack_files
from hyperv_placement.launch.words import has_any, verb, word_after
from hyperv_placement.visible import outward

_READ_HOSTS = {"destroy", "dn", "down", "pre", "preview", "refresh", "up", "update"}
_HOSTS = re.compile(r"^hosts:[^\S\n]*(?:#.*)?\n((?:[^\S\n]+.*\n|[^\S\n]*(?:#.*)?\n)+)", re.MULTILINE)
_KEY = re.compile(r"^([^\S\n]+)[^\s#-][^\n]*", re.MULTILINE)


def say_at_once(words: Sequence[str], environ: Mapping[str, str], project: Path) -> None:
    """Say on standard error which hosts are about to be read, where a command of the engine reads hosts; scripts are told nothing."""
    if verb(words) not in _READ_HOSTS or has_any(words, "-j", "--json"):
        return
    name = (word_after(words, "-s", "--stack") or environ.get("PULUMI_STACK", "")).rpartition("/")[2]
    sys.stderr.write(outward(f"{_opening(name, project)}\n"))
    sys.stderr.flush()


def _opening(name: str, project: Path) -> str:
    """Return which hosts are about to be read, or that there is no such stack file; whether the state has the stack says the engine."""
    if not name:
        return "Reading the hosts of the selected stack ..."
    file = project / STACKS / f"{name}.yaml"
    hosts = "the hosts"
    try:
        count = count_hosts(file.read_text(encoding="utf-8"))
        hosts = f"{count} host{'' if count == 1 else 's'}" if count else hosts
    except FileNotFoundError:
        there = ", ".join(each.stem for each in stack_files(project)) or "none"
        return f"There is no stacks/{file.name} (stacks here: {there})"
    except (OSError, ValueError):
        pass  # what is wrong with it is said by whoever checks it
    return f"Reading {hosts} of stacks/{file.name} ..."


def count_hosts(text: str) -> int:
    """Return how many keys stand below `hosts:` in a stack file; 0 where it is written otherwise than line by line.

    Nothing hangs on it: there is no reader of YAML before the environment is.
    """
    found = _HOSTS.search(text)
    keys = _KEY.findall(found[1]) if found else []
    return sum(indent == keys[0] for indent in keys)

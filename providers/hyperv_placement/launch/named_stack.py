"""A stack that is named and has a file, but no state yet: made where the state is the project's own, elsewhere one line says how."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hyperv_placement.launch.private import STATE
from hyperv_placement.launch.words import verb, word_after

_BEGIN_WITH = {"import", "pre", "preview", "refresh", "up", "update"}
"""Commands with which somebody begins; the others work on what is there."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""As the engine has it (pulumi/pulumi sdk/go/common/tokens/stacks.go)."""
_NO_STACK = 6
"""How the engine ends where it knows no stack of that name (seen with 3.259)."""


def make_sure_of_stack(
    words: Sequence[str], command: Sequence[str], environ: Mapping[str, str], project: Path, *, own: bool
) -> None:
    """Have the stack that the words or the environment name. Leaves with one line where it has to be made by a person.

    `command`: the engine, for this project. `own`: the state is the project's own, in which a stack costs nothing; into a shared
    one nobody's slip of the hand puts a stack.
    """
    name = (word_after(words, "-s", "--stack") or environ.get("PULUMI_STACK", "")).rpartition("/")[2]
    if verb(words) not in _BEGIN_WITH or not _NAME.fullmatch(name):
        return
    if not (project / "stacks" / f"{name}.yaml").is_file() or _is_known(name, project, own=own):
        return
    if own:
        # Its words would stand in the way of `--json`.
        made = subprocess.run(
            [*command, "--non-interactive", "stack", "init", name, "--no-select"],
            check=False, stdout=sys.stderr, env=dict(environ),
        )  # fmt: skip
        if made.returncode != 0:
            sys.exit(made.returncode)
        return
    asked = subprocess.run(
        [*command, "stack", "--show-name", "--stack", name],
        check=False,
        capture_output=True,
        env=dict(environ),
    )
    if asked.returncode == _NO_STACK:
        from hyperv_placement import quoting  # noqa: PLC0415 - a third of what a wrapper loads, for a slip alone

        how = quoting.own("bin/pulumi stack init {}", name)
        sys.exit(
            f"stacks/{name}.yaml describes the stack {name}, and there is no such stack yet. To make it: {how}"
        )


def _is_known(name: str, project: Path, *, own: bool) -> bool:
    """Say whether the stack is there, as far as files show it: its state, or that it has run here."""
    if not own:
        return (project / STATE / "identities" / f"{name}.json").exists()
    ends = (f"{name}.json", f"{name}.json.gz", f"{name}.json.zst")
    stacks = project / STATE / "stacks"
    return any(path.name in ends for path in (*stacks.glob("*"), *stacks.glob("*/*")))

"""Where a line of the audit log comes from: what the system proves, kept apart from what the environment claims."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hyperv_placement.audit.ticket import TICKET
from hyperv_placement.system import account

APPROVER = "PLACEMENT_APPROVER"
UNKNOWN = "unknown"
_LONGEST = 300
"""Characters kept of a variable: the URL of a pipeline run has about a hundred."""
_PASSWORD = re.compile(r"://[^/\s]*@")
"""User name and password in a URL."""
_PATIENCE = 10
"""Seconds to wait for git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What each line of one process says of it."""

    who: str
    """The login by the account database; the user id where the database has no login."""
    uid: str
    """The user id; on Windows the SID."""
    claimed: Mapping[str, str] = field(default_factory=dict)
    """What environment variables say: whoever sets them can claim anything."""
    commit: str = UNKNOWN
    """The commit that is checked out in the stack file's repository."""
    dirty: bool | None = None
    """Whether the stack file differs from that commit; None = unknown."""
    file: str = ""
    """SHA-256 of the stack file, in hexadecimal; empty where none was read."""

    def fields(self) -> dict[str, Any]:
        """Return it as fields of a line."""
        reported: dict[str, Any] = {"who": self.who, "uid": self.uid, "commit": self.commit}
        if self.dirty is not None:
            reported["dirty"] = self.dirty
        if self.file:
            reported["file"] = self.file
        return {**reported, **({"claimed": dict(self.claimed)} if self.claimed else {})}


def origin(environ: Mapping[str, str], stack_file: Path | None = None, digest: str = "") -> Origin:
    """Return the origin of what this process does for a stack; git is asked if there is a stack file."""
    me = account()
    commit, dirty = (UNKNOWN, None) if stack_file is None else _commit(stack_file)
    return Origin(
        who=me.name or me.id, uid=me.id, claimed=claimed(environ), commit=commit, dirty=dirty, file=digest
    )


def claimed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the environment claims: a pipeline's run and actor, who called sudo, approver, ticket."""
    reported = {
        **_of_pipeline(environ),
        "sudo_user": environ.get("SUDO_USER", ""),
        "approver": environ.get(APPROVER, ""),
        "ticket": environ.get(TICKET, ""),
    }
    return {name: _short(text) for name, text in reported.items() if text}


def _of_pipeline(environ: Mapping[str, str]) -> dict[str, str]:
    """Return run and actor from the variables that each forge documents as set in every job."""

    def of(*names: str) -> str:
        return next((environ[name] for name in names if environ.get(name)), "")

    if environ.get("GITHUB_ACTIONS"):  # "Variables reference" of GitHub Actions
        where = "/".join(
            [of("GITHUB_SERVER_URL"), of("GITHUB_REPOSITORY"), "actions/runs", of("GITHUB_RUN_ID")]
        )
        again = of("GITHUB_RUN_ATTEMPT")
        return {
            "run": f"{where}/attempts/{again}" if again else where,
            "actor": of("GITHUB_ACTOR"),
            "triggering_actor": of("GITHUB_TRIGGERING_ACTOR"),
        }
    if environ.get("GITLAB_CI"):  # "Predefined CI/CD variables reference"
        return {"run": of("CI_JOB_URL", "CI_PIPELINE_URL"), "actor": of("GITLAB_USER_LOGIN")}
    if environ.get("TF_BUILD"):  # "Use predefined variables" of Azure Pipelines
        where = f"{of('SYSTEM_COLLECTIONURI')}{of('SYSTEM_TEAMPROJECT')}/_build/results?buildId="
        return {
            "run": f"{where}{of('BUILD_BUILDID')}",
            "actor": of("BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR"),
        }
    # "Using environment variables" of Jenkins; the user comes from its plugin Build User Vars
    if environ.get("JENKINS_URL"):
        return {"run": of("BUILD_URL"), "actor": of("BUILD_USER_ID")}
    return {}


def _short(text: str) -> str:
    text = _PASSWORD.sub("://***@", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\u2026"


def _commit(stack_file: Path) -> tuple[str, bool | None]:
    """Return the commit checked out in a file's repository, and whether the file differs from it; unknown without git."""
    head = _git(stack_file, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        return UNKNOWN, None
    # Untracked and ignored files count: a stack file that git does not have is not the one of any commit.
    state = _git(
        stack_file, "status", "--porcelain", "--untracked-files=all", "--ignored", "--", stack_file.name
    )
    return head.strip(), None if state is None else bool(state.strip())


def _git(stack_file: Path, *words: str) -> str | None:
    """Run git in a file's folder, ignoring GIT_* variables that name another repository; None if it has no answer."""
    # A name may hold `:` or `*`, hence literal pathspecs; a read takes no lock of the index, and starts no monitor's hook.
    command = ["git", "--literal-pathspecs", "--no-optional-locks", "-c", "core.fsmonitor=false", *words]
    environ = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, timeout=_PATIENCE, cwd=stack_file.absolute().parent,
            stdin=subprocess.DEVNULL, env={**environ, "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None

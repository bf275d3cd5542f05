"""The environment that `bin/pulumi` gives the engine: what is unset gets our default, nothing else changes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

DEFAULTS = {
    # A move that waits holds a worker; 4 a core, the default, would starve the move that it waits for.
    "PULUMI_PARALLEL": "256",
    # Else one failed move keeps unrelated ones from starting.
    "PULUMI_CONTINUE_ON_ERROR": "true",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def own_backend(environ: Mapping[str, str], project_file: str) -> bool:
    """Say whether state is to be kept in the project's own folder: neither environment nor Pulumi.yaml decide."""
    declared = any(line.startswith("backend:") for line in project_file.splitlines())
    return not environ.get("PULUMI_BACKEND_URL") and not declared


def settings(
    environ: Mapping[str, str],
    *,
    project: Path,
    programs: Sequence[Path],
    own: bool,
    terminal: int,
    debug: bool = False,
) -> dict[str, str]:
    """Return the environment for the engine.

    `programs`: folders that come first on PATH. `own`: state is kept in the project's `.pulumi`.
    `terminal`: columns of the terminal that progress goes to, 0 where it goes to none. `debug`: the engine shows messages of its level debug.
    """
    result = dict(environ)
    if own:
        result["PULUMI_BACKEND_URL"] = project.as_uri()
        if "PULUMI_CONFIG_PASSPHRASE_FILE" not in environ:
            result.setdefault("PULUMI_CONFIG_PASSPHRASE", "")
    for name, value in DEFAULTS.items():
        result.setdefault(name, value)
    if terminal:
        result.setdefault("PLACEMENT_TERMINAL", str(int(terminal)))
    if debug:
        result.setdefault(
            "PLACEMENT_LOG", "debug"
        )  # the engine does not say to program or plugin what it shows
    # Program and plugin of this run find each other's files by it, and nobody else does (providers/hyperv_placement/workspace/handoff.py).
    result["PLACEMENT_RUN"] = secrets.token_hex(16)
    result["PATH"] = os.pathsep.join([*map(str, programs), environ.get("PATH", os.defpath)])
    result["no_proxy"] = result["NO_PROXY"] = direct(environ.get("no_proxy"), environ.get("NO_PROXY"))
    return result


def with_trace(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a run that writes spans, with a trace of its own where the environment names none.

    The engine does not name its trace to program and plugin, and takes up one that it is named (W3C Trace Context).
    """
    return {"TRACEPARENT": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01", **environ}


def direct(*lists: str | None) -> str:
    """Return the given `no_proxy` lists as one, with loopback: engine, program and plugin talk over it."""
    names: dict[str, None] = {}
    for given in lists:
        names.update(dict.fromkeys(name.strip() for name in (given or "").split(",")))
    names.update(dict.fromkeys(_LOOPBACK))
    names.pop("", None)
    # A star alone means "no proxy at all"; in a list some clients take it for a name.
    return "*" if "*" in names else ",".join(names)

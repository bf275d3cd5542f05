"""nektos/act, built from its Go module, and what it needs in place of GitHub: no container, no network, and stand-ins for actions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.install.golang import find_go, go_environment
from tools.workspace import PROJECT

MODULE, VERSION = "github.com/nektos/act", "v0.2.89"
"""The newest that was tried; the checksum database holds the Go command to its content."""
LABELS = ("ubuntu-latest", "self-hosted", "placement")
UPLOAD = """name: upload-artifact
inputs: {name: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: '${{ inputs.name }}', PATHS: '${{ inputs.path }}'}
      run: |
        mkdir -p "$ARTIFACTS/$NAME-$GITHUB_RUN_ID"
        shopt -s nullglob
        for path in $PATHS; do
          if [ -d "$path" ]; then set -- "$path"/*; else set -- $path; fi
          for file in "$@"; do if [ -f "$file" ]; then cp "$file" "$ARTIFACTS/$NAME-$GITHUB_RUN_ID/"; fi; done
        done
"""
"""Puts files where the stand-in for `gh` finds them. Options of the real one that it does not know are ignored, as GitHub does."""


CACHE = """name: cache
inputs: {path: {required: true}, key: {required: true}}
runs: {using: composite, steps: [{shell: bash, run: 'true'}]}
"""
"""Restores nothing, as for a key that is new."""
ACTIONS = {"upload-artifact": UPLOAD, "cache": CACHE}


def act() -> Path:
    """Return act, built into the cache where it is not there yet: a minute. Raises SetupError and CalledProcessError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hyperv-placement"
    folder = cache / f"act-{VERSION}"
    command = folder / "act"
    if not command.exists():
        work = cache / "act-build"
        go = find_go(PROJECT, work, os.environ.get("PATH", os.defpath))
        environ = {**go_environment(os.environ, go, work), "GOBIN": str(folder)}
        subprocess.run([str(go.command), "install", f"{MODULE}@{VERSION}"], check=True, env=environ)
    return command


def stand_ins(folder: Path, workflows: Sequence[Path]) -> list[str]:
    """Write the stand-ins; return the words by which act takes them for the actions that workflows name by commit."""
    words = []
    for name, text in ACTIONS.items():
        place = folder / name
        place.mkdir(parents=True)
        (place / "action.yml").write_text(text, encoding="utf-8")
        used = {
            line.partition("uses:")[2].split("#")[0].strip()
            for workflow in workflows
            for line in workflow.read_text(encoding="utf-8").splitlines()
            if f"uses: actions/{name}@" in line
        }
        words += [word for action in sorted(used) for word in ("--local-repository", f"{action}={place}")]
    return words

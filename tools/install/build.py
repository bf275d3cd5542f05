"""Build the Pulumi engine and its Python language host from Go modules, verified by the go.sum files in tools/."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

from tools.install.engine import COMPLETE, LANGUAGE_HOST, PROGRAMS, SCRIPTS
from tools.install.errors import SetupError
from tools.install.golang import Go, find_go, go_environment
from tools.install.places import write_record
from tools.install.progress import follow
from tools.install.versions import ENGINE, dotted

FREE_BYTES = 5 * 1024**3
"""Module and build caches of an empty machine take 4 GB."""

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_ADVICE = (
    "With a Pulumi {version} or newer (below 4) of your own there would be nothing to build: brew install pulumi,\n"
    "winget install pulumi, or www.pulumi.com/docs/install; then again, its path in PLACEMENT_PULUMI.\n"
    "Building the Pulumi engine {version} once, about 5 minutes on 2 cores, into {folder}"
)


def build(project: Path, folder: Path) -> None:
    """Build into `folder`, which is there whole or not at all. Raises SetupError."""
    print(_ADVICE.format(version=dotted(ENGINE), folder=folder), flush=True)
    work = folder.with_name(f"{folder.name}.build")
    work.mkdir(parents=True, exist_ok=True)
    _check_room(work)
    go = find_go(project, work, os.environ.get("PATH", ""))
    result = work / "result"
    shutil.rmtree(result, ignore_errors=True)
    for module in ("pulumi", "language-host"):
        _compile(go, project / "tools" / module, result, work)
    _copy_scripts(go, project / "tools" / "pulumi", result, work)
    write_record(result / COMPLETE, {name: (result / name).stat().st_size for name in (*PROGRAMS, *SCRIPTS)})
    shutil.rmtree(folder, ignore_errors=True)
    result.rename(folder)
    # Kept until here, so that a build that was broken off goes on where it was.
    shutil.rmtree(work, ignore_errors=True)


def _check_room(work: Path) -> None:
    free = shutil.disk_usage(work).free
    if free < FREE_BYTES:
        raise SetupError(
            f"Building the Pulumi engine takes {FREE_BYTES >> 30} GiB of disk, {free / 1024**3:.1f} GiB are free "
            f"in {work}; make room or install Pulumi"
        )


def _compile(go: Go, module: Path, result: Path, work: Path) -> None:
    # `tool` is the module's one tool. The version is what the engine says of itself and projects ask for.
    command = [
        str(go.command), "install", "-v", "-mod=readonly", "-trimpath", "-tags", "osusergo,grpcnotrace",
        "-ldflags", f"-s -w -X {_SDK}/go/common/version.Version=v{dotted(ENGINE)}", "tool",
    ]  # fmt: skip
    what = "Pulumi engine" if module.name == "pulumi" else LANGUAGE_HOST
    follow(command, cwd=module, env={**go_environment(os.environ, go, work), "GOBIN": str(result)}, what=what)


def _copy_scripts(go: Go, module: Path, result: Path, work: Path) -> None:
    """Put the scripts of the language host beside it: Pulumi's releases have them there, too."""
    command = [str(go.command), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _SDK]
    answer = subprocess.run(
        command,
        cwd=module,
        env=go_environment(os.environ, go, work),
        check=True,
        capture_output=True,
        text=True,
    )
    python = Path(answer.stdout.strip()) / "python"
    for name, folder in zip(SCRIPTS, ("cmd", "dist"), strict=True):
        # Files of the module cache are read-only: the contents are copied, the mode is not.
        shutil.copyfile(python / folder / name, result / name)
        (result / name).chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)

"""The labs and copies of the project that are measured: made when a figure asks, shared, and removed at the end."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import yaml

from tools.workspace import Workspace, remove

from .watching import watching

STACK = "bench"
_PLUGIN = "hyperv_placement.plugin"
_EVERY = 0.1
"""Seconds between two looks at the plugin's memory."""
PATIENCE = 300
"""Seconds that one command of the engine may take."""


class Site:
    """A copy of the project with its lab running and every machine of it adopted."""

    def __init__(self, folder: Path, *, hosts: int, vms: int, options: tuple[str, ...] = ()) -> None:
        """Start the lab with `options` of `bin/lab up`, and write the stack file."""
        self.workspace = Workspace(folder)
        self.peak_plugin_bytes = 0
        self._adopted = False
        self.workspace.run(
            "lab", "up", "--ports", "auto", "--hosts", str(hosts), "--vms", str(vms), *options,
            "--write-stack", f"stacks/{STACK}.yaml", stdout=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def stack_file(self) -> Path:
        """The stack file of the copy; it declares the lab as it was at its start."""
        return self.workspace.folder / "stacks" / f"{STACK}.yaml"

    @property
    def lab(self) -> psutil.Process:
        """The lab's process."""
        content = json.loads((self.workspace.folder / ".lab" / "control.json").read_text(encoding="utf-8"))
        return psutil.Process(content["pid"])

    def adopt(self) -> None:
        """Take every machine into the stack, once. What is not measured may go without checkpoints."""
        if self._adopted:
            return
        self.pulumi("stack", "init", STACK, PULUMI_STACK="")
        with self.watching_plugin():
            self.pulumi(
                "up", "--yes", "--skip-preview", "--suppress-outputs",
                PULUMI_SKIP_CHECKPOINTS="true", PULUMI_EXPERIMENTAL="true",
            )  # fmt: skip
        self._adopted = True

    def pulumi(self, *words: str, **environment: str) -> float:
        """Run `bin/pulumi` to its end; return the seconds it took. Raises CalledProcessError."""
        return timed(self.workspace, "pulumi", *words, **environment)

    def declared(self) -> dict[str, Any]:
        """Return the content of the stack file."""
        return dict(yaml.safe_load(self.stack_file.read_text(encoding="utf-8")))

    def declare(self, content: dict[str, Any]) -> None:
        """Write the stack file anew."""
        self.stack_file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def watching_plugin(self) -> AbstractContextManager[None]:
        """Note meanwhile the most memory that a plugin process of this copy holds."""
        return watching(self._look_at_plugins, _EVERY)

    def _look_at_plugins(self) -> None:
        for process in plugins(self.workspace.folder):
            with suppress(psutil.Error):
                self.peak_plugin_bytes = max(self.peak_plugin_bytes, process.memory_info().rss)


def run(workspace: Workspace, *words: str, **environment: str) -> str:
    """Run `bin/NAME ...` of a copy and return what it printed. Raises CalledProcessError."""
    ended = subprocess.run(
        workspace.command(*words), cwd=workspace.folder, env={**workspace.environment, "PULUMI_STACK": STACK, **environment},
        check=True, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,
    )  # fmt: skip
    return ended.stdout


def timed(workspace: Workspace, *words: str, **environment: str) -> float:
    """Run `bin/NAME ...` of a copy; return the seconds it took. Raises CalledProcessError."""
    begun = time.monotonic()
    run(workspace, *words, **environment)
    return time.monotonic() - begun


def plugins(folder: Path) -> list[psutil.Process]:
    """Return the plugin processes of a copy that this process has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if _PLUGIN in process.cmdline() and Path(process.cwd()) == folder:
                found.append(process)
        except psutil.Error:
            continue
    return found


class Sites(AbstractContextManager["Sites"]):
    """Every site of a run, by name."""

    def __init__(self, folder: Path) -> None:
        """Everything will lie below `folder`, which is there."""
        self.folder = folder.resolve()
        self._sites: dict[str, Site] = {}
        self._copies: list[Workspace] = []

    def big(self) -> Site:
        """32 hosts with 1,000 machines."""
        return self._site("big", lambda folder: Site(folder, hosts=32, vms=1000))

    def middle(self) -> Site:
        """8 hosts with 300 machines, whose limits let 64 of them move at once, slowly enough to start them all."""
        options = ("--migration-limit", "16", "--speed", "0.25")
        return self._site("middle", lambda folder: Site(folder, hosts=8, vms=300, options=options))

    def small(self) -> Site:
        """4 hosts with 16 machines."""
        return self._site("small", lambda folder: Site(folder, hosts=4, vms=16))

    def _site(self, name: str, make: Callable[[Path], Site]) -> Site:
        if name not in self._sites:
            self._sites[name] = make(self.folder / name)
        return self._sites[name]

    def copy_of(self, site: Site, name: str) -> Workspace:
        """Return another copy of the project, with the state of `site` as it is now and no lab of its own."""
        copy = Workspace(self.folder / name)
        self._copies.append(copy)
        for part in (".pulumi", ".pulumi-home"):
            shutil.copytree(site.workspace.folder / part, copy.folder / part)
        return copy

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every lab by its own pid, and remove the copies."""
        for name in ("big", "middle", "small"):
            remove(self.folder / name)
        for copy in self._copies:
            copy.close()

    def __enter__(self) -> Self:
        return self

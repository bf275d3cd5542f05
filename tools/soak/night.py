"""One night: what happens in each hour of the lab's clock."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml

from tests.documents import blocks
from tools.workspace import PROJECT, Workspace, stop_session

from .measures import Bound, Series, held_by, of_folder, size_mib

SPEED = 20
HOUR = 3600 / SPEED
"""Seconds of the machine's in an hour of the lab's clock."""
HOSTS, VMS = 3, 12
FAULTS: tuple[tuple[str, ...], ...] = (
    ("migration-fails", "--times", "1", "--error", "0x800705B4"),
    ("slow", "--seconds", "0.3"),
    ("answers-lost", "--after", "10"),
    ("unavailable", "--times", "5"),
    ("host-restarts", "--seconds", "120"),
    ("drop-answer",),
    ("clock-jumps", "--seconds", "3600"),
    ("login-lost", "--times", "3"),
    ("job-vanishes",),
    ("migration-warns", "--error", "A folder stays."),
)
"""What goes wrong, one of them an hour; all are over when the hour is."""
UPS = 3
"""Runs in which an hour's map has to be reached once its fault is over."""
PATIENCE = 300.0
_PLUGIN = "hyperv_placement.plugin"
_LOOK = 0.5


class Night:
    """A copy of the project, its lab, and what was measured of both."""

    def __init__(self, folder: Path, minutes: float, seed: int) -> None:
        """Start the lab and adopt its machines; `minutes` of the machine's time are left from here on."""
        self.workspace = Workspace(folder)
        self.rng = random.Random(seed)  # noqa: S311 - a night is no secret
        self.troubles: list[str] = []
        self.kept_minutes = max(1, round(minutes / 4))
        self.counts = dict.fromkeys(
            ("hours", "drift checks", "reviews", "runs", "faults", "moves by people"), 0
        )
        self._run("lab", "up", "--ports", "auto", "--hosts", str(HOSTS), "--vms", str(VMS), "--speed", str(SPEED),
                  "--write-stack", "stacks/lab.yaml")  # fmt: skip
        self._up()
        self.end = time.monotonic() + 60 * minutes
        self.series = {
            "lab memory": Series(name="the lab's memory", unit="MiB", bound=Bound(most=400, growth=40)),
            "lab files": Series(name="its open files", unit="", bound=Bound(most=300, growth=30)),
            "lab threads": Series(name="its threads", unit="", bound=Bound(most=100, growth=20)),
            "plugin memory": Series(name="the plugin's memory in each run", unit="MiB", bound=Bound(most=160, growth=15)),
            "plugin files": Series(name="its open files", unit="", bound=Bound(most=120, growth=20)),
            "plugin threads": Series(name="its threads", unit="", bound=Bound(most=400, growth=50)),
            "processes": Series(name="processes that an hour leaves", unit="", bound=Bound(most=0, growth=0)),
            "state": Series(name=".pulumi after what docs/state.md has pruned", unit="MiB", bound=Bound(most=20, growth=3)),
            "a run": Series(name="what a run adds to .pulumi", unit="MiB", bound=Bound(most=0.5, growth=0.2)),
        }  # fmt: skip

    @property
    def time_is_left(self) -> bool:
        """Whether another hour may begin."""
        return time.monotonic() < self.end

    def hour(self) -> None:
        """Let an hour pass: people, a fault, a changed file, runs, drift checks; measure at its end."""
        begun = time.monotonic()
        self.counts["hours"] += 1
        self._person()
        self._fault()
        self._drift()
        self._changed()
        self._up()
        self._run("lab", "fault", "clear")
        self._run("placement", "recover", "lab", codes=(0, 1, 2))
        self._reached()
        while time.monotonic() - begun < HOUR and self.time_is_left:
            self._drift()
            time.sleep(min(HOUR / 6, max(0.0, begun + HOUR - time.monotonic())))
        self._pruned()
        self._measure()

    def _person(self) -> None:
        """Move a machine, or none."""
        vms = self.workspace.status()["vms"]
        name = self.rng.choice(sorted(vms))
        hosts = [f"hv{number}" for number in range(1, HOSTS + 1) if f"hv{number}" != vms[name]["host"]]
        if self._run("lab", "move", name, self.rng.choice(hosts), codes=(0, 1, 2)) == 0:
            self.counts["moves by people"] += 1

    def _fault(self) -> None:
        kind, *words = self.rng.choice(FAULTS)
        host = f"hv{self.rng.randint(1, HOSTS)}"
        where = (
            ()
            if kind in {"migration-fails", "drop-answer", "job-vanishes", "migration-warns"}
            else ("--host", host)
        )
        self._run("lab", "fault", "add", kind, *words, *where)
        self.counts["faults"] += 1

    def _drift(self) -> None:
        self._run("placement", "drift", "lab", codes=(0, 1, 2, 3, 4))
        self.counts["drift checks"] += 1

    def _changed(self) -> None:
        """Declare one machine on another host, and have that reviewed against what was declared before."""
        path = self.workspace.folder / "stacks" / "lab.yaml"
        before = path.with_name("before.yaml")
        shutil.copyfile(path, before)
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        name = self.rng.choice(sorted(content["vms"]))
        content["vms"][name]["host"] = f"hv{self.rng.randint(1, HOSTS)}"
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        self._run("placement", "review", "lab", "--base", str(before), codes=(0, 1, 2))
        self.counts["reviews"] += 1

    def _reached(self) -> None:
        """Run until the map is reached; that it is not is a trouble."""
        codes = []
        for _ in range(UPS):
            codes.append(self._up())
            if codes[-1] == 0:
                break
        declared = yaml.safe_load(
            (self.workspace.folder / "stacks" / "lab.yaml").read_text(encoding="utf-8")
        )["vms"]
        status = self.workspace.status()
        off = [name for name, vm in status["vms"].items() if vm["host"] != declared[name]["host"]]
        if codes[-1] != 0 or off:
            self.troubles.append(
                f"hour {self.counts['hours']}: runs ended with {codes}, elsewhere: {', '.join(off)}"
            )
        self.troubles += [
            f"hour {self.counts['hours']}: {each['what']}"
            for each in status["violations"]
            if "person" not in each
        ]

    def _up(self) -> int:
        """Run `up`; note the most that its plugin held."""
        before, folder = size_mib(self.workspace.folder / ".pulumi"), self.workspace.folder
        held = [0.0, 0.0, 0.0]
        with subprocess.Popen(
            self.workspace.command("pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs"), cwd=folder,
            env=self.workspace.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        ) as process:  # fmt: skip
            begun = time.monotonic()
            while process.poll() is None and time.monotonic() - begun < PATIENCE:
                held = list(map(max, held, _plugin(folder)))
                time.sleep(_LOOK)
            if process.poll() is None:
                self.troubles.append(f"hour {self.counts['hours']}: a run did not end")
                stop_session(process.pid)
        self.counts["runs"] += 1
        if self.counts["hours"]:
            for name, value in zip(("plugin memory", "plugin files", "plugin threads"), held, strict=True):
                self.series[name].samples.append(value)
            self.series["a run"].samples.append(size_mib(folder / ".pulumi") - before)
        return process.returncode

    def _pruned(self) -> None:
        """Type what docs/state.md has typed now and then, with minutes in place of days."""
        [text] = [each.text for each in blocks(PROJECT / "docs" / "state.md") if "-mtime +90" in each.text]
        command = text.replace("-mtime +90", f"-mmin +{self.kept_minutes}")
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=self.workspace.folder, check=True)

    def _measure(self) -> None:
        lab = psutil.Process(self._control()["pid"])
        for name, value in zip(("lab memory", "lab files", "lab threads"), held_by(lab), strict=True):
            self.series[name].samples.append(value)
        others = [each for each in of_folder(self.workspace.folder) if each != lab]
        self.series["processes"].samples.append(len(others))
        self.series["state"].samples.append(size_mib(self.workspace.folder / ".pulumi"))

    def _control(self) -> Mapping[str, Any]:
        content: dict[str, Any] = json.loads(
            (self.workspace.folder / ".lab" / "control.json").read_text(encoding="utf-8")
        )
        return content

    def _run(self, *words: str, codes: tuple[int, ...] = (0,)) -> int:
        """Run a command of the project; another exit code than one of `codes` is a trouble, and so is a traceback."""
        ended = self.workspace.run(
            *words, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE
        )
        if ended.returncode not in codes or "Traceback" in ended.stderr:
            last = (ended.stderr or ended.stdout).strip().splitlines()[-1:]
            self.troubles.append(f"{' '.join(words)} ended with {ended.returncode}: {''.join(last)}")
        return ended.returncode

    def close(self) -> None:
        """Stop the lab, and remove the copy."""
        self.workspace.close()


def _plugin(folder: Path) -> tuple[float, float, float]:
    """Return the most that a plugin of a copy holds now, of the several that an engine starts; zeros where none runs."""
    most = (0.0, 0.0, 0.0)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error, OSError):
            if _PLUGIN in process.cmdline() and Path(process.cwd()) == folder:
                memory, files, threads = held_by(process)
                most = (max(most[0], memory), max(most[1], files), max(most[2], threads))
    return most


def lived(night: Night, say: Callable[[str], object] = sys.stderr.write) -> None:
    """Live through the hours that are left."""
    while night.time_is_left:
        night.hour()
        say(f"hour {night.counts['hours']}: {night.counts['runs']} runs, {len(night.troubles)} troubles\n")

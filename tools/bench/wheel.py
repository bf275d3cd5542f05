"""What the installed product weighs: the wheel, what comes with it, how long pip takes, and what a first import costs beside Pulumi's own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from pathlib import Path

from tools.workspace import PROJECT

from .figure import Figure, amount, ratio
from .site import Sites

RUNS = 5
_MIB = 1 << 20
_LARGEST = 4
"""Packages that the notes name."""
_DEFERRED = "import sys, hyperv_placement.program; print(sorted({'highspy', 'numpy'} & set(sys.modules)))"


def measure(sites: Sites) -> list[Figure]:
    """Build the wheel, install it with its lock into an environment of its own, and look at that. pip asks the index of this machine."""
    folder = sites.folder / "wheel"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    placement = [str(python.with_name("placement")), "init", str(folder / "own")]
    subprocess.run(placement, check=True, capture_output=True)
    begun = time.monotonic()
    lock = ["--require-hashes", "--only-binary", ":all:", "--requirement", "requirements.txt"]
    subprocess.run([*pip, "install", *lock], cwd=folder / "own", check=True, capture_output=True)
    seconds = time.monotonic() - begun
    listed = json.loads(
        subprocess.run([*pip, "list", "--format", "json"], check=True, capture_output=True, text=True).stdout
    )
    ours = len([each for each in listed if each["name"] not in {"pip", "setuptools", "hyperv-placement"}])
    [packages] = (folder / "venv").rglob("site-packages")
    sizes = {each.name: _size(each) for each in packages.iterdir() if each.is_dir()}
    largest = sorted(sizes.items(), key=lambda pair: -pair[1])[:_LARGEST]
    floor, imported = _imports(python, "pulumi"), _imports(python, "hyperv_placement.program")
    deferred = subprocess.run(
        [str(python), "-P", "-c", _DEFERRED], check=True, capture_output=True, text=True
    ).stdout.strip()
    return [
        Figure(name="wheel", unit="KiB", result=wheel.stat().st_size / 1024, at_most=2048),
        Figure(name="packages that come with it", unit="", result=ours, at_most=60),
        Figure(
            name="environment of an operator",
            unit="MiB",
            result=sum(sizes.values()) / _MIB,
            at_most=300,
            notes=("largest: " + ", ".join(f"{name} {amount(size / _MIB)}" for name, size in largest),),
        ),
        Figure(
            name="installing what comes with it",
            unit="s",
            result=seconds,
            notes=("by the index and the cache of this machine",),
        ),
        Figure(
            name="import of the program",
            unit="times the import of pulumi",
            result=ratio(imported, floor),
            at_most=6,
            notes=(f"of highspy and numpy it loads {deferred}",),
        ),
    ]


def _imports(python: Path, module: str) -> list[float]:
    """Return how long a fresh process takes to import a module, in seconds; the first run, which compiles, is left out."""
    code = f"import time; begun = time.perf_counter(); import {module}; print(time.perf_counter() - begun)"
    command = [str(python), "-P", "-c", code]
    return [
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(RUNS + 1)
    ][1:]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

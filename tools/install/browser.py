"""The browser that tests of the page need: Chromium, as it is found, or as Debian packages it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.install.errors import SetupError
from tools.install.packages import Packages
from tools.install.progress import follow

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
"""Where macOS has it."""
PACKAGES = ("chromium", "fonts-dejavu-core")
"""Of Debian; a font that has the page's marks."""


def found(environ: Mapping[str, str]) -> str | None:
    """Return the path of a Chromium that is there."""
    named = (shutil.which(name, path=environ.get("PATH")) for name in NAMES)
    placed = (place for place in PLACES if Path(place).is_file())
    return next((path for path in (*named, *placed) if path), None)


def advice() -> str:
    """Return one line that says how to get one."""
    return f"No Chromium or Chrome on PATH. As root: apt-get install --no-install-recommends {' '.join(PACKAGES)}; elsewhere install either"


def ensure(environ: Mapping[str, str], *, root: bool) -> None:
    """Install a browser where there is none; say how where this user may not install packages. Raise SetupError there with CI=true."""
    if found(environ) is not None:
        return
    if root and shutil.which("apt-get", path=environ.get("PATH")):
        _install(environ)
    elif environ.get("CI") == "true":
        raise SetupError(advice())
    else:
        print(advice(), flush=True)


def _install(environ: Mapping[str, str]) -> None:
    print("Installing Chromium for the tests of the page, about a minute", flush=True)
    env = {**environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-y"]
    follow([*command, "update"], cwd=Path(os.sep), env=env, what="package lists", tally=Packages())
    follow(
        [*command, "install", "--no-install-recommends", *PACKAGES],
        cwd=Path(os.sep), env=env, what="packages", tally=Packages(),
    )  # fmt: skip

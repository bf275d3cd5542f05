"""`make image`: a base by mmdebstrap, the context, the image by buildah, and a look at what is in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.install.places import venv_python
from tools.install.trusted import flaw
from tools.workspace import PROJECT

NAME, BASE = "localhost/placement", "localhost/placement-base"
RECIPE = PROJECT / "docs" / "pipelines" / "image" / "Dockerfile"
SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}
"""Python of this computer, whose wheels the image gets -> the Debian that has it."""
STORE = ("--storage-driver", "vfs")
"""Needs no module of the kernel: it works in a container, too."""
NEEDED = ("buildah", "mmdebstrap")


def main() -> int:
    """Build it; 1 where something that it needs is missing, or what was built does not run as it has to."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    suite = SUITES.get(sys.version_info[:2])
    if missing or suite is None:
        why = (
            f"missing here: {', '.join(missing)} (apt install {' '.join(missing)})"
            if missing
            else "no Debian has this Python"
        )
        sys.stderr.write(f"The image is not built: {why}\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        _base(context, suite)
        _fill(context)
        _run(["buildah", *STORE, "build", "--isolation", "chroot", "--pull-never", "--build-arg", f"BASE={BASE}", "--tag", NAME,
              "--file", str(RECIPE), str(context)])  # fmt: skip
    return _tried()


def _base(folder: Path, suite: str) -> None:
    """Have a Debian with Python and git as an image; one that is there already is taken."""
    if subprocess.run(["buildah", *STORE, "inspect", BASE], check=False, capture_output=True).returncode == 0:
        return
    tar = folder / "base.tar"
    packages = "python3,python3-venv,ca-certificates,git"
    _run(["mmdebstrap", "--variant=minbase", f"--include={packages}", suite, str(tar)])
    container = _run(["buildah", *STORE, "from", "scratch"]).strip()
    _run(["buildah", *STORE, "add", container, str(tar), "/"])
    _run(["buildah", *STORE, "commit", "--rm", container, BASE])
    tar.unlink()


def _fill(context: Path) -> None:
    """Put together what the recipe copies: wheels by their hashes, our own wheel, the engine that set-up has chosen."""
    shutil.copy(PROJECT / "requirements.txt", context)
    wheels, python = context / "wheels", str(venv_python(PROJECT))
    download = ["download", "--quiet", "--require-hashes", "--only-binary", ":all:", "--dest", str(wheels)]
    _run([python, "-m", "pip", *download, "--requirement", str(context / "requirements.txt")])
    _run([python, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels)])
    engine = _engine()
    shutil.copytree(engine, context / "engine", ignore=shutil.ignore_patterns("*.json"))


def _engine() -> Path:
    """Return the folder of the engine. Raises SystemExit where there is none, or somebody else could change it."""
    cache = Path.home() / ".cache" / "hyperv-placement"
    found = sorted(
        path.parent for path in cache.glob("pulumi-*/pulumi") if path.is_file() and flaw(path) is None
    )
    if not found:
        sys.exit("There is no engine that set-up has built: make setup")
    return found[-1]


def _tried() -> int:
    """Run what is in the image as it will run: not as root, and everything there."""
    container = _run(["buildah", *STORE, "from", "--pull-never", NAME]).strip()
    try:
        for words in (
            ["placement", "--version"],
            ["placement", "explain", "32773"],
            ["pulumi", "version"],
            [
                "python3",
                "-c",
                "import os, grpc, pulumi, hyperv_placement.plugin; assert os.getuid() == 10001",
            ],
            ["sh", "-c", "! touch /opt/placement/mine 2> /dev/null && touch /work/mine"],
        ):
            shown = _run(["buildah", *STORE, "run", "--isolation", "chroot", container, "--", *words])
            sys.stdout.write(f"{' '.join(words)[:60]}: {(shown.splitlines() or ['as it has to be'])[0]}\n")
    finally:
        _run(["buildah", *STORE, "rm", container])
    sys.stdout.write(
        f"{NAME}: built and tried; take it out with buildah push {NAME} oci-archive:placement.tar\n"
    )
    return 0


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=PROJECT)
    if done.returncode != 0:
        sys.exit(
            f"{' '.join(command)[:200]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

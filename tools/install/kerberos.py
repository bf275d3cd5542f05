"""Kerberos for Python (gssapi, krb5): no wheels for Linux exist, so they are compiled once, into the user's cache."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.install.environment import pip_environment
from tools.install.errors import SetupError
from tools.install.guard import alone
from tools.install.places import cache_folder, read_record, venv_folder, venv_python, write_record
from tools.install.progress import Tally, follow
from tools.install.trusted import flaw, private_folder

_LOCKS = ("requirements-kerberos.txt", "tools/kerberos-build.txt")
_COMPILED = "gssapi,krb5"
_PARALLEL = "[build_ext]\nparallel = 2\n"


class Compilation(Tally):
    """What pip has said so far."""

    def read(self, line: str) -> None:
        """Keep the last lines; pip says little before the end."""
        self.last.append(line)

    def __str__(self) -> str:
        """Return what it is about."""
        return _COMPILED.replace(",", " and ")


def ensure(project: Path) -> None:
    """Have them in `.venv`, compiled at the first time. Raises SetupError."""
    key = _key(project)
    stamp = venv_folder(project) / "placement-kerberos.json"
    if read_record(stamp).get("wheels") == key:
        return
    cache = cache_folder(sys.platform, os.environ, Path.home())
    private_folder(cache)
    wheels = cache / key
    with alone(
        wheels.with_name(f"{key}.lock"), "Another project compiles Kerberos for Python; waiting for it"
    ):
        if not wheels.is_dir():
            _compile(project, wheels)
        if (why := flaw(wheels)) is not None:
            raise SetupError(f"Kerberos for Python is not installed from {wheels}: {why}")
    pip = [str(venv_python(project)), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    install = [*pip, "install", "--no-index", "--no-deps", *map(str, sorted(wheels.glob("*.whl")))]
    done = subprocess.run(install, check=False, env=pip_environment(os.environ))
    if done.returncode != 0:
        raise SetupError(f"Could not install Kerberos for Python from {wheels} (the reason stands above)")
    write_record(stamp, {"wheels": key})


def _key(project: Path) -> str:
    """Return the name of the folder of wheels; it changes with everything that they are made from."""
    digest = hashlib.sha256(f"{sys.platform} {platform.machine()} {sys.version_info[:2]}".encode())
    for name in _LOCKS:
        digest.update((project / name).read_bytes())
    return f"kerberos-{digest.hexdigest()[:12]}"


def _compile(project: Path, wheels: Path) -> None:
    print(f"Compiling Kerberos for Python once, 1 to 4 minutes, into {wheels}", flush=True)
    work = wheels.with_name(f"{wheels.name}.build")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    lock, tools = (str(project / name) for name in _LOCKS)
    python = work / "venv" / "bin" / "python"
    _run([sys.executable, "-m", "venv", str(work / "venv")])
    pip = [str(python), "-m", "pip", "--no-input", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement", tools])
    (work / "build.cfg").write_text(_PARALLEL, encoding="utf-8")
    follow(
        [
            *pip, "wheel", "--require-hashes", "--no-build-isolation", "--no-deps", "--no-binary", _COMPILED,
            "--requirement", lock, "--wheel-dir", str(work / "wheels"),
        ],
        cwd=work, env=_environment(os.environ, work), what="Kerberos", tally=Compilation(),
    )  # fmt: skip
    (work / "wheels").rename(wheels)
    shutil.rmtree(work)


def _environment(environ: Mapping[str, str], work: Path) -> dict[str, str]:
    """Return the compiler's environment: without optimising it takes a third of the time, and tickets cost the same."""
    return {
        **pip_environment(environ),
        "CFLAGS": "-O0 -g0",
        "DIST_EXTRA_CONFIG": str(work / "build.cfg"),
        "PATH": os.pathsep.join([str(work / "venv" / "bin"), environ.get("PATH", os.defpath)]),
    }


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, env=pip_environment(os.environ))
    if done.returncode != 0:
        raise SetupError("Could not prepare the compilation of Kerberos for Python (the reason stands above)")

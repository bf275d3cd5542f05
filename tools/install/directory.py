"""What the lab's directory and its tests need: Samba's domain controller of Debian, and Kerberos for Python."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.install import kerberos
from tools.install.errors import SetupError
from tools.install.packages import Packages
from tools.install.progress import follow

LIST = Path("lab", "directory", "debian-packages.txt")
POLICY = Path("/usr/sbin/policy-rc.d")
_REFUSE = (
    "#!/bin/sh\n# Made by hyperv-placement's set-up while it installs packages; may be removed.\nexit 101\n"
)
_SERVICES = ("smbd", "nmbd", "winbind", "samba-ad-dc")
_UMASK_FREE = stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH


def ensure(project: Path, environ: Mapping[str, str], *, root: bool) -> None:
    """Have everything, as far as this user may.

    Who may not install packages is told in one line what is missing, and goes on without a directory; with CI=true
    that is an error: there nothing is left out. Raises SetupError.
    """
    missing = _missing([*listed(project), *_headers()], environ)
    obstacle = _obstacle(environ, root=root) if missing else None
    if obstacle is not None:
        text = f"No directory in the lab: {obstacle}. As root: apt-get install --no-install-recommends {' '.join(missing)}"
        if environ.get("CI") == "true":
            raise SetupError(text)
        print(text, flush=True)
        return
    if missing:
        install(missing, environ, POLICY)
    kerberos.ensure(project)


def listed(project: Path) -> list[str]:
    """Return the names of Debian's packages."""
    lines = (project / LIST).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def install(packages: Sequence[str], environ: Mapping[str, str], policy: Path) -> None:
    """Install Debian's packages; no service of theirs is started, now or at the next boot. Raises SetupError.

    `policy`: the program that Debian asks before it starts a service (invoke-rc.d, deb-systemd-invoke).
    """
    print(f"Installing for the lab's directory, about a minute: {' '.join(packages)}", flush=True)
    own = _missing(["samba"], environ) == ["samba"]
    env = {**environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-y"]
    with _no_services(policy):
        follow([*command, "update"], cwd=Path("/"), env=env, what="package lists", tally=Packages())
        follow(
            [*command, "install", "--no-install-recommends", *packages],
            cwd=Path("/"), env=env, what="packages", tally=Packages(),
        )  # fmt: skip
        if own and shutil.which("systemctl", path=environ.get("PATH")):
            # Somebody who runs a Samba of his own had it before, and keeps it as it was.
            subprocess.run(
                ["systemctl", "disable", "--quiet", *_SERVICES], check=False, capture_output=True, env=env
            )


def _missing(packages: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return those that are not installed; all, where there is no dpkg."""
    query = shutil.which("dpkg-query", path=environ.get("PATH"))
    if query is None:
        return list(packages)
    asked = subprocess.run(
        [query, "-W", "-f", "${db:Status-Status} ${Package}\n", *packages],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    there = {line.split()[1] for line in asked.stdout.splitlines() if line.startswith("installed ")}
    return [name for name in packages if name not in there]


def _headers() -> list[str]:
    """Return the package of this Python's headers, where they are not there: Debian's own Python."""
    if Path(sysconfig.get_path("include"), "Python.h").exists():
        return []
    return [f"python{sys.version_info[0]}.{sys.version_info[1]}-dev"]


def _obstacle(environ: Mapping[str, str], *, root: bool) -> str | None:
    if shutil.which("apt-get", path=environ.get("PATH")) is None:
        return "it is Samba's domain controller of Debian 12 or newer, which this is not"
    return None if root else "packages are missing, and you are not root"


@contextmanager
def _no_services(policy: Path) -> Iterator[None]:
    """Refuse every start of a service meanwhile; a policy that is there stays."""
    if policy.exists():
        yield
        return
    policy.write_text(_REFUSE, encoding="utf-8")
    try:
        policy.chmod(_UMASK_FREE)
        yield
    finally:
        policy.unlink()

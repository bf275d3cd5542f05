"""The database that tests of kept state need: PostgreSQL, as it is found, or as Debian packages it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.install import directory
from tools.install.errors import SetupError

PACKAGES = ("postgresql",)
DEBIAN = Path("/usr/lib/postgresql")
"""There Debian has a folder for each version, none of them on PATH."""
_PROGRAMS = ("initdb", "postgres")


def found(environ: Mapping[str, str], debian: Path = DEBIAN) -> Path | None:
    """Return the folder of the newest PostgreSQL server's programs, None where there is none."""
    on_path = shutil.which("initdb", path=environ.get("PATH"))
    versions = sorted(debian.glob("[0-9]*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    places = [*versions, *([Path(on_path).parent] if on_path else [])]
    return next((place for place in places if all((place / name).exists() for name in _PROGRAMS)), None)


def advice() -> str:
    """Return one line that says how to get one."""
    return f"No PostgreSQL server. As root: apt-get install --no-install-recommends {' '.join(PACKAGES)}; elsewhere put its initdb on PATH"


def ensure(environ: Mapping[str, str], *, root: bool, debian: Path = DEBIAN) -> None:
    """Install a database where there is none; say how where this user may not install packages. Raise SetupError there with CI=true."""
    if found(environ, debian) is not None:
        return
    if root and shutil.which("apt-get", path=environ.get("PATH")):
        directory.install(PACKAGES, environ, directory.POLICY)
    elif environ.get("CI") == "true":
        raise SetupError(advice())
    else:
        print(advice(), flush=True)

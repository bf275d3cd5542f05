"""Set-up of the database: what is there is taken, the newest one, and who may not install is told how."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.install import database
from tools.install.errors import SetupError

from .fakes import posix_only, program
from .test_directory import calls, script

pytestmark = posix_only


def test_the_newest_server_of_debian_is_taken(tmp_path: Path) -> None:
    """By number, not by letter; a version of which only the client is there does not count; nothing is installed."""
    for version in ("9", "15", "17"):
        places = tmp_path / version / "bin"
        places.mkdir(parents=True)
        program(places, "postgres" if version != "17" else "psql")
        program(places, "initdb")
    assert database.found({"PATH": "/nowhere"}, tmp_path) == tmp_path / "15" / "bin"
    script(tmp_path, "apt-get", "exit 1")
    database.ensure({"PATH": str(tmp_path)}, root=True, debian=tmp_path)
    assert calls(tmp_path) == []


def test_a_server_on_the_path_is_taken(tmp_path: Path) -> None:
    """As other systems have it."""
    for name in ("initdb", "postgres"):
        program(tmp_path, name)
    assert database.found({"PATH": str(tmp_path)}, tmp_path / "debian") == tmp_path


def test_who_may_not_install_is_told_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With CI=true that is an error: nothing is left out there."""
    environ = {"PATH": str(tmp_path)}
    database.ensure(environ, root=False, debian=tmp_path)
    assert "apt-get install" in capsys.readouterr().out
    with pytest.raises(SetupError, match="apt-get install"):
        database.ensure({**environ, "CI": "true"}, root=False, debian=tmp_path)

"""Set-up of the browser: what is there is taken, and who may not install is told how."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.install import browser
from tools.install.errors import SetupError

from .fakes import posix_only, program
from .test_directory import calls, script

pytestmark = posix_only


def test_a_browser_that_is_there_is_taken(tmp_path: Path) -> None:
    """Nothing is installed then."""
    path = program(tmp_path, "chromium")
    assert browser.found({"PATH": str(tmp_path)}) == str(path)
    script(tmp_path, "apt-get", "exit 1")
    browser.ensure({"PATH": str(tmp_path)}, root=True)
    assert calls(tmp_path) == []


def test_root_gets_one_and_others_are_told_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With CI=true that is an error: nothing is left out there."""
    script(tmp_path, "apt-get", "true")
    environ = {"PATH": f"{tmp_path}:/nowhere"}
    browser.ensure(environ, root=True)
    update, install = calls(tmp_path)
    assert update.endswith("-y update")
    assert install.endswith("-y install --no-install-recommends chromium fonts-dejavu-core")
    capsys.readouterr()
    browser.ensure(environ, root=False)
    assert "apt-get install" in capsys.readouterr().out
    with pytest.raises(SetupError, match="apt-get install"):
        browser.ensure({**environ, "CI": "true"}, root=False)

"""Set-up of the lab's directory: what is installed, for whom, and that no service comes along."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.directory.packages import listed as listed_by_the_lab
from tools.install import directory
from tools.install.errors import SetupError

from .fakes import posix_only, program

PROJECT = Path(__file__).resolve().parents[3]
pytestmark = posix_only


def script(folder: Path, name: str, text: str) -> Path:
    """Write a program that notes its arguments in `calls`, and then does as `text` says."""
    path = program(folder, name)
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{folder}/calls"\n{text}\n', encoding="utf-8")
    return path


def machine(folder: Path, *, installed: str = "") -> dict[str, str]:
    """Return the environment of a Debian that has these packages, by its dpkg-query."""
    program(folder, "dpkg-query", "\n".join(f"installed {name}" for name in installed.split()))
    return {"PATH": f"{folder}:/bin:/usr/bin"}


def calls(folder: Path) -> list[str]:
    """Return what was called."""
    file = folder / "calls"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_set_up_and_lab_name_the_same_packages() -> None:
    """The list is one file: what set-up installs is what the lab's error tells to install."""
    assert directory.listed(PROJECT) == listed_by_the_lab()
    assert "samba-ad-dc" in listed_by_the_lab()


def test_packages_are_installed_without_their_services(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """While apt-get runs, Debian is told to start nothing; afterwards nothing is left of that, nor enabled."""
    policy = tmp_path / "policy-rc.d"
    environ = machine(tmp_path)
    script(
        tmp_path, "apt-get", f'"{policy}"; echo "policy $?" >> "{tmp_path}/calls"; echo "Setting up samba"'
    )
    script(tmp_path, "systemctl", "")
    directory.install(["samba-ad-dc", "krb5-user"], environ, policy)
    update, refused, install, again, disable = calls(tmp_path)
    assert update.endswith("-y update")
    assert install.endswith("-y install --no-install-recommends samba-ad-dc krb5-user")
    assert refused == again == "policy 101"
    assert disable == "systemctl disable --quiet smbd nmbd winbind samba-ad-dc"
    assert not policy.exists()
    said = capsys.readouterr().out
    assert "Installing for the lab's directory" in said
    assert "packages: done in" in said


def test_a_samba_of_the_users_own_and_his_policy_stay(tmp_path: Path) -> None:
    """Who had a Samba keeps its services as they were, and a policy of his is not touched."""
    policy = program(tmp_path, "policy-rc.d", "mine")
    before = policy.read_text(encoding="utf-8")
    environ = machine(tmp_path, installed="samba")
    script(tmp_path, "apt-get", "")
    script(tmp_path, "systemctl", "")
    directory.install(["samba-ad-dc"], environ, policy)
    assert [line.split()[0] for line in calls(tmp_path)] == ["apt-get", "apt-get"]
    assert policy.read_text(encoding="utf-8") == before


def test_a_failed_installation_says_why(tmp_path: Path) -> None:
    """The last words of apt-get are the error, and the policy goes all the same."""
    policy = tmp_path / "policy-rc.d"
    environ = machine(tmp_path)
    script(tmp_path, "apt-get", "echo 'E: Unable to locate package samba-ad-dc' >&2; exit 100")
    with pytest.raises(SetupError, match="Unable to locate package"):
        directory.install(["samba-ad-dc"], environ, policy)
    assert not policy.exists()


def test_elsewhere_one_line_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where packages cannot be installed set-up goes on without a directory; with CI=true it does not."""
    environ = {"PATH": str(tmp_path)}  # neither dpkg-query nor apt-get
    directory.ensure(PROJECT, environ, root=True)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "No directory in the lab" in said
    assert "apt-get install --no-install-recommends samba-ad-dc" in said
    with pytest.raises(SetupError, match="No directory in the lab"):
        directory.ensure(PROJECT, {**environ, "CI": "true"}, root=True)


def test_who_is_not_root_installs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An ordinary user's set-up calls no apt-get."""
    environ = machine(tmp_path)
    script(tmp_path, "apt-get", "")
    directory.ensure(PROJECT, environ, root=False)
    assert "you are not root" in capsys.readouterr().out
    assert calls(tmp_path) == []

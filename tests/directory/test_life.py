"""The directory's life: with the lab it comes, stays, and goes, however the lab ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lab.directory.directory import end_leftover
from lab.directory.folder import folder_of
from tests.fabric.conftest import until

from .conftest import Site, site

PROJECT = Path(__file__).resolve().parents[2]


class Lab:
    """`bin/lab` as a user types it, in a home of its own."""

    def __init__(self, home: Path) -> None:
        """Keep everything in `home`."""
        self.home = home
        self.environ = {**os.environ, "LAB_HOME": str(home)}

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "lab", *words], cwd=PROJECT, env={**self.environ, **environ},
            check=False, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def ok(self, *words: str) -> str:
        """Run one command that must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def directory(self) -> dict[str, Any]:
        """Return what `status --json` says of the directory."""
        return dict(json.loads(self.ok("status", "--json"))["directory"])

    def samba(self) -> psutil.Process:
        """Return the directory's process."""
        return psutil.Process(int((folder_of(self.home) / "run" / "samba.pid").read_text(encoding="ascii")))

    def daemon(self) -> psutil.Process:
        """Return the lab's own process."""
        return psutil.Process(json.loads((self.home / "control.json").read_text(encoding="utf-8"))["pid"])

    def describe(self, value: str | None = None) -> str:
        """Write a computer's description in the directory, or read it."""
        status = self.directory()
        admin = status["accounts"]["directory_administrator"]
        dn = status["computers"]["hv1"]["dn"]
        secret = self.home / "secret"
        secret.write_text(admin["password"], encoding="utf-8")
        bind = ["-x", "-H", status["ldaps"], "-D", admin["principal"], "-y", str(secret)]
        change = f"dn: {dn}\nchangetype: modify\nreplace: description\ndescription: {value}\n"
        command = (
            ["ldapsearch", *bind, "-LLL", "-b", dn, "description"] if value is None else ["ldapmodify", *bind]
        )
        done = subprocess.run(
            command, env={**os.environ, "LDAPTLS_CACERT": status["ca"]}, check=True, capture_output=True, text=True,
            input="" if value is None else change, timeout=60,
        )  # fmt: skip
        return done.stdout


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab that is stopped afterwards."""
    one = Lab(tmp_path_factory.mktemp("d") / "home")
    yield one
    one.run("down")


def test_the_directory_lives_as_long_as_the_lab(lab: Lab) -> None:
    """Up, killed, up, down, up: it ends with the lab each time, comes back where it was, and keeps what was changed."""
    lab.ok("up", "--directory", "--hosts", "2", "--vms", "0", "--ports", "auto", "--ticket-cache", "60")
    assert lab.ok("purge", "hv1") == "hv1 has forgotten 0 answers of the directory.\n"
    first, samba = lab.directory(), lab.samba()
    assert first["running"]
    assert first["realm"] == "LAB.EXAMPLE"
    lab.describe("changed")

    lab.daemon().kill()
    assert not psutil.wait_procs([samba], timeout=20)[1]

    lab.ok("up")  # not asked for again: it belongs to the estate
    assert lab.directory() == first
    assert "description: changed" in lab.describe()

    again = lab.samba()
    lab.ok("down")
    assert not psutil.wait_procs([again], timeout=20)[1]

    assert lab.ok("up", "--directory").startswith("The lab is up")
    assert "description: changed" in lab.describe()
    assert lab.ok("up", "--directory").startswith("The lab runs already")


def test_status_tells_that_samba_has_died(lab: Lab) -> None:
    """A directory that was killed behind the lab's back is told, and `down` and `up` bring it back."""
    lab.ok("up", "--directory", "--hosts", "1", "--vms", "0", "--ports", "auto")
    lab.samba().kill()
    until(lambda: not lab.directory()["running"])
    assert "The directory LAB.EXAMPLE has ended" in lab.ok("status")
    lab.ok("down")
    lab.ok("up")
    assert lab.directory()["running"]


def test_a_new_estate_has_a_new_directory_or_none(lab: Lab) -> None:
    """Hosts that are not in the estate any more are not in its directory either."""
    lab.ok("up", "--directory", "--hosts", "2", "--vms", "0", "--ports", "auto")
    samba, before = lab.samba(), lab.directory()
    lab.ok("up", "--directory", "--hosts", "3", "--vms", "0", "--ports", "auto")
    assert not psutil.wait_procs([samba], timeout=20)[1]
    after = lab.directory()
    assert after["computers"].keys() == {"hv1", "hv2", "hv3", "sofs"}
    assert after["accounts"]["operator"]["password"] != before["accounts"]["operator"]["password"]
    lab.ok("up", "--hosts", "1", "--vms", "0", "--ports", "auto")
    assert "directory" not in json.loads(lab.ok("status", "--json"))
    assert not folder_of(lab.home).exists()


def test_labs_side_by_side_are_strangers(running: Site, another: Site, tmp_path: Path) -> None:
    """Two directories of one domain run at once; a ticket or a password of one is worth nothing at the other."""
    assert running.status["ldaps"] != another.status["ldaps"]
    account = running.account("operator")
    ccache = tmp_path / "ccache"
    assert running.kinit(account["principal"], account["password"], ccache).returncode == 0
    running.run("kvno", "cifs/hv1.lab.example", ccache=ccache)
    assert another.run("kvno", "cifs/hv2.lab.example", ccache=ccache, check=False).returncode != 0
    assert another.kinit(account["principal"], account["password"], ccache).returncode != 0


def test_a_leftover_is_ended_and_a_stranger_is_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The noted process is ended if it is this folder's Samba; a process that only has its number lives on."""
    with site(tmp_path_factory.mktemp("d") / "lab") as one:
        assert one.directory.controller.runs
        assert end_leftover(one.home)
        until(lambda: not one.directory.controller.runs)
        with subprocess.Popen(["sleep", "60"], cwd=folder_of(one.home)) as stranger:
            pid = folder_of(one.home) / "run" / "samba.pid"
            pid.write_text(str(stranger.pid), encoding="ascii")
            assert not end_leftover(one.home)
            assert stranger.poll() is None
            stranger.terminate()


def test_a_home_that_sockets_cannot_name_is_refused(lab: Lab) -> None:
    """One line says so before anything is provisioned."""
    deep = lab.home / ("d" * 80)
    done = lab.run("up", "--directory", "--vms", "0", "--ports", "auto", LAB_HOME=str(deep))
    assert done.returncode == 1
    assert "choose another LAB_HOME" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_samba_one_line_says_what_to_install(lab: Lab, tmp_path: Path) -> None:
    """A machine without the packages gets the command, not a traceback, and the estate that was there stays."""
    lab.ok("up", "--hosts", "1", "--vms", "0", "--ports", "auto")
    lab.ok("down")
    world = (lab.home / "world.json").read_bytes()
    done = lab.run("up", "--directory", "--fresh", "--ports", "auto", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("lab: the directory needs samba-tool, ")
    assert "make directory" in done.stderr
    assert (lab.home / "world.json").read_bytes() == world
    assert len(done.stderr.splitlines()) == 1

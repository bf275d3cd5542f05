"""State in PostgreSQL and in object storage: the commands of docs/state.md, with servers on loopback."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.documents import blocks
from tools.install import database
from tools.workspace import PROJECT, Workspace

from .conftest import Site, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.one_form("the page begins without a stack")]

PAGE = PROJECT / "docs" / "state.md"
SERVE_S3 = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
"""A port that the system chose is told; it serves until its input ends."""


@contextmanager
def postgres(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run a PostgreSQL that asks for passwords in `folder`; yield the variables by which clients reach it."""
    programs = database.found(os.environ)
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail(database.advice())
        pytest.skip(database.advice())
    account = _unprivileged()
    password = secrets.token_urlsafe(12)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = folder / "password"
    given.write_text(password, encoding="utf-8")
    passfile = folder / "pgpass"
    passfile.touch(mode=0o600)
    passfile.write_text(f"127.0.0.1:{port}:*:placement:{password}\n", encoding="utf-8")
    if account:
        for path in (folder, given):
            shutil.chown(path, account)
    data = folder / "data"
    user: list[str | Path] = ["-U", "placement", "-A", "scram-sha-256", f"--pwfile={given}"]
    _run([programs / "initdb", "-D", data, *user, "--no-sync"], account)
    listen: list[str | Path] = ["-h", "127.0.0.1", "-p", str(port), "-k", folder]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *listen, "-F"],
            user=account, group=account, stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    try:
        environ = {"DATABASE": f"127.0.0.1:{port}", "PGPASSFILE": str(passfile), "PGSSLMODE": "disable"}
        where = ["-h", "127.0.0.1", "-p", str(port), "-U", "placement"]
        create: list[str | Path] = [programs / "createdb", *where, "--no-password", "placement"]
        until(
            lambda: subprocess.run(create, env={**os.environ, **environ}, check=False, capture_output=True).returncode == 0,
            within=30, what="PostgreSQL makes a database",
        )  # fmt: skip
        yield environ
    finally:
        server.terminate()
        server.wait(20)


def _unprivileged() -> str | None:
    """Return the account that is to run the server: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(command: Sequence[str | Path], account: str | None) -> None:
    done = subprocess.run(
        command, user=account, group=account, check=False, capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def object_storage() -> Iterator[Mapping[str, str]]:
    """Run a server of S3's protocol with a bucket; yield the variables by which clients reach it."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE_S3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None
        endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
        with requests.Session() as client:
            client.trust_env = False  # no proxy
            client.put(f"{endpoint}/placement", timeout=20).raise_for_status()
        keys = {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab"}
        yield {"ENDPOINT": endpoint, "BUCKET": "placement", **keys}
        server.stdin.close()


def start(site: Site, text: str, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a block of the page."""
    return subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", text], cwd=site.workspace.folder,
        env={**site.workspace.environment, **environ}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def end(typed: subprocess.Popen[str]) -> None:
    """Wait for the end of a block, which is a good one."""
    reported, _ = typed.communicate(timeout=200)
    assert typed.returncode == 0, reported


@contextmanager
def second_checkout(site: Site, folder: Path) -> Iterator[Workspace]:
    """Lend another copy of the project that knows the same hosts; there VM001 and VM011 are declared elsewhere."""
    proxies = {name: value for name, value in site.workspace.environment.items() if name.endswith("_PROXY")}
    other = Workspace(folder, keep=proxies)
    text = site.file("stacks/lab.yaml").read_text(encoding="utf-8").replace("../.lab", str(site.file(".lab")))
    text = text.replace("VM001: {host: hv1,", "VM001: {host: hv2,").replace(
        "VM011: {host: hv2,", "VM011: {host: hv3,"
    )
    (folder / "stacks" / "lab.yaml").write_text(text, encoding="utf-8")
    yield other
    other.close()


def typed(workspace: Workspace, environ: Mapping[str, str], *words: str) -> str:
    """Return what a command printed that is run with variables on top, whatever its exit code."""
    done = subprocess.run(
        workspace.command(*words), cwd=workspace.folder, env={**workspace.environment, **environ}, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=100,
    )  # fmt: skip
    return f"{done.stdout}exit code {done.returncode}"


def held_for_all(site: Site, other: Workspace, environ: Mapping[str, str], reports: Sequence[str]) -> None:
    """Hold a machine and a host in one checkout; the other one shows it, its run moves neither, and it releases them."""
    before = site.hosts()
    words = ("--until", "2099-12-31", "--reason", "hands at it")
    for subject in ("VM001", "hv3"):
        said = typed(site.workspace, environ, "placement", "hold", subject, "lab", *words)
        assert said.endswith("exit code 0"), said
    shown = {report: typed(other, environ, "placement", report, "lab") for report in reports}
    shown["up"] = typed(other, environ, "pulumi", "up", "--yes", "--skip-preview", "--stack", "lab")
    for report, said in shown.items():
        for subject in ("VM001", "hv3"):
            assert f"{subject} is held until 2099-12-31 UTC: hands at it, by " in said, f"{report}: {said}"
    assert shown["up"].endswith("exit code 0"), shown["up"]
    assert "VM011 stays on hv2: hv3 is held" in shown["up"]
    assert site.hosts() == before
    for subject in ("VM001", "hv3"):
        said = typed(other, environ, "placement", "release", subject, "lab")
        assert said.endswith("exit code 0"), said
    assert "hold" not in typed(site.workspace, environ, "placement", "check", "lab")


def recovered(site: Site, environ: Mapping[str, str], endpoint: str) -> None:
    """A lock that a runner has left who is no more: nobody sees that from here, so a person looks there and names it."""
    lock = f"{endpoint}/placement/.pulumi/locks/organization/hyperv-placement/lab/left.json"
    content = {"pid": 4711, "username": "ops", "hostname": "runner-7", "timestamp": "2026-11-30T06:00:00Z"}
    with requests.Session() as client:
        client.trust_env = False  # no proxy
        client.put(lock, json=content, timeout=20).raise_for_status()
        said = typed(site.workspace, environ, "placement", "recover", "lab")
        assert said.endswith("exit code 1"), said
        assert "run this again with --take-lock-of ops@runner-7" in said
        said = typed(site.workspace, environ, "placement", "recover", "lab", "--take-lock-of", "ops@runner-7")
        assert said.endswith("exit code 0"), said
        assert "lock removed, as --take-lock-of says of its holder (process 4711 of ops on runner-7" in said


def test_state_is_kept_where_the_page_says(site: Site, tmp_path: Path) -> None:
    """In PostgreSQL with a lock that holds, and taken along to object storage; nothing of it in the project. Holds count for all who share it."""
    export, take_along, in_database, in_storage, _ = (block.text for block in blocks(PAGE))
    passphrase = {"PULUMI_CONFIG_PASSPHRASE": "of the lab"}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        postgres(Path(folder)) as reached,
        second_checkout(site, tmp_path / "second") as other,
    ):
        environ = {**passphrase, **reached}
        first = start(site, in_database, environ)
        until(site.running, within=180, what="the first machines move")
        environ["PULUMI_BACKEND_URL"] = f"postgres://placement@{reached['DATABASE']}/placement"
        second = start(site, "bin/pulumi up --yes --skip-preview --stack lab", environ)
        reported, _ = second.communicate(timeout=100)
        assert second.returncode != 0
        assert "locked" in reported
        end(first)
        held_for_all(
            site, other, environ, ("check", "doctor", "inventory", "drift", "plan", "review", "result")
        )
        end(start(site, export, environ))
    with object_storage() as reached, second_checkout(site, tmp_path / "third") as other:
        passphrase = {"PULUMI_CONFIG_PASSPHRASE": "another one"}
        environ = {"PULUMI_CONFIG_PASSPHRASE": "of the lab", "NEW_PASSPHRASE": "another one", **reached}
        place = f"s3://placement?endpoint={reached['ENDPOINT']}&s3ForcePathStyle=true&region=us-east-1"
        end(start(site, take_along, {**environ, "NEW_PLACE": place}))
        end(start(site, in_storage, {**environ, **passphrase}))
        held_for_all(site, other, {**environ, **passphrase, "PULUMI_BACKEND_URL": place}, ("check", "drift"))
        recovered(site, {**environ, **passphrase, "PULUMI_BACKEND_URL": place}, reached["ENDPOINT"])
    assert not (site.file(".pulumi") / "stacks").exists()

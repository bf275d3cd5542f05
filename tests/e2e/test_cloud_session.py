"""A session of the cloud that keeps the state ends while machines move: what the run and the recovery say, and the way on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import requests
import yaml
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tools.workspace import Workspace

from . import forms
from .conftest import Site, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_OVER = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>ExpiredToken</Code>'
    b"<Message>The provided token has expired.</Message></Error>"
)
"""What S3 answers then ("Error responses", Amazon S3 API reference), with 403."""


class Storage:
    """A server of S3's protocol with a bucket, for sessions that end."""

    def __init__(self) -> None:
        """Listen on a port that the system chose."""
        self.over = False
        """Whether the session of whoever asks has ended."""
        self._inner = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        if self.over:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [_OVER]
        return self._inner(environ, start_response)  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Close."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def storage() -> Iterator[Storage]:
    """Lend a server with an empty bucket `placement`."""
    server = Storage()
    try:
        with requests.Session() as client:
            client.trust_env = False  # no proxy
            client.put(f"{server.endpoint}/placement", timeout=20).raise_for_status()
        yield server
    finally:
        server.stop()


def placement(site: Site, *words: str) -> tuple[int, str]:
    """Return exit code and words of a `bin/placement`."""
    done = site.workspace.run(
        "placement", *words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100
    )
    return done.returncode, done.stdout


@pytest.fixture
def kept(workspace: Workspace) -> Iterator[Storage]:
    """Have the state of the workspace in object storage."""
    with storage() as server:
        where = f"s3://placement?endpoint={server.endpoint}&s3ForcePathStyle=true&region=us-east-1"
        workspace.environment |= {
            "PULUMI_BACKEND_URL": where, "PULUMI_CONFIG_PASSPHRASE": "of the lab",
            "AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab", "AWS_SESSION_TOKEN": "lab",
        }  # fmt: skip
        workspace.run("pulumi", "stack", "select", "--create", "lab")
        yield server


def one_move(site: Site) -> None:
    """Declare VM003 on hv2, and every other machine where it is: the engine tries each save for half a minute."""
    path = site.file("stacks/lab.yaml")
    content = forms.as_it_is(yaml.safe_load(path.read_text(encoding="utf-8")), site.hosts())
    content["vms"]["VM003"] = {"host": "hv2"}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@pytest.mark.all
@pytest.mark.outcome
def test_a_run_whose_cloud_session_ends_leaves_its_move_and_the_next_one_finds_it(
    kept: Storage, site: Site
) -> None:
    """It fails and says that the state was not saved; with new credentials `recover` and `up` end with 0, and nothing is ordered twice."""
    one_move(site)
    run = site.start("up", "--yes", "--skip-preview", "--stack", "lab")
    until(lambda: site.running("VM003"), within=180, what="VM003 moves")
    kept.over = True
    assert run.ended(within=300) != 0
    assert "failed to save snapshot" in run.text()
    assert "ExpiredToken" in run.text()
    assert site.hosts()["VM003"] == "hv2"

    code, said = placement(site, "recover", "lab")
    assert (code, "ExpiredToken" in said, "recover lab again" in said) == (1, True, True), said
    kept.over = False
    code, said = placement(site, "recover", "lab")
    assert code == 0, said
    again = site.up("--stack", "lab")
    assert again.returncode == 0, again.stdout
    assert len(site.moved("VM003")) == 1
    assert site.in_order()

"""Credentials of a cloud by a job's identity: scripts to copy, against a stand-in for GitHub's issuer and for AWS' token service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tools.workspace import PROJECT

OIDC = PROJECT / "docs" / "pipelines" / "oidc"
ASKS, TOKEN = "asks-of-the-job", "identity-of-the-job"
AGAIN = 4
"""Requests after which a token has been renewed for certain."""

pytestmark = pytest.mark.skipif(
    any(shutil.which(program) is None for program in ("bash", "curl", "jq")),
    reason="bash, curl and jq are what they use",
)


@contextmanager
def clouds(reported: list[tuple[str, str]], again: threading.Event) -> Iterator[str]:
    """Serve both on loopback; `told` gets what each request brought, `again` is set at the AGAINth. Return the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reported.append((self.path, self.headers.get("Authorization", "")))
            if len(reported) == AGAIN:
                again.set()
            self.answer(
                {"value": f"{TOKEN}-{len(reported)}"}
                if self.headers.get("Authorization") == f"Bearer {ASKS}"
                else None
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
            reported.append((self.path, body))
            credentials = {
                "AccessKeyId": "A",
                "SecretAccessKey": "S",
                "SessionToken": "T",
                "Expiration": 1.8e9,
            }
            found = {
                "AssumeRoleWithWebIdentityResponse": {
                    "AssumeRoleWithWebIdentityResult": {"Credentials": credentials}
                }
            }
            self.answer(found if "StateRole" in body else None)

        def answer(self, value: object) -> None:
            body = json.dumps(value).encode("ascii")
            self.send_response(200 if value else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a job."""
    return {
        "PATH": os.environ["PATH"], "TMPDIR": str(folder), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ASKS,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/token?api-version=1", "AWS_ENDPOINT_URL_STS": url, "GITHUB_RUN_ID": "12",
        **more,
    }  # fmt: skip


def test_aws_gets_credentials_of_an_hour_each_time_it_asks(tmp_path: Path) -> None:
    """In the form of credential_process; nothing is left on the disk, and a refusal is none."""
    reported: list[tuple[str, str]] = []
    role = "arn:aws:iam::1:role/StateRole"
    with clouds(reported, threading.Event()) as url:
        for _ in range(2):
            done = subprocess.run(
                [OIDC / "aws-credentials"],
                env=environment(url, tmp_path, STATE_ROLE=role),
                check=True,
                capture_output=True,
            )
            assert json.loads(done.stdout) == {
                "Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T", "Expiration": "2027-01-15T08:00:00Z",
            }  # fmt: skip
        refused = subprocess.run(
            [OIDC / "aws-credentials"],
            env=environment(url, tmp_path, STATE_ROLE="other"),
            check=False,
            capture_output=True,
        )
    assert (refused.returncode != 0, refused.stdout) == (True, b"")
    assert list(tmp_path.iterdir()) == []
    assert reported[0] == ("/token?api-version=1&audience=sts.amazonaws.com", f"Bearer {ASKS}")
    asked = {name: values[0] for name, values in parse_qs(reported[1][1]).items()}
    assert asked["WebIdentityToken"] == f"{TOKEN}-1"
    assert (asked["RoleArn"], asked["DurationSeconds"]) == (role, "3600")


def test_azure_finds_a_fresh_token_as_long_as_pulumi_runs(tmp_path: Path) -> None:
    """The file is replaced whole, is its owner's, and goes with the process that it was for."""
    reported: list[tuple[str, str]] = []
    file, again = tmp_path / "token", threading.Event()
    with clouds(reported, again) as url, subprocess.Popen(["sleep", "60"]) as pulumi:
        given = environment(url, tmp_path, AZURE_FEDERATED_TOKEN_FILE=str(file), AZURE_TOKEN_SECONDS="0.05")
        with subprocess.Popen([OIDC / "azure-token", str(pulumi.pid)], env=given) as keeper:
            assert again.wait(30)
            assert file.read_text(encoding="ascii").startswith(TOKEN)
            assert file.stat().st_mode & 0o077 == 0
            pulumi.terminate()
            pulumi.wait()
            assert keeper.wait(30) == 0
    assert list(tmp_path.iterdir()) == []
    assert reported[0][0].endswith("&audience=api://AzureADTokenExchange")

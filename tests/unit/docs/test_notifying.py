"""The example of a notification in docs/pipelines/README.md, run: it reaches a webhook on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.documents import blocks
from tools.workspace import PROJECT

PAGE = PROJECT / "docs" / "pipelines" / "README.md"


@pytest.fixture
def webhook() -> Iterator[tuple[int, SimpleQueue[dict[str, Any]]]]:
    """Return the port of a server on loopback, and what is posted to it."""
    posted: SimpleQueue[dict[str, Any]] = SimpleQueue()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Keep what comes."""
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield server.server_address[1], posted
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.skipif(os.name != "posix", reason="the example is for a pipeline's shell")
def test_the_example_tells_of_what_is_not_well(
    tmp_path: Path, webhook: tuple[int, SimpleQueue[dict[str, Any]]]
) -> None:
    """The table that `fleet` has made is posted, with the code in the title."""
    (example,) = (block.text for block in blocks(PAGE) if "apprise --title" in block.text)
    port, posted = webhook
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    apprise = tmp_path / "tell.py"
    apprise.write_text("from apprise.cli import main\n\nmain()\n", encoding="ascii")
    for name, program in (("placement", PROJECT / "bin" / "placement"), ("apprise", apprise)):
        (bin_ / name).write_text(f'#!/bin/sh\nexec {sys.executable} {program} "$@"\n', encoding="utf-8")
        (bin_ / name).chmod(0o755)
    (tmp_path / "notify.conf").write_text(f"json://127.0.0.1:{port}/placement\n", encoding="utf-8")
    (tmp_path / "drift-site1.json").write_text("torn", encoding="utf-8")
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", example], cwd=tmp_path, check=False, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "*", "no_proxy": "*"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sent = posted.get(timeout=20)
    assert "(4)" in sent["title"]
    assert "site1" in sent["message"]
    assert "Not read" in sent["message"]

"""Machines whose names would steer a terminal or order a runner, through the real engine and its live tree."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hyperv_placement.visible import hidden
from tools.workspace import Workspace

from .conftest import Site
from .test_order import placed

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("what is shown is the same in both")]

NAMES = [
    "PAY\u202eLLOR \u2066x BEL\x9b2J",
    "ZERO\u200bWIDTH TAG\U000e0041",
    "::add-mask::lab",
    "a ##[add-mask]lab",
    "two\n::error::forged",
]
ORDERS = re.compile(r"^\s*::|##\[", re.MULTILINE)
_OWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78=>()][AB0]?|[\r\n\t\x08\x07]|\x1b\][^\x07]*\x07")
"""What the engine itself sends a terminal: cursor, colours, progress (ECMA-48 CSI with digits)."""


def _vm(number: int) -> dict[str, Any]:
    folder = f"D:\\\u202eVM{number}\u200b"
    disks = [{"path": f"{folder}\\disk{number}.vhdx", "size": "1 GiB"}]
    return {"host": "hv1", "memory": "1 GiB", "folder": folder, "disks": disks, "state": "paused"}


@pytest.fixture
def hostile(workspace: Workspace) -> Iterator[Site]:
    """Machines on hv1 that shall go to hv2; they are paused, which a warning says of each by its name."""
    estate = {
        "hosts": {name: {"memory": "32 GiB"} for name in ("hv1", "hv2", "hv3")},
        "vms": {name: _vm(number) for number, name in enumerate(NAMES)},
    }
    here = placed(workspace, estate, "--speed", "12")
    path = here.file("stacks/lab.yaml")
    stack = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = here.status()["vms"]
    stack["vms"] = {
        f"VM{number}": {"id": known[name]["id"], "host": "hv2"} for number, name in enumerate(NAMES)
    }
    path.write_text(yaml.safe_dump(stack), encoding="utf-8")
    yield here
    for run in here.runs:
        run.stop()


def in_a_terminal(site: Site, *words: str) -> tuple[int, str]:
    """Run `bin/pulumi` as a person does who watches the live tree; return its exit code and every byte of it as text."""
    own, its = pty.openpty()
    with subprocess.Popen(
        site.workspace.command("pulumi", *words), cwd=site.workspace.folder, stdin=its, stdout=its, stderr=its,
        env={**site.workspace.environment, "TERM": "xterm"}, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(its)
        reported = b""
        try:
            while part := os.read(own, 65536):
                reported += part
        except OSError:
            pass  # Linux: the last process has closed the terminal
        os.close(own)
        return process.wait(timeout=60), reported.decode("utf-8", "surrogateescape")


def test_no_name_steers_the_terminal_or_orders_the_runner(hostile: Site) -> None:
    """In the log of a pipeline, and in the live tree of the run that moves them."""
    logged = subprocess.run(
        hostile.workspace.command("pulumi", "preview"), cwd=hostile.workspace.folder, text=True,
        env={**hostile.workspace.environment, "GITHUB_ACTIONS": "true"}, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert logged.returncode == 0, logged.stdout
    assert "\\u202e" in logged.stdout
    assert not {ascii(char) for char in logged.stdout if hidden(char) and char not in "\n\x1b"}
    assert "#\\u0023[add-mask]" in logged.stdout
    assert ORDERS.search(logged.stdout) is None

    code, watched = in_a_terminal(hostile, "up", "--yes", "--skip-preview")
    assert code == 0, watched
    assert "PAY\\u202eLLOR" in watched
    assert not {ascii(char) for char in _OWN.sub("", watched) if hidden(char)}

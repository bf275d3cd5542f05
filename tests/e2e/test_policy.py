"""The operator's policy through the real engine: nobody is dialled, and the run says why."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tools.workspace import Workspace

from .conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("nothing is read, whatever was before")]


def test_a_run_that_the_policy_forbids_dials_nobody(workspace: Workspace, tmp_path: Path) -> None:
    """The program says each setting once, by its line and the policy's; state stays empty."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("hosts: [.corp.example]\nplain_http: false\n", encoding="utf-8")
    policy.chmod(0o600)
    workspace.environment |= {"PLACEMENT_POLICY": str(policy), "HYPERV_USERNAME": "a", "HYPERV_PASSWORD": "b"}
    site = Site(workspace)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        port = listener.getsockname()[1]
        site.file("stacks/lab.yaml").write_text(
            f"hosts: {{hv1: {{address: 'http://127.0.0.1:{port}/wsman'}}}}\nvms: {{VM001: {{host: hv1}}}}\n",
            encoding="utf-8",
        )
        site.pulumi("stack", "init", "lab")
        run = site.up()
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert run.returncode != 0
    assert "the stack file has 2 errors" in run.stdout
    assert (
        f"stacks/lab.yaml:1: hosts.hv1.address: the operator's policy forbids it: http://127.0.0.1:{port}"
        in run.stdout
    )
    assert f"({policy}:1)" in run.stdout
    assert f"({policy}:2)" in run.stdout
    assert "VM001" not in site.pulumi("stack", "export").stdout

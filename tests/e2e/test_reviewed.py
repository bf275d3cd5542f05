"""A run that is held to what was reviewed, and was killed: the same plan is good for what is left of it."""

from __future__ import annotations

import signal

import psutil
import pytest

from . import forms
from .conftest import Site, until

pytestmark = pytest.mark.e2e


@pytest.mark.one_form("it adopts by itself: a plan that takes machines in is void once they are taken in")
def test_a_killed_run_goes_on_by_the_plan_that_was_reviewed(site: Site) -> None:
    """With nothing but what is left; a move that nobody has reviewed stops it before anything is started."""
    site.lab("fault", "clear")
    forms.adopting(forms.ADOPTED)(site)
    assert site.pulumi("preview", "--save-plan", "plan.json").returncode == 0
    site.lab("fault", "add", "stall", "--vm", "VM003", "--after", "40")
    run = site.start("up", "--yes", "--skip-preview", "--plan", "plan.json")
    until(
        lambda: run.process.poll() is not None or (site.running("VM003") and site.hosts()["VM010"] == "hv2"),
        within=180,
        what="VM003 stalls, VM010 has moved",
    )
    assert run.process.poll() is None, run.text()
    plugins = run.plugins()
    run.process.send_signal(signal.SIGKILL)
    for plugin in plugins:
        plugin.kill()
    psutil.wait_procs(plugins, timeout=10)
    assert site.workspace.run("placement", "recover", "lab", check=False).returncode == 2
    site.lab("fault", "clear")
    done = site.up("--plan", "plan.json")
    assert done.returncode == 0, done.stdout
    assert site.in_order()
    for vm in ("VM002", "VM003", "VM007", "VM009", "VM010", "VM012"):
        assert len(site.moved(vm)) == 1, vm

    site.lab("move", "VM006", "hv1")
    done = site.up("--plan", "plan.json")
    assert done.returncode != 0
    assert "VM006: hv1 -> hv3 is not in it" in done.stdout
    assert len(site.moved("VM006")) == 1  # by hand
    assert site.status()["violations"] == []

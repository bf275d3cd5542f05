"""A run that is ended on purpose: by Ctrl-C under each rule of the stack file, and for somebody elsewhere who wants the stack."""

from __future__ import annotations

import json

import pytest

from .conftest import Run, Site, until
from .test_state import object_storage

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("each run of it goes on from the one before")]


def stalled(site: Site, vm: str) -> Run:
    """Start a run whose move of one machine comes no further than 40 percent, and return once it is there."""
    site.lab("fault", "add", "stall", "--vm", vm, "--after", "40")
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: any(job["percent"] >= 40 for job in site.running(vm)), within=90, what=f"{vm} moves")
    until(lambda: not [job for job in site.running() if job["vm"] != vm], within=180, what="others end")
    return run


def events(site: Site, vm: str) -> list[str]:
    """Return what the audit log has of a machine."""
    lines = site.file(".pulumi/audit/lab.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry["event"] for line in lines if (entry := json.loads(line)).get("vm") == vm]


def declare(site: Site, old: str, new: str) -> None:
    """Change the stack file."""
    path = site.file("stacks/lab.yaml")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.all
def test_a_run_hears_of_holds_and_requests_where_state_is_in_object_storage(site: Site) -> None:
    """What it has not started stays; and it yields to somebody who has nothing but the same state."""
    with object_storage() as reached:
        url = (
            f"s3://{reached['BUCKET']}?endpoint={reached['ENDPOINT']}&s3ForcePathStyle=true&region=us-east-1"
        )
        site.workspace.environment.update(
            {**reached, "PULUMI_BACKEND_URL": url, "PULUMI_CONFIG_PASSPHRASE": "x"}
        )
        made = site.pulumi("stack", "select", "--create", "lab", "--secrets-provider", "passphrase")
        assert made.returncode == 0, made.stdout
        started = site.hosts()
        declare(site, "VM001: {host: hv1", "VM001: {host: hv3")
        declare(site, "vms:\n", "one_at_a_time: [VM001, VM003]\nvms:\n")
        for name in ("VM001", "VM003"):
            site.lab("fault", "add", "stall", "--vm", name, "--after", "40")
        run = site.start("up", "--yes", "--skip-preview")
        both = {"VM001", "VM003"}
        first = until(
            lambda: next((each["vm"] for each in site.running() if each["vm"] in both and each["percent"] >= 40), None),
            within=90, what="the first of both moves",
        )  # fmt: skip
        [other] = both - {first}
        held = site.workspace.run(
            "placement", "hold", other, "lab", "--until", "2099-12-31", "--reason", "hands", capture_output=True, check=False
        )  # fmt: skip
        assert held.returncode == 0, held.stderr
        said = f"{other} is held until 2099-12-31 UTC: hands"
        until(lambda: said in run.text(), within=180, what="the run reads the hold")
        asked = site.workspace.run("placement", "yield", "lab", capture_output=True, check=False)
        assert (asked.returncode, "has yielded" in asked.stdout) == (0, True), asked.stderr
        assert run.ended(within=20) != 0
        assert "Yielded to" in run.text()
        site.lab("fault", "clear")
        after = site.up()
        assert after.returncode == 0, after.stdout
        assert said in after.stdout
        wanted = {"VM001": "hv3", "VM003": "hv2"}
        assert {name: site.hosts()[name] for name in wanted} == {**wanted, other: started[other]}


def test_each_end_of_a_run_leaves_what_the_next_one_goes_on_with(site: Site) -> None:
    """Cancelled: back where it was. Waited for: made. Yielded: it goes on at its host, and the next run adopts it."""
    before = site.hosts()["VM003"]
    declare(site, "vms:\n", "on_cancel: abort\nvms:\n")
    run = stalled(site, "VM003")
    run.interrupt()
    assert run.ended(within=180) != 0
    said = " ".join(run.text().split())
    assert "hosts are asked to cancel the moves of this run" in said
    assert f"its move was cancelled with the run: it is on {before}, running" in said
    assert (site.hosts()["VM003"], site.running()) == (before, [])
    assert events(site, "VM003") == ["start", "cancel", "end"]

    site.lab("fault", "clear")
    declare(site, "on_cancel: abort", "on_cancel: wait")
    run = stalled(site, "VM003")
    run.interrupt()
    until(lambda: "followed to their ends" in run.text(), within=30, what="the run says that it waits")
    assert run.process.poll() is None
    site.lab("fault", "clear")
    assert run.ended(within=180) != 0
    assert site.hosts()["VM003"] == "hv2"
    assert events(site, "VM003") == ["start", "cancel", "end", "start", "end"]

    declare(site, "VM001: {host: hv1", "VM001: {host: hv3")
    run = stalled(site, "VM001")
    asked = site.workspace.run(
        "placement", "yield", "lab", "--reason", "firmware", capture_output=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    assert "lab is free" in asked.stdout
    assert run.ended(within=10) != 0
    said = " ".join(run.text().split())
    assert "(firmware): 1 move goes on at their hosts, nothing more was started; run up again" in said
    assert len(site.running("VM001")) == 1
    shown = site.workspace.run("placement", "jobs", "lab", capture_output=True, check=False)
    assert "ours: lab" in shown.stdout, shown.stdout
    nobody = site.workspace.run("placement", "yield", "lab", capture_output=True, check=False)
    assert (nobody.returncode, nobody.stdout) == (0, "No run holds lab: there is nobody to yield\n")
    site.lab("fault", "clear")
    last = site.up()
    assert last.returncode == 0, last.stdout
    assert site.in_order()
    assert len(site.moved("VM001")) == 1
    assert site.status()["violations"] == []

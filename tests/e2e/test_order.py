"""The order of a run, with the real engine: room that others free, swaps and cycles, what cannot be."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from tools.workspace import Workspace

from .conftest import Site

pytestmark = pytest.mark.e2e
SWAP = {
    "hosts": {name: {"memory": "16 GiB"} for name in ("hv1", "hv2", "hv3")},
    "vms": {
        "LEFT": {"host": "hv1", "memory": "10 GiB"},
        "RIGHT": {"host": "hv2", "memory": "9 GiB"},
        "NEXT": {"host": "hv3", "memory": "4 GiB"},
    },
}


def tight() -> tuple[dict[str, Any], dict[str, str]]:
    """Return an estate of 8 hosts and 200 machines with little room, and the map it shall come to.

    Two swaps and a cycle of four among machines of 8 GiB, of which no host but the last has room for one more; and
    forty small ones that go round. Each host has 3 GiB free, the last 14.
    """
    vms: dict[str, Any] = {}
    ends: dict[str, str] = {}
    circles = [("hv1", "hv2"), ("hv3", "hv4"), ("hv4", "hv5", "hv6", "hv7")]
    for circle in circles:
        for at, goes in zip(circle, (*circle[1:], circle[0]), strict=True):
            label = f"BIG-{at}-{goes}"
            vms[label] = {"host": at, "memory": "8 GiB"}
            ends[label] = goes
    for number in range(1, 193):
        host = f"hv{1 + number % 8}"
        vms[f"VM{number:03d}"] = {"host": host, "memory": "1 GiB"}
        ends[f"VM{number:03d}"] = f"hv{1 + (number + 1) % 8}" if number <= 40 else host
    large = Counter(vm["host"] for label, vm in vms.items() if label.startswith("BIG"))
    hosts = {f"hv{n}": {"memory": f"{24 + 8 * large[f'hv{n}'] + 5} GiB"} for n in range(1, 8)}
    return {"hosts": {**hosts, "hv8": {"memory": "40 GiB"}}, "vms": vms}, ends


def placed(workspace: Workspace, estate: Mapping[str, Any], *options: str) -> Site:
    """Start the lab with an estate, and write the stack file that declares it as it is."""
    path = workspace.folder / "estate.yaml"
    path.write_text(yaml.safe_dump(dict(estate)), encoding="utf-8")
    workspace.run(
        "lab", "up", "--ports", "auto", "--estate", str(path), "--write-stack", "stacks/lab.yaml", *options,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return Site(workspace)


def declare(site: Site, ends: Mapping[str, str]) -> None:
    """Have the stack file say that each machine shall be there."""
    path = site.file("stacks/lab.yaml")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines):
        found = re.match(r"\s+([\w-]+): *\{.*?host: (hv\d)", line)
        if found and found[1] in ends:
            lines[number] = line.replace(f"host: {found[2]}", f"host: {ends[found[1]]}", 1)
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def swap(workspace: Workspace, history: Callable[..., None]) -> Iterator[Site]:
    """Two machines that shall change places, and a third host with room for one of them."""
    here = placed(workspace, SWAP, "--speed", "6")
    declare(here, {"LEFT": "hv2", "RIGHT": "hv1"})
    history(here)
    yield here
    for run in here.runs:
        run.stop()


@pytest.mark.both
def test_a_swap_goes_over_a_third_host(swap: Site) -> None:
    """The preview says who steps aside and why; one run does it, and the next plan reckons with what it took."""
    preview = swap.pulumi("preview")
    assert "RIGHT: is on hv2, goes to hv1" in preview.stdout, preview.stdout
    assert "first to hv3: parked to break the swap with LEFT" in preview.stdout
    first = estimated(preview.stdout)
    run = swap.up()
    assert run.returncode == 0, run.stdout
    assert (swap.hosts()["LEFT"], swap.hosts()["RIGHT"]) == ("hv2", "hv1")
    assert re.search(r"moved in .*, estimated ", run.stdout), run.stdout
    assert re.search(r"run took .*, estimated .* %\)", run.stdout), run.stdout
    assert remembered(swap) == {
        "LEFT": [("hv1", "hv2")], "RIGHT": [("hv2", "hv3"), ("hv3", "hv1")], "NEXT": [],
    }  # fmt: skip
    assert len(swap.moved("RIGHT")) == 2
    assert swap.status()["violations"] == []
    assert swap.in_order()

    declare(swap, {"LEFT": "hv1", "RIGHT": "hv2"})
    assert (
        estimated(swap.pulumi("preview").stdout) != first
    )  # the same way back, by what the moves have taken


def estimated(text: str) -> str:
    """Return what a preview says of the three moves as a whole."""
    found = re.search(r"3 moves, .* \(no order of them ends before .*\)", text)
    assert found is not None, text
    return found[0]


def remembered(site: Site) -> dict[str, list[tuple[str, str]]]:
    """Return the ends of each machine's past moves, as the outputs have them, each with its time and estimate."""
    state = json.loads(site.pulumi("stack", "export").stdout)
    found = {}
    for resource in state["deployment"]["resources"]:
        if resource["type"].endswith(":hv:Vm"):
            last = resource["outputs"].get("lastMoves", [])
            assert all(each["bytes"] > 0 and each["seconds"] > 0 and each["estimated"] > 0 for each in last)
            found[resource["urn"].rsplit("::")[-1]] = [(each["from"], each["to"]) for each in last]
    return found


def test_the_run_does_what_the_review_said_in_that_order(swap: Site) -> None:
    """The review is by a recorded inventory, as on a pull request; the lab's jobs are held against its JSON."""
    recorded = str(swap.file("inventory.json"))
    swap.workspace.run("placement", "inventory", "lab", "--save", recorded, stdout=subprocess.DEVNULL)
    review = swap.workspace.run(
        "placement", "review", "lab", "--inventory", recorded, "--json", stdout=subprocess.PIPE
    )
    said = json.loads(review.stdout)["plan"]["moves"]
    assert swap.up().returncode == 0
    log = [json.loads(line) for line in swap.lab("log", "--json").splitlines()]
    done = [
        (each["event"], each["vm"], each["from"], each["to"])
        for each in log
        if each["event"] in {"start", "end"}
    ]
    # each of them waits for the one before it
    assert done == [
        (event, move["label"], move["from"], move["to"]) for move in said for event in ("start", "end")
    ]


def test_a_plan_that_is_not_what_was_shown_says_so(swap: Site) -> None:
    """Between preview and update a person has moved a machine: planned again, and the difference is told."""
    swap.pulumi("preview")
    swap.lab("move", "RIGHT", "hv3")
    run = swap.up()
    assert run.returncode == 0, run.stdout
    assert "The hosts have changed since the preview, so the plan has:" in run.stdout
    assert "RIGHT: hv3 -> hv1 instead of hv2 -> hv3, then hv3 -> hv1" in run.stdout
    assert (swap.hosts()["LEFT"], swap.hosts()["RIGHT"]) == ("hv2", "hv1")


@pytest.mark.all
def test_what_needs_an_excluded_move_is_refused_at_once(swap: Site) -> None:
    """The engine alone knows of --exclude: the machine whose room is not freed says whose it was."""
    run = swap.up("--exclude", "**RIGHT")
    assert run.returncode != 0
    assert "needs the room that RIGHT was to free" in run.stdout
    assert "no part of this run" in run.stdout
    assert swap.hosts()["LEFT"] == "hv1"
    assert swap.moved("LEFT") == []


def test_an_impossible_map_is_refused_with_its_proof(swap: Site) -> None:
    """A warning in the preview, an error of the machine in the run; nothing is asked of a host but what reads."""
    before = swap.lab("log")
    declare(swap, {"LEFT": "hv2", "RIGHT": "hv2"})
    preview = swap.pulumi("preview")
    assert preview.returncode == 0
    assert "The declared places do not fit: memory of hv2 would lack" in preview.stdout
    run = swap.up()
    assert run.returncode != 0
    assert "LEFT (hv1 to hv2) would lack" in run.stdout
    assert swap.lab("log") == before


@pytest.mark.slow
@pytest.mark.one_form("its first `up` adopts")
@pytest.mark.all
def test_a_tight_estate_is_brought_to_its_map_in_one_run(workspace: Workspace) -> None:
    """Two swaps and a cycle of four among two hundred machines; a person's moves make ours wait, not fail."""
    estate, ends = tight()
    site = placed(workspace, estate, "--speed", "20")
    assert site.up().returncode == 0
    site.lab(
        "fault", "add", "stall", "--vm", "VM100"
    )  # a person's move that outlasts the run, and holds its slots
    site.lab("move", "VM100", "hv8", "--no-wait")
    declare(site, ends)
    run = site.up()
    assert run.returncode != 0  # VM100 is being taken away from its place
    said = set(re.findall(r"^ *error: (.*)$", run.stdout, re.MULTILINE)) - {"update failed"}
    assert [line.split(";")[0].partition(" by ")[0] for line in said] == [
        "VM100 is being moved from hv5 to hv8.lab.example"
    ], run.stdout[-3000:]
    status = site.status()
    assert {label: vm["host"] for label, vm in status["vms"].items()} == ends
    assert status["violations"] == []
    assert [job["vm"] for job in status["jobs"] if job["state"] != "Completed"] == ["VM100"]
    assert len(site.moved("VM100")) == 1

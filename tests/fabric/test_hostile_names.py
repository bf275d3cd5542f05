"""One table: names that would be markup, commands or control, by every way on which `bin/placement` lets text out.

The ways are those of its parser: each command, with each option that changes its form or names a file to be written.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.visible import hidden
from hyperv_placement.workspace.inventory_file import Recorded, write
from lab.estate.spec import DiskSpec, VmSpec
from tests.fabric.conftest import Fabric
from tests.fabric.test_every_command import WRITTEN, Place, commands
from tests.forking import Done, forks
from tests.unit.lab.conftest import estate, machine

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.name != "posix", reason="processes are forked"),
]

NAMES = [
    "PAY\u202eLLOR \u2066x BEL\x9b2J", "ZERO\u200b\u2060WIDTH\ufeff TAG\U000e0041 \u3164 LS\u2028y", "::add-mask::lab", "a ##[add-mask]lab ##vso[x]y",
    "two\nerror: forged\n::error::forged\nsection_start:1:x", "$(calc)'`;\u2019 @all GH-1 <img src=x>",
]  # fmt: skip
"""What a host can report as ElementName: XML carries all of it."""
FORMS = {"json", "markdown", "gantt", "accept"}
"""Options that change what a command prints."""
ORDERS = re.compile(r"^\s*::|##\[|##vso\[|section_(?:start|end):", re.MULTILINE)


def ways() -> Iterator[tuple[str, str | None]]:
    """Yield each command by itself, and with each option that gives its text another form or another place."""
    for name, parser in sorted(commands().items()):
        yield name, None
        for action in parser._actions:
            if action.dest in FORMS | WRITTEN and action.option_strings and not action.required:
                yield name, action.dest


def named(number: int, name: str) -> VmSpec:
    """Return a machine of that name, in a folder and with a virtual SAN that are named like it, as far as they can be."""
    folder = f"D:\\VM{number}\\\u202e##[add-mask]"
    return machine(
        name,
        folder=folder,
        disks=(DiskSpec(path=f"{folder}\\disk\u200b{number}.vhdx"),),
        fibre_channel=(name,),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A lab whose machines have such names; each is elsewhere than declared, so that every command speaks of it."""
    home = tmp_path_factory.mktemp("hostile")
    spec = estate(*map(named, range(len(NAMES)), NAMES), machine("WEB01"))
    first, *others = spec.hosts
    fabric = Fabric(replace(spec, hosts=(replace(first, fibre_channel=tuple(NAMES)), *others)), home / "lab")
    hosts = "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
    vms = "".join(
        f"  VM{number}: {{id: {fabric.lab_vm(name).id}, host: hv2}}\n" for number, name in enumerate(NAMES)
    )
    (home / "made.yaml").write_text(
        f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
        f"hosts:\n{hosts}vms:\n  WEB01: {{host: hv1}}\n{vms}",
        encoding="utf-8",
    )
    write(
        home / "hosts.json",
        Recorded(read=datetime(2026, 1, 1, tzinfo=UTC), inventory=fabric.estate.read(Detail.FULL)),
    )
    said = [
        {"severity": "warning", "message": f"{name} waits", "urn": f"urn:pulumi:made::p::t::{name}"}
        for name in NAMES
    ]
    (home / "preview.json").write_text(
        json.dumps({"duration": 1, "changeSummary": {"same": 1}, "steps": [], "diagnostics": said}),
        encoding="utf-8",
    )
    try:
        with forks() as processes:
            yield Place(home=home, fabric=fabric, processes=processes)
    finally:
        fabric.close()


def run(place: Place, name: str, option: str | None, *more: str) -> tuple[Done, dict[str, str]]:
    """Run a command in the job of a pipeline; return what it printed, and what it wrote."""
    words = place.words(name)
    if option is not None:
        [flag] = [max(a.option_strings, key=len) for a in commands()[name]._actions if a.dest == option]
        words += [flag, str(place.home / f"{name}.{option}")] if option in WRITTEN else [flag]
    before = (place.home / "made.yaml").read_bytes()
    for path in (place.home / f"{name}.{each}" for each in WRITTEN):
        path.unlink(missing_ok=True)
    (place.home / "new.yaml").unlink(missing_ok=True)
    done = place.processes.run(
        [*words, *more], environ={"PULUMI_BACKEND_URL": place.home.as_uri(), "GITHUB_ACTIONS": "true"}
    )
    (place.home / "made.yaml").write_bytes(before)
    written = [place.home / "new.yaml", *(place.home / f"{name}.{each}" for each in WRITTEN)]
    texts = {
        p.name: p.read_text("utf-8") for p in written if p.exists() and not p.read_bytes().startswith(b"PK")
    }
    return done, texts


@pytest.mark.parametrize(("name", "option"), list(ways()))
def test_no_name_steers_a_terminal_or_orders_a_runner(place: Place, name: str, option: str | None) -> None:
    """Neither printed, on either stream, nor written; no name makes a line of its own."""
    done, written = run(place, name, option)

    assert "Traceback" not in done.errors
    for text in (done.output, done.errors, *written.values()):
        assert not [ascii(char) for char in text if hidden(char) and char != "\n"]
        assert "\nerror: forged" not in text
    for text in (done.output, done.errors):
        assert ORDERS.search(text) is None


def test_the_names_were_there_to_be_seen(place: Place) -> None:
    """A table in which nobody names the machines would prove nothing."""
    shown = run(place, "inventory", None)[0].output

    assert all(
        word in shown for word in ("PAY\\u202eLLOR", "BEL\\x9b2J", "TAG\\U000e0041", "\\nerror: forged")
    )
    assert json.loads(run(place, "inventory", "json")[0].output)


@pytest.mark.parametrize("claimed", ["x$(iex $env:TEMP\\p.ps1)'; calc #", "hv1\u202e\n::add-mask::y"])
def test_a_host_that_reports_what_is_no_name_is_unknown(place: Place, claimed: str) -> None:
    """Nothing goes to it or from it, the doctor says why, and what it reports is in no command."""
    lab = place.fabric.world.hosts["hv2"]
    lab.claims = claimed
    try:
        doctor = run(place, "doctor", None)[0]
        planned = run(place, "plan", None)[0]
    finally:
        lab.claims = ""

    assert "hv2 reports a name that no host can have: " in doctor.output
    assert "Get-ADComputer" not in doctor.output
    assert "hv2 could not be read in full" in planned.output
    assert not [ascii(char) for char in doctor.output + planned.output if hidden(char) and char != "\n"]

"""The other stacks of a project, read by themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.model.names import HostName
from hyperv_placement.model.siblings import SiblingPlace, named
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.identities import Identities, identities_path, kept_of, siblings_of
from hyperv_placement.workspace.siblings import also_declared
from tests.estates import guid, machine

SITE1 = "hosts:\n  hv1: {address: hv1.lab}\n  hv2: {address: 'https://hv2.lab:5986/wsman'}\nvms:\n  WEB01:\n"
SITE7 = f"hosts:\n  seven: {{address: hv2.lab}}\n  hv3: {{address: hv3.lab}}\nvms:\n  SQL01: {{host: seven}}\n  SQL02: {{id: {guid(2)}}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two sites that share hv2, and a file of Pulumi beside them."""
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    (stacks / "site1.yaml").write_text(SITE1, encoding="utf-8")
    (stacks / "site7.yaml").write_text(SITE7, encoding="utf-8")
    (stacks / "Pulumi.site7.yaml").write_text("encryptionsalt: x\n", encoding="utf-8")
    return tmp_path


def test_what_a_sibling_declares_is_read_with_its_lines_and_what_its_last_run_kept(project: Path) -> None:
    """Its GUIDs, where it left its machines, and which of our hosts are its own as well."""
    site1 = load(project / "stacks" / "site1.yaml")
    (site7,) = siblings_of(site1, project).read
    assert [(each.label, each.id, each.line) for each in site7.entries] == [
        ("SQL01", None, 5),
        ("SQL02", guid(2), 6),
    ]
    assert (set(site7.hosts), dict(site7.places)) == ({"hv2"}, {})
    kept = Identities(identities_path(project, "site7"), SystemClock())
    kept.keep({"SQL01": guid(1)}, places={guid(1): HostName("hv3")}, of_a_run=True)
    siblings = kept_of(site1, project).siblings
    assert named(siblings.with_id(guid(1))) == "stacks/site7.yaml:5 (vms.SQL01)"
    assert siblings.places(guid(1)) == (SiblingPlace(stack="site7", host=HostName("hv3"), at=kept.kept().at),)
    assert siblings.places(guid(9)) == ()


def test_by_name_a_machine_is_a_siblings_on_a_host_of_both_alone(project: Path) -> None:
    """hv1 is no host of site7: a machine of that name there is another one."""
    siblings = siblings_of(load(project / "stacks" / "site1.yaml"), project)
    there = replace(machine(5, "hv2"), name="sql01")
    assert named(siblings.declaring(there)) == "stacks/site7.yaml:5 (vms.SQL01)"
    assert siblings.declaring(replace(there, host=HostName("hv1"))) == ()


def test_a_sibling_that_cannot_be_read_is_unknown_and_stops_nothing(project: Path) -> None:
    """Its first error is kept, with its line."""
    path = project / "stacks" / "site7.yaml"
    path.write_text("hosts: 5\n", encoding="utf-8")
    siblings = siblings_of(load(project / "stacks" / "site1.yaml"), project)
    assert siblings.read == ()
    assert siblings.unread["site7"].startswith(f"{path}:1: ")


def test_nothing_is_read_beside_a_file_that_lies_elsewhere(project: Path, tmp_path: Path) -> None:
    """It is no stack of the project."""
    elsewhere = tmp_path / "draft.yaml"
    elsewhere.write_text(SITE1, encoding="utf-8")
    assert kept_of(load(elsewhere), project).siblings.read == ()


def test_what_discover_has_written_of_another_stacks_machines_is_said(project: Path) -> None:
    """By name on a host of both; a file beside it that cannot be read is no reason to fail."""
    path = project / "stacks" / "found.yaml"
    path.write_text(
        "hosts:\n  hv2: {address: hv2.lab}\nvms:\n  SQL01: {host: hv2}\n  NEW:\n", encoding="utf-8"
    )
    (project / "stacks" / "torn.yaml").write_text("hosts: [", encoding="utf-8")
    (line,) = also_declared(load(path), project)
    assert line.startswith(
        f"{path}:4: vms.SQL01 is declared in {project / 'stacks' / 'site7.yaml'}:5 as well"
    )
    assert also_declared(load(project / "stacks" / "site1.yaml"), project) == ()

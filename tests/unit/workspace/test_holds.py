"""Holds in the shared state: tags of the stack, written by the engine and read from its folder."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from hyperv_placement.launch.engine import INSTALL
from hyperv_placement.model.identity import NOTHING_KEPT
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Hold
from hyperv_placement.workspace.holds import HoldsError, SharedHolds, with_holds

HELD = Hold(
    until=date(2026, 12, 1),
    reason='its "memory"',
    host=HostName("hv1"),
    by="anna",
    since="2026-11-30T03:00:00+00:00",
)
VM = Hold(until=date(2026, 12, 2), reason="x", label="A:B c", by="anna", since="2026-11-30T03:00:00+00:00")
ENGINE = """
import json, pathlib, sys
words = sys.argv[1:]
assert words[:2] == ["stack", "tag"] and words[-3:] == ["--stack", "lab", "--non-interactive"], words
file = pathlib.Path(__file__).parent.parent / "tags"
tags = json.loads(file.read_text()) if file.exists() else None
if tags is None:
    sys.exit((sys.stderr.write("error: no stack named 'lab' found\\n"), 6)[1])
match words[2:-3]:
    case ["set", name, value]:
        assert len(name) <= 40
        tags[name] = value
    case ["rm", name]:
        del tags[name]
    case ["ls", "--json"]:
        print(json.dumps(tags))
file.write_text(json.dumps(tags))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose engine keeps tags in a file."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").write_text(ENGINE, encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("name: placement\nruntime: python\n", encoding="utf-8")
    return tmp_path


def test_what_was_held_is_read_and_released_by_whoever_shares_the_state(project: Path) -> None:
    """A host and a machine, each by its own tag; another word of the same one goes over it."""
    (project / "tags").write_text('{"pulumi:project": "placement"}', encoding="utf-8")
    one = SharedHolds(project, "lab", {"PULUMI_BACKEND_URL": "s3://bucket"})
    other = SharedHolds(project, "lab", {"PULUMI_BACKEND_URL": "s3://bucket"})
    one.set(VM)
    one.set(HELD)
    assert set(other.read()) == {HELD, VM}
    later = Hold(until=date(2027, 1, 1), reason="more", host=HELD.host, by="bert", since=HELD.since)
    other.set(later)
    one.release(VM)
    assert other.read() == (later,)
    assert with_holds(NOTHING_KEPT, one).holds == (later,)


def test_a_folder_is_read_without_the_engine(project: Path) -> None:
    """As its own process writes it, below the project's name and, of old, without."""
    shared = SharedHolds(project, "lab", {"PULUMI_BACKEND_URL": project.as_uri()})
    assert shared.read() == ()
    value = json.dumps(
        {"host": "hv1", "until": "2026-12-01", "reason": HELD.reason, "by": "anna", "since": HELD.since}
    )
    content = json.dumps({"version": 1, "tags": {"placement:hold:0": value, "pulumi:project": "x"}})
    for folder in (project / ".pulumi" / "stacks" / "placement", project / ".pulumi" / "stacks"):
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "lab.pulumi-tags"
        file.write_text(content, encoding="utf-8")
        assert shared.read() == (HELD,)
        file.unlink()


@pytest.mark.parametrize("content", ["", "{", '{"tags": []}', '{"tags": {"placement:hold:0": "x"}}'])
def test_what_cannot_be_read_is_not_taken_for_nothing(project: Path, content: str) -> None:
    """Reports go on and say so; a run does not."""
    folder = project / ".pulumi" / "stacks" / "placement"
    folder.mkdir(parents=True)
    (folder / "lab.pulumi-tags").write_text(content, encoding="utf-8")
    shared = SharedHolds(project, "lab", {})
    with pytest.raises(HoldsError):
        shared.read()
    assert with_holds(NOTHING_KEPT, shared).holds_unread


def test_an_engine_that_fails_says_why(project: Path) -> None:
    """Of a stack that has no state nothing is held, and nothing can be."""
    environ = {"PULUMI_BACKEND_URL": "s3://bucket"}
    assert SharedHolds(project, "lab", environ).read() == ()
    with pytest.raises(
        HoldsError, match=r"has no stack lab: error: no stack .* bin/pulumi stack select --create lab"
    ):
        SharedHolds(project, "lab", environ).set(HELD)
    (project / "bin" / "pulumi").write_text(
        "import sys; sys.exit('SDK WARN no checksum\\nerror: no bucket')", encoding="utf-8"
    )
    with pytest.raises(HoldsError, match="does not answer: error: no bucket"):
        SharedHolds(project, "lab", environ).read()


def test_a_reason_that_the_state_does_not_keep_is_refused_before_it_is_written(project: Path) -> None:
    """Pulumi's tags have 256 characters."""
    (project / "tags").write_text("{}", encoding="utf-8")
    shared = SharedHolds(project, "lab", {"PULUMI_BACKEND_URL": "s3://bucket"})
    with pytest.raises(HoldsError, match="keeps 256"):
        shared.set(Hold(until=HELD.until, reason="x" * 200, host=HELD.host, by="anna", since=HELD.since))
    assert shared.read() == ()


def test_within_a_run_the_engine_is_asked_where_nothing_names_the_place_of_the_state(project: Path) -> None:
    """A plain `pulumi` keeps it where somebody has logged on; a folder of ours that lies there says nothing of that."""
    (project / "tags").write_text("{}", encoding="utf-8")
    elsewhere = {"PULUMI_BACKEND_URL": "s3://bucket"}
    SharedHolds(project, "lab", elsewhere).set(HELD)
    assert SharedHolds(project, "lab", {}).read() == ()
    assert SharedHolds(project, "lab", {"PATH": ""}, in_run=True).read() == (HELD,)


def test_where_there_is_no_engine_the_remedy_is_to_install_one(project: Path) -> None:
    """Neither the backend nor a set-up helps there; what a wrapper says stands as it is."""
    environ = {"PULUMI_BACKEND_URL": "s3://bucket", "PATH": ""}
    wrapper = project / "bin" / "pulumi"
    wrapper.write_text(f"import sys; sys.exit('There is no pulumi on PATH. {INSTALL}')", encoding="utf-8")
    with pytest.raises(HoldsError) as said:
        SharedHolds(project, "lab", environ).set(HELD)
    assert "PULUMI_BACKEND_URL" not in str(said.value)
    assert str(said.value).endswith(f"There is no pulumi on PATH. {INSTALL}")
    wrapper.write_text("import sys; sys.exit('panic: a nil map')", encoding="utf-8")
    with pytest.raises(HoldsError, match=r"panic: a nil map\. Make it run: .*version"):
        SharedHolds(project, "lab", environ).set(HELD)
    wrapper.unlink()
    with pytest.raises(HoldsError, match=r"no pulumi on PATH\. Install Pulumi 3") as said:
        SharedHolds(project, "lab", environ).set(HELD)
    assert "Errno" not in str(said.value)

"""A stack that the engine has renamed: its file, its audit log and what is kept of it have to follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.errors import StackFileError
from hyperv_placement.workspace.identities import identities_path
from hyperv_placement.workspace.renamed import belongings, load_stack

MINIMAL = "hosts: {hv1: {address: hv1.lab.example}}\nvms: {}\n"


def has_run(project: Path, stack: str, *, state: bool) -> None:
    """Leave what a run of a stack leaves; `state`: and its state, under this name."""
    (project / "stacks").mkdir(exist_ok=True)
    (project / "stacks" / f"{stack}.yaml").write_text(MINIMAL, encoding="utf-8")
    (project / ".pulumi" / "audit").mkdir(parents=True, exist_ok=True)
    for name in (f"{stack}.jsonl", f"{stack}.jsonl.000001"):
        (project / ".pulumi" / "audit" / name).write_text("{}\n", encoding="utf-8")
    kept = identities_path(project, stack)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("{}", encoding="utf-8")
    if state:
        engines = project / ".pulumi" / "stacks" / "project" / f"{stack}.json"
        engines.parent.mkdir(parents=True, exist_ok=True)
        engines.write_text("{}", encoding="utf-8")


def test_what_is_to_be_renamed_is_said(tmp_path: Path) -> None:
    """The one that has run here and has no state any more was called so before."""
    has_run(tmp_path, "old", state=False)
    has_run(tmp_path, "other", state=True)
    with pytest.raises(StackFileError) as caught:
        load_stack("new", tmp_path, {})
    assert "; if old was renamed to new, rename what belongs to it" in str(caught.value)
    for path in ("stacks/old.yaml", ".pulumi/audit/old.jsonl.000001", ".pulumi/identities/old.json"):
        assert f"{tmp_path / path} to {tmp_path / path.replace('old', 'new')}" in str(caught.value)


def test_renamed_as_said_it_is_the_same_stack(tmp_path: Path) -> None:
    """Every file is found under the new name, and none is left under the old one."""
    has_run(tmp_path, "old", state=False)
    for before, now in belongings(tmp_path, "old", "new"):
        before.rename(now)
    assert load_stack("new", tmp_path, {}).path == tmp_path / "stacks" / "new.yaml"
    assert not [path for path in tmp_path.rglob("*") if "old" in path.name]
    assert [new for _, new in belongings(tmp_path, "new", "newer")] == [
        tmp_path / "stacks" / "newer.yaml",
        tmp_path / ".pulumi" / "audit" / "newer.jsonl.000001",
        tmp_path / ".pulumi" / "audit" / "newer.jsonl",
        tmp_path / ".pulumi" / "identities" / "newer.json",
    ]


@pytest.mark.parametrize("environ", [{}, {"PULUMI_BACKEND_URL": "s3://states"}])
def test_a_slip_of_the_hand_is_no_renaming(tmp_path: Path, environ: dict[str, str]) -> None:
    """Two that may be meant, or none: nothing is guessed."""
    has_run(tmp_path, "one", state=True)
    has_run(tmp_path, "two", state=bool(not environ))
    with pytest.raises(StackFileError) as caught:
        load_stack("oen", tmp_path, environ)
    assert "renamed" not in str(caught.value)

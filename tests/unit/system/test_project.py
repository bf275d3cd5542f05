"""Which folder is the project: the one that Pulumi itself would find, wherever the product lies."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.system.project import project_of
from tools.workspace import PROJECT


def test_the_nearest_pulumi_yaml_upwards_is_the_project(tmp_path: Path) -> None:
    """From a folder within it as well, and within another project the inner one."""
    inner = tmp_path / "outer" / "inner"
    (inner / "stacks").mkdir(parents=True)
    (tmp_path / "outer" / "Pulumi.yaml").touch()
    assert project_of(inner / "stacks") == tmp_path / "outer"
    (inner / "Pulumi.yaml").touch()
    assert project_of(inner / "stacks") == inner


def test_a_folder_of_that_name_is_no_project(tmp_path: Path) -> None:
    """Pulumi reads a file."""
    (tmp_path / "project" / "here" / "Pulumi.yaml").mkdir(parents=True)
    (tmp_path / "project" / "Pulumi.yaml").touch()
    assert project_of(tmp_path / "project" / "here") == tmp_path / "project"


def test_without_one_a_checkout_is_its_own_project(tmp_path: Path) -> None:
    """So its commands work from everywhere, from a folder that has gone as well."""
    assert project_of(tmp_path) == project_of(None) == PROJECT

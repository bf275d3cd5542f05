"""The pipelines in docs/pipelines: what both forges publish as their schema, and every command of ours against the lab."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tools.workspace import PROJECT

from .conftest import Site

PIPELINES = PROJECT / "docs" / "pipelines"
GITHUB = sorted((PIPELINES / "github").glob("*.yaml"))
GITLAB = PIPELINES / "gitlab" / "gitlab-ci.yml"
ORDER = ("inventory", "review", "apply", "drift")


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", GITHUB), ("vendor.gitlab-ci", [GITLAB])],
    ids=["github", "gitlab"],
)
def test_a_pipeline_is_one_that_the_forge_takes(schema: str, files: list[Path]) -> None:
    """By the schemas that check-jsonschema carries; nothing is downloaded."""
    more = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *more, *map(str, files)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert files


def test_no_pipeline_of_a_pull_request_has_a_secret() -> None:
    """It runs code that nobody has looked at."""
    review = (PIPELINES / "github" / "review.yaml").read_text(encoding="utf-8")
    assert "secrets." not in review
    assert "write" not in yaml.safe_load(review)["permissions"].values()
    job = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))["placement-review"]
    assert "TOKEN" not in re.sub(r"JOB-TOKEN: \$CI_JOB_TOKEN", "", json.dumps(job))


def commands(name: str) -> Iterator[str]:
    """Yield our commands of one pipeline, both forges', as they stand there; set-up comes first in each."""
    workflow = yaml.safe_load((PIPELINES / "github" / f"{name}.yaml").read_text(encoding="utf-8"))
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            yield from _ours(step.get("run", "").splitlines())
    job = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))[f"placement-{name}"]
    yield from _ours([*job["before_script"], *job["script"]])


def _ours(lines: list[str]) -> list[str]:
    return [line for line in lines if line.removeprefix("exec ").startswith(("bin/", "make "))]


@pytest.mark.e2e
def test_every_command_of_the_pipelines_does_what_they_expect(site: Site) -> None:
    """Night, pull request, merge, morning: in this order, in a repository, on the lab."""
    folder = site.workspace.folder
    for words in (["init", "-q"], ["add", "stacks"], ["commit", "-qm", "As it is"]):
        subprocess.run(
            ["git", "-c", "user.name=test", "-c", "user.email=test@lab.example", *words],
            cwd=folder,
            check=True,
        )
    seen: dict[str, list[str]] = {}
    for name in ORDER:
        lines = list(commands(name))
        assert lines[0] == "make setup"
        for line in lines:
            if line == "make setup" and seen:
                continue  # finds all done, however often
            seen.setdefault(name, []).append(line)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", f"code=0\n{line}\nexit $code"], cwd=folder, check=False,
                env={**site.workspace.environment, "STACK": "lab", "BASE": "HEAD"}, capture_output=True, text=True,
                timeout=300, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            assert done.returncode == 0, (line, done.stdout, done.stderr)
    assert {name: len(lines) for name, lines in seen.items()} == {
        "inventory": 3, "review": 2, "apply": 4, "drift": 2,
    }  # fmt: skip
    assert (folder / "review.md").read_text(encoding="utf-8").strip()
    assert (folder / "drift.md").read_text(encoding="utf-8").startswith("**")
    assert site.status()["violations"] == []

"""The pipelines in docs/pipelines: by the schema of each forge, and every command in them against the lab."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tools.workspace import PROJECT

from .conftest import Site
from .forge import BOT, TOKEN, GitHub, GitLab, gitlab

PIPELINES = PROJECT / "docs" / "pipelines"
GITHUB = sorted((PIPELINES / "github").glob("*.yaml"))
GITLAB = PIPELINES / "gitlab" / "gitlab-ci.yml"
COMMIT = "c0ffee"
EXPRESSIONS = {
    "github.token": "of-the-run",
    "github.repository": "team/placement",
    "github.base_ref": "main",
    "github.event.repository.default_branch": "main",
    "github.event.workflow_run.id": "12",
    "github.event.workflow_run.head_sha": COMMIT,
    "github.event.workflow_run.html_url": "https://forge.example/runs/12",
}
ALWAYS = "${{ !cancelled() }}"
OURS = ("HYPERV_", "PULUMI_")
"""Variables that the lab sets instead of the forge's secrets."""


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
    """It runs code that nobody has looked at. The one token that GitLab's needs for a comment is in a job of its own."""
    review = (PIPELINES / "github" / "review.yaml").read_text(encoding="utf-8")
    assert "secrets." not in review
    assert "write" not in yaml.safe_load(review)["permissions"].values()
    jobs = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    assert "TOKEN" not in json.dumps(jobs["placement-review"]).replace("JOB-TOKEN: $CI_JOB_TOKEN", "")
    comment = jobs["placement-comment"]
    assert comment["variables"] == {"GIT_STRATEGY": "none"}
    assert set(re.findall(r"\w+_TOKEN", json.dumps(comment))) == {"PLACEMENT_NOTE_TOKEN"}


def run(site: Site, script: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as a forge's runner does; set-up is done already, however often it is asked for."""
    kept = [line for line in script.splitlines() if line != "make setup" and not line.startswith("apt-get")]
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(kept)], cwd=site.workspace.folder, check=False,
        env={**site.workspace.environment, **environment, "STACK": environment.get("STACK", "lab")},
        capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def on_github(site: Site, github: GitHub, name: str, **more: str) -> int:
    """Run the steps of a workflow to the first that fails, and those that run all the same; what it uploads is kept.

    Return the first exit code that is not 0.
    """
    workflow = yaml.safe_load((PIPELINES / "github" / f"{name}.yaml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    outputs = github.home / "outputs"
    outputs.write_text("", encoding="utf-8")
    done = 0
    for step in job["steps"]:
        if "run" in step and (done == 0 or step.get("if") == ALWAYS):
            told = dict(line.split("=") for line in outputs.read_text(encoding="utf-8").splitlines())
            given = {**job["env"], **step.get("env", {})}
            values = {
                key: resolved(str(text), told) for key, text in given.items() if not key.startswith(OURS)
            }
            values |= {"STACK": "lab", "GITHUB_OUTPUT": str(outputs), **github.environment(), **more}
            finished = run(site, step["run"], values)
            done = done or finished.returncode
            sys.stdout.write(f"{name}, {step['name']}: {finished.stdout}{finished.stderr}\n")
        elif "upload-artifact" in step.get("uses", ""):
            run_of = {"inventory": "11", "review": "12"}[name]
            for path in step["with"]["path"].split():
                github.upload(step["with"]["name"], run_of, site.file(path))
    return done


def resolved(text: str, outputs: Mapping[str, str]) -> str:
    """Return what the forge makes of a value with expressions; one that nobody has thought of here is an error."""
    known = {**EXPRESSIONS, **{f"steps.drift.outputs.{name}": value for name, value in outputs.items()}}
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: known[found[1]], text)


def on_gitlab(site: Site, project: GitLab, name: str, **more: str) -> int:
    """Run a job; what it leaves for others is kept."""
    job = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))[f"placement-{name}"]
    values = {
        "CI_API_V4_URL": project.url, "CI_PROJECT_ID": "5", "CI_DEFAULT_BRANCH": "main", "CI_JOB_TOKEN": TOKEN,
        "CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "9",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_COMMIT_SHA": COMMIT,
        "CI_PIPELINE_URL": "https://forge.example/pipelines/1",
        "PLACEMENT_TOKEN": TOKEN, "PLACEMENT_NOTE_TOKEN": TOKEN, **more,
    }  # fmt: skip
    finished = run(site, "\n".join([*job["before_script"], *job["script"]]), values)
    sys.stdout.write(f"{name}: {finished.stdout}{finished.stderr}\n")
    assert TOKEN not in finished.stdout + finished.stderr
    for line in job.get("after_script", []):
        assert run(site, line, values).returncode == 0
    assert not site.file(".curl").exists()
    if name == "inventory":
        project.artifacts["placement-inventory/inventory.json"] = site.file("inventory.json").read_bytes()
    return finished.returncode


@pytest.fixture
def repository(site: Site) -> Site:
    """The project of a team, in git, with `origin` where the forge has it."""
    missing = [program for program in ("curl", "jq") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"what the pipelines use is missing here: {', '.join(missing)}")
    for words in (
        ["init", "-q", "-b", "main"], ["add", "stacks"], ["commit", "-qm", "As it is"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):  # fmt: skip
        subprocess.run(
            ["git", "-c", "user.name=test", "-c", "user.email=test@lab.example", *words],
            cwd=site.workspace.folder, check=True,
        )  # fmt: skip
    return site


@pytest.mark.e2e
@pytest.mark.one_form("its pipelines adopt")
def test_every_command_of_the_pipelines_does_what_they_expect(repository: Site, tmp_path: Path) -> None:
    """Night, pull request, morning, merge, morning again, at both forges: one comment, one issue, closed in the end."""
    site, github = repository, GitHub(tmp_path / "github")
    runs = [
        {"workflow": "placement-inventory", "branch": "main", "event": event, "databaseId": number}
        for event, number in (("pull_request", 66), ("schedule", 11))
    ]
    pulls = [{"number": 3, "headRefOid": "0ther"}, {"number": 7, "headRefOid": COMMIT}]
    github.write({**github.read(), "runs": runs, "pulls": pulls})
    with gitlab() as project:
        assert on_github(site, github, "inventory") == 0
        assert on_gitlab(site, project, "inventory") == 0
        site.file("inventory.json").unlink()

        assert on_github(site, github, "review") == 0
        for _ in range(2):
            assert on_github(site, github, "comment") == 0
        (comment,) = github.read()["comments"]
        assert comment["on"] == "7"
        review = site.file("review.md").read_text(encoding="utf-8")
        said = f"At {COMMIT}; the page and all numbers: https://forge.example/runs/12"
        assert comment["body"] == f"<!-- placement-review lab -->\n{review}\n{said}\n"
        for kind in ("html", "json"):
            assert (github.home / "placement-review-12" / f"review.{kind}").stat().st_size > 0
        assert "moves, " in review.splitlines()[0]
        assert on_gitlab(site, project, "review") == 0
        site.file("review.md").write_text("/close\n" + site.file("review.md").read_text(encoding="utf-8"))
        for _ in range(2):
            assert on_gitlab(site, project, "comment") == 0
        mine, note = project.notes
        assert (mine["body"], note["author"]) == ("<!-- placement-review lab --> mine", {"id": BOT})
        assert note["body"].startswith(f"<!-- placement-review lab -->\n\\/close\n{review}\nAt {COMMIT}; ")

        assert drift(site, github, project, "opened") == "Placement of lab has drifted"
        assert drift(site, github, project, "edited") == "Placement of lab has drifted"
        assert on_github(site, github, "apply") == 0
        assert on_gitlab(site, project, "apply") == 0
        assert on_gitlab(site, project, "result") == 0
        site.lab("fault", "add", "host-down", "--host", "hv3")
        assert on_gitlab(site, project, "result") == 4
        assert drift(site, github, project, "silent") == "Hosts of lab do not answer"
        site.lab("fault", "clear")
        assert drift(site, github, project, "closed") is None
        assert on_github(site, github, "drift", STACK="nowhere") == 1
        assert on_gitlab(site, project, "drift", STACK="nowhere") == 1
        assert len(project.issues) == len(github.read()["issues"]) == 1
    assert site.status()["violations"] == []


def drift(site: Site, github: GitHub, project: GitLab, what: str) -> str | None:
    """Run the morning's pipeline of both; return the title of the one issue that is open, None where none is."""
    assert on_github(site, github, "drift") == 0, what
    ours_told = site.file("drift.md").read_text(encoding="utf-8")
    assert on_gitlab(site, project, "drift") == 0, what
    theirs_told = site.file("drift.md").read_text(encoding="utf-8")
    (ours,), (theirs,) = github.read()["issues"], project.issues
    if what == "closed":
        assert (ours["state"], theirs["state"]) == ("closed", "closed")
        return None
    assert (ours["state"], theirs["state"]) == ("open", "opened")
    assert ours_told.startswith("**")
    assert (ours["body"], theirs["description"]) == (ours_told, theirs_told)
    assert ours["title"] == theirs["title"]
    return str(ours["title"])

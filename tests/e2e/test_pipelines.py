"""The pipelines in docs/pipelines: by the schema of each forge, and every command in them against the lab."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.workspace import PROJECT

from .conftest import Site
from .forge import BOT, TOKEN, GitHub, GitLab, gitlab

PIPELINES = PROJECT / "docs" / "pipelines"
GITHUB = sorted((PIPELINES / "github").glob("*.yaml"))
GITLAB = PIPELINES / "gitlab" / "gitlab-ci.yml"
STALE = "c0ffee"
EXPRESSIONS = {
    "github.token": "of-the-run",
    "github.repository": "team/placement",
    "github.event.repository.default_branch": "main",
    "github.event.pull_request.number": "7",
    "github.server_url": "https://forge.example",
    "vars.PULUMI_BACKEND_URL": "",
}
RUNS = {"inventory": "11", "review": "12", "apply": "13", "drift": "14"}
"""The number of the run in which the jobs of a workflow are."""
ALWAYS = "${{ !cancelled() }}"
OURS = ("HYPERV_", "PULUMI_")
"""Variables that the lab sets instead of the forge's secrets."""


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", GITHUB),
        ("vendor.gitlab-ci", [GITLAB, GITLAB.with_name("sites.yml")]),
        ("vendor.dependabot", [PROJECT / "docs" / "pipelines" / "github" / "dependabot.yml"]),
    ],
    ids=["github", "gitlab", "dependabot"],
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


def run(site: Site, script: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as a forge's runner does; set-up is done already, however often it is asked for."""
    kept = [line for line in script.splitlines() if line != "make setup" and not line.startswith("apt-get")]
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(kept)], cwd=site.workspace.folder, check=False,
        env={**site.workspace.environment, **environment, "STACK": environment.get("STACK", "lab")},
        capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def on_github(site: Site, github: GitHub, name: str, job_name: str | None = None, **more: str) -> int:
    """Run a job of a workflow (its only one) to the first step that fails, and the steps that run all the same; what it uploads is kept.

    Return the first exit code that is not 0.
    """
    workflow = yaml.safe_load((PIPELINES / "github" / f"{name}.yaml").read_text(encoding="utf-8"))
    job = workflow["jobs"][job_name or name]
    outputs = github.home / "outputs"
    outputs.write_text("", encoding="utf-8")
    known = {
        **EXPRESSIONS,
        **github.needs,
        "github.event.pull_request.head.sha": github.commit,
        "github.run_id": RUNS[name],
    }
    done = 0
    for step in job["steps"]:
        if "run" in step and runs(step, done, known):
            given = {**job.get("env", {}), **step.get("env", {})}
            values = {
                key: resolved(str(text), known) for key, text in given.items() if not key.startswith(OURS)
            }
            values |= {"STACK": "lab", "GITHUB_OUTPUT": str(outputs), **github.environment(), **more}
            finished = run(site, step["run"], values)
            done = done or finished.returncode
            sys.stdout.write(f"{name}, {step['name']}: {finished.stdout}{finished.stderr}\n")
            if names := step.get("id"):
                reported = dict(
                    line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines()
                )
                known |= {f"steps.{names}.outputs.{key}": value for key, value in reported.items()}
                outputs.write_text("", encoding="utf-8")
        elif "upload-artifact" in step.get("uses", ""):
            for path in step["with"]["path"].split():
                left = site.file(path)
                for file in left.glob("*.jsonl") if left.is_dir() else filter(Path.exists, [left]):
                    github.upload(step["with"]["name"], RUNS[name], file)
    reported = {key: resolved(text, known) for key, text in job.get("outputs", {}).items()}
    github.needs |= {f"needs.{job_name}.outputs.{key}": value for key, value in reported.items()}
    github.needs[f"needs.{job_name}.result"] = "failure" if done else "success"
    return done


def runs(step: Mapping[str, Any], done: int, known: Mapping[str, str]) -> bool:
    """Say whether a step runs: after a failure only what always does, else what its condition says."""
    condition = str(step.get("if", ""))
    if condition == ALWAYS or done:
        return condition == ALWAYS
    asked = re.fullmatch(r"\$\{\{ (\S+) == '(\w+)' \}\}", condition)
    return asked is None or known.get(asked[1]) == asked[2]


def resolved(text: str, known: Mapping[str, str]) -> str:
    """Return what the forge makes of a value with expressions; an output that no step has written is empty."""

    def value(found: re.Match[str]) -> str:
        return known.get(found[1], "") if ".outputs." in found[1] else known[found[1]]

    return re.sub(r"\$\{\{ (.*?) \}\}", value, text)


def on_gitlab(site: Site, project: GitLab, name: str, file: Path = GITLAB, **more: str) -> int:
    """Run a job; what it leaves for others is kept."""
    job = yaml.safe_load(file.read_text(encoding="utf-8"))[f"placement-{name}"]
    values = {
        "CI_API_V4_URL": project.url, "CI_PROJECT_ID": "5", "CI_DEFAULT_BRANCH": "main", "CI_JOB_TOKEN": TOKEN,
        "CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "9",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_COMMIT_SHA": project.commit,
        "CI_PIPELINE_URL": "https://forge.example/pipelines/1",
        "PLACEMENT_TOKEN": TOKEN, "PLACEMENT_NOTE_TOKEN": TOKEN, **more,
    }  # fmt: skip
    finished = run(site, "\n".join([*job.get("before_script", []), *flat(job["script"])]), values)
    sys.stdout.write(f"{name}: {finished.stdout}{finished.stderr}\n")
    assert TOKEN not in finished.stdout + finished.stderr
    for line in job.get("after_script", []):
        assert run(site, line, values).returncode == 0
    assert not site.file(".curl").exists()
    if name == "inventory":
        project.artifacts["placement-inventory/inventory.json"] = site.file("inventory.json").read_bytes()
    return finished.returncode


def flat(script: list[str | list[str]]) -> Iterator[str]:
    """Yield the lines of a script as GitLab reads it: a list in it, which is shared by an anchor, is more lines."""
    for line in script:
        yield from flat(list(line)) if isinstance(line, list) else [line]


@pytest.fixture
def repository(site: Site, tmp_path: Path) -> Site:
    """The project of a team, in git, with `origin` where the forge has it and a pull request there."""
    missing = [program for program in ("curl", "jq") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"what the pipelines use is missing here: {', '.join(missing)}")
    script = site.file(".github/placement/last-agreed")
    script.parent.mkdir(parents=True)
    shutil.copy(PIPELINES / "github" / "last-agreed", script)
    stack = site.file("stacks/lab.yaml")
    declared = stack.read_bytes()
    origin = str(tmp_path / "origin.git")
    git(site, "init", "-q", "-b", "main")
    git(site, "add", "stacks")
    git(site, "commit", "-qm", "As it is")
    git(site, "init", "-q", "--bare", origin)
    git(site, "remote", "add", "origin", origin)
    git(site, "push", "-q", "origin", "main")
    stack.write_bytes(declared + b"# and a word\n")
    site.file("conftest.py").write_text("raise SystemExit('code of a pull request')\n", encoding="ascii")
    git(site, "add", "conftest.py")
    git(site, "commit", "-qam", "Proposed")
    git(site, "push", "-q", "origin", "HEAD:refs/pull/7/head")
    git(site, "reset", "-q", "--hard", "HEAD~1")
    git(site, "fetch", "-q", "origin")
    return site


def git(site: Site, *words: str) -> str:
    """Run git in the project, as nobody."""
    name = ("-c", "user.name=test", "-c", "user.email=test@lab.example")
    return subprocess.run(
        ["git", *name, *words], cwd=site.workspace.folder, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def proposed(site: Site) -> str:
    """Return the commit of the pull request."""
    return git(site, "ls-remote", "origin", "refs/pull/7/head").split()[0]


@pytest.mark.e2e
@pytest.mark.timeout(
    900
)  # some sixty commands, three runs and one that starts nothing, of two forges in one lab
@pytest.mark.one_form("its pipelines adopt")
def test_every_command_of_the_pipelines_does_what_they_expect(repository: Site, tmp_path: Path) -> None:
    """Night, pull request, morning, merge, morning again, at both forges: one comment, one issue, closed in the end."""
    site, github = repository, GitHub(tmp_path / "github")
    github.commit = commit = proposed(site)
    head = git(site, "rev-parse", "HEAD")
    runs = [
        {"workflow": "inventory.yaml", "branch": "main", "event": event, "headSha": sha, "databaseId": number}
        for event, sha, number in (
            ("pull_request", head, 66), ("workflow_dispatch", commit, 67), ("schedule", head, 11),
        )
    ]  # fmt: skip
    github.write({**github.read(), "runs": runs})
    with gitlab() as project:
        project.commit = commit
        assert on_github(site, github, "inventory") == 1
        assert on_gitlab(site, project, "trust") == 5
        agreed(site, github, project)
        assert on_github(site, github, "inventory") == 0
        assert on_gitlab(site, project, "inventory") == 0
        site.file("inventory.json").unlink()

        reviewed(site, github)
        assert on_gitlab(site, project, "review") == 0
        review = site.file("review.md").read_text(encoding="utf-8")
        site.file("review.md").write_text("/close\n" + review)
        for _ in range(2):
            assert on_gitlab(site, project, "comment") == 0
        mine, note = project.notes
        assert (mine["body"], note["author"]) == ("<!-- placement-review lab --> mine", {"id": BOT})
        assert note["body"].startswith(f"<!-- placement-review lab -->\n\\/close\n{review}\nAt {commit}; ")

        assert drift(site, github, project, "opened") == "Placement of lab has drifted"
        assert drift(site, github, project, "edited") == "Placement of lab has drifted"
        applied(site, github, project)
        site.lab("fault", "add", "host-down", "--host", "hv3")
        assert on_gitlab(site, project, "result") == 4
        assert drift(site, github, project, "silent") == "Hosts of lab do not answer"
        site.lab("fault", "clear")
        assert drift(site, github, project, "closed") is None
        assert on_github(site, github, "drift", STACK="nowhere") == 1
        assert on_gitlab(site, project, "drift", STACK="nowhere") == 1
        assert len(project.issues) == len(github.read()["issues"]) == 1
    assert site.status()["violations"] == []


def reviewed(site: Site, github: GitHub) -> None:
    """Review and comment twice: one comment on the pull request, by its number; a newer commit is left to its own run."""
    before = site.file("stacks/lab.yaml").read_bytes()
    assert on_github(site, github, "review", "review", COMMIT=STALE) == 1
    assert on_github(site, github, "review", "review") == 0
    for _ in range(2):
        assert on_github(site, github, "review", "comment") == 0
    (comment,) = github.read()["comments"]
    assert comment["on"] == "7"
    review = site.file("review.md").read_text(encoding="utf-8")
    said = (
        f"At {github.commit}; the page and all numbers: https://forge.example/team/placement/actions/runs/12"
    )
    assert comment["body"] == f"<!-- placement-review lab -->\n{review}\n{said}\n"
    for kind in ("html", "json"):
        assert (github.home / "placement-review-12" / f"review.{kind}").stat().st_size > 0
    assert "moves, " in review.splitlines()[0]
    github.needs["needs.trust.result"] = "skipped"
    assert on_github(site, github, "review", "placement-verdict") == 0
    for trust, code, expected in (("true", "0", 5), ("", "0", 5), ("false", "3", 3)):
        github.needs |= {"needs.review.outputs.trust": trust, "needs.review.outputs.code": code}
        assert on_github(site, github, "review", "placement-verdict") == expected
    assert site.file("stacks/lab.yaml").read_bytes() == before
    assert not site.file("conftest.py").exists()
    assert "Besides stack files, others change (1)." in review


def agreed(site: Site, github: GitHub, project: GitLab) -> None:
    """Nothing was let through yet: the environment has to ask somebody else. After a run that began nothing has changed."""
    for others, expected in ((False, 1), (True, 0)):
        rules = [{"type": "branch_policy"}, {"type": "required_reviewers", "prevent_self_review": others}]
        github.write({**github.read(), "environments": {"placement-trust": rules}})
        assert on_github(site, github, "apply", "trust") == expected
    assert github.needs["needs.trust.outputs.changes"] == "true"
    head = git(site, "rev-parse", "HEAD")
    ended = [
        {
            "workflow": "apply.yaml",
            "branch": "main",
            "event": event,
            "headSha": sha,
            "databaseId": number,
        }
        for event, sha, number in (
            ("pull_request", head, 24), ("push", proposed(site), 23), ("push", head, 22),
        )
    ]  # fmt: skip
    known = github.read()
    github.write({**known, "runs": known["runs"] + ended, "let_through": {"23": "success", "22": "failure"}})
    assert on_github(site, github, "apply", "trust") == 0
    assert github.needs["needs.trust.outputs.changes"] == "false"
    job = {"name": "placement-apply", "ref": "main", "tag": False, "started_at": "2026-11-01T05:00:00Z"}
    project.deployments = [
        {"id": number, "sha": sha, "environment": name, "status": status, "deployable": made_by}
        for number, sha, name, status, made_by in (
            (8, STALE, "placement", "success", None),  # written through the API
            (7, STALE, "placement", "success", {**job, "tag": True}),
            (6, STALE, "placement", "failed", {**job, "started_at": None}),
            (5, STALE, "placement", "success", {**job, "ref": "proposal"}),
            (4, STALE, "placement", "skipped", job),
            (3, head, "placement-trust", "failed", {**job, "name": "placement-apply-agreed"}),
            (2, STALE, "placement", "success", job),
        )
    ]  # fmt: skip


def applied(site: Site, github: GitHub, project: GitLab) -> None:
    """A plan, and what it says; where a machine stands elsewhere by then nothing is started. Then GitLab's, and a run that was cut goes on."""
    assert on_github(site, github, "apply", "plan") == 0
    assert "    VM009: is on hv3, goes to hv1" in (github.home / "summary.md").read_text(encoding="utf-8")
    site.file("plan.json").unlink()
    before = site.hosts()
    site.lab("move", "VM001", "hv3")
    assert on_github(site, github, "apply", "up") != 0
    assert {**site.hosts(), "VM001": before["VM001"]} == before
    site.lab("move", "VM001", before["VM001"])
    assert on_github(site, github, "apply", "reviewed") == 0
    assert on_github(site, github, "apply", "up") == 0
    kept(site, github)
    assert on_gitlab(site, project, "audit") == 0
    jobs = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    for name in ("plan", "apply"):
        assert on_gitlab(site, project, name) == 0
        assert jobs[f"placement-{name}-agreed"]["script"] == jobs[f"placement-{name}"]["script"]
    assert on_gitlab(site, project, "continue") == 0
    assert on_gitlab(site, project, "result") == 0


def kept(site: Site, github: GitHub) -> None:
    """The audit log is off the runner, with who agreed; the run after it goes on from that copy."""
    log, copy = site.file(".pulumi/audit/lab.jsonl"), github.home / "placement-audit-13" / "lab.jsonl"
    assert log.read_bytes() == copy.read_bytes()
    assert b'"approver": "carol"' in copy.read_bytes().replace(b'":"', b'": "')


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

"""The pipelines in docs/pipelines, as text: what of them could be used by a pull request, a moved tag, or the name of a machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.workspace import PROJECT

PIPELINES = PROJECT / "docs" / "pipelines"
GITHUB = sorted((PIPELINES / "github").glob("*.yaml"))
GITLAB = PIPELINES / "gitlab" / "gitlab-ci.yml"
SECRET = re.compile(r"secrets\.|github\.token")
QUIET = 'echo "::stop-commands::$(cat /proc/sys/kernel/random/uuid)"'
SPEAKS = re.compile(r"bin/(?:placement|pulumi up)")
"""Commands that print names of machines and hosts."""
ON_THE_BRANCH = "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)"


def jobs(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each job of a workflow."""
    yield from yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items()


def steps() -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Yield each job of all workflows with its steps, by a name that a failing test shows."""
    for file in GITHUB:
        for name, job in jobs(file):
            yield f"{file.stem}/{name}", job, job["steps"]


def test_every_action_is_named_by_its_commit_with_the_tag_beside_it() -> None:
    """A tag can be moved to other code by whoever owns the action; a commit cannot."""
    used = [
        line for file in GITHUB for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    assert used
    for line in used:
        assert re.fullmatch(r"\s+- uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    assert len({line.strip() for line in used}) == len({line.split("@")[0] for line in used}), (
        "one commit each"
    )


def test_no_script_has_an_expression_in_it() -> None:
    """What an expression holds would be read as shell: all of them go through the environment."""
    for where, _, listed in steps():
        for step in listed:
            assert "${{" not in step.get("run", ""), where


def test_secrets_are_in_steps_after_set_up_and_nowhere_else() -> None:
    """Set-up runs what package registries deliver; no job has a secret for all its steps."""
    for where, job, listed in steps():
        ready = False
        for step in listed:
            ready = ready or step.get("run", "").strip() == "make setup"
            given = json.dumps([step.get("env", {}), step.get("with", {})])
            if "secrets." in given:
                assert ready, f"{where}: {step['name']}"
            if step.get("run", "").strip() == "make setup":
                assert not SECRET.search(given), where
        has_setup = any(step.get("run", "").strip() == "make setup" for step in listed)
        assert "secrets." not in json.dumps(job.get("env", {})), where
        assert not has_setup or not SECRET.search(json.dumps(job.get("env", {}))), where


def test_where_names_are_printed_the_runner_takes_no_commands() -> None:
    """A machine may be called `::add-mask::x`; each step has a runner's parser of its own (ActionCommandManager)."""
    spoken = [
        (where, step["run"])
        for where, _, listed in steps()
        for step in listed
        if SPEAKS.search(step.get("run", ""))
    ]
    assert len(spoken) >= 6
    for where, script in spoken:
        assert script.startswith(QUIET), where


def test_the_review_runs_no_code_of_the_pull_request() -> None:
    """It checks out the default branch, has the proposal as git's objects alone, no secret, and the job that reads cannot write."""
    (file,) = (file for file in GITHUB if file.stem == "review")
    text = file.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert set(workflow[True]) == {"pull_request_target"}, "`on`, which YAML reads as true"
    assert "paths" not in workflow[True]["pull_request_target"], "GitHub looks at the first 300 files alone"
    assert "secrets." not in text
    assert not re.search(r"git (?:checkout|switch|restore|worktree|reset|archive|apply|am)\b", text)
    assert [
        step["with"] for step in workflow["jobs"]["review"]["steps"] if "checkout" in step.get("uses", "")
    ] == [{"fetch-depth": 0, "persist-credentials": False}]
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["review"]["permissions"] == {"contents": "read", "actions": "read"}
    writes = [name for name, job in workflow["jobs"].items() if "write" in job["permissions"].values()]
    assert writes == ["comment"]
    assert "bin/" not in json.dumps(workflow["jobs"]["comment"])
    assert "make" not in json.dumps(workflow["jobs"]["comment"])


def test_a_proposal_brings_nothing_that_runs_take_for_their_own(tmp_path: Path) -> None:
    """Files in `.pulumi` and `.venv` are ignored by git, until somebody adds them by force: both reviews look, before set-up."""

    def git(*words: str) -> str:
        own = ("-c", "user.name=test", "-c", "user.email=test@lab.example")
        return subprocess.run(
            ["git", *own, *words], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    git("init", "-q")
    for name in ("stacks/prod.yaml", ".pulumi/identities/prod.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}\n", encoding="ascii")
        git("add", name)
        git("commit", "-qm", name)
    texts = [
        (PIPELINES / "github" / "review.yaml").read_text(encoding="utf-8"),
        GITLAB.read_text(encoding="utf-8"),
    ]
    for text in texts:
        (looks,) = re.findall(r"if \[ -n .*git ls-tree .*; fi", text)
        for commit, expected in (("HEAD~1", 0), ("HEAD", 1)):
            (tmp_path / "merged").write_text(git("rev-parse", f"{commit}^{{tree}}") + "\n", encoding="ascii")
            script = f'head="$(head -n 1 merged)"\n{looks}'
            done = subprocess.run(["bash", "-c", script], cwd=tmp_path, check=False, capture_output=True)
            assert done.returncode == expected, looks


def test_a_verdict_is_never_skipped() -> None:
    """A check that is skipped counts as one that has succeeded, and for each pull request whose last commit is the same."""
    workflow = yaml.safe_load((PIPELINES / "github" / "review.yaml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["placement-verdict"]["if"] == "${{ always() }}"
    applied = yaml.safe_load((PIPELINES / "github" / "apply.yaml").read_text(encoding="utf-8"))
    branches = workflow[True]["pull_request_target"].get("branches")
    assert branches == applied[True]["push"]["branches"], "no run, and so no check, for any other branch"


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)
def test_every_job_has_no_more_rights_than_it_names(file: Path) -> None:
    """And where secrets are, it runs for the default branch alone."""
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, job in workflow["jobs"].items():
        assert "permissions" in job or workflow["permissions"], name
        assert "write-all" not in json.dumps([job.get("permissions"), workflow["permissions"]])
        if "secrets." in json.dumps(job):
            assert job["environment"] == "placement", name
            assert ON_THE_BRANCH in job.get("if", "") or "trust" in job["needs"]
        assert "github.ref_name" not in json.dumps(job), "a tag may have the branch's name"


def test_a_change_of_trust_stops_for_reviewers_of_an_environment_and_for_no_label() -> None:
    """The plan, without which there is no `up`, needs the job that asks them, in the run itself as in the pull request's."""
    asked = (
        ("review", "trust", "placement-verdict"),
        ("apply", "agreed", "plan"),
        ("apply-sites", "agreed", "plan"),
    )
    for stem, asking, last in asked:
        workflow = yaml.safe_load((PIPELINES / "github" / f"{stem}.yaml").read_text(encoding="utf-8"))
        assert workflow["jobs"][asking]["environment"] == "placement-trust"
        assert asking in workflow["jobs"][last]["needs"]
        assert "label" not in json.dumps(workflow)
        assert "required_reviewers" in json.dumps(workflow)
        if last == "plan":
            condition = workflow["jobs"][last]["if"]
            assert "needs.trust.result == 'success'" in condition
            assert "needs.trust.outputs.changes == 'false' || needs.agreed.result == 'success'" in condition


@pytest.mark.parametrize("stem", ["apply", "apply-sites"])
def test_what_moves_is_held_to_a_plan_that_could_be_read_before(stem: str) -> None:
    """`up` needs the job in which the environment's reviewers agree to the plan; on GitLab a job of its own has made it."""
    all_jobs = yaml.safe_load((PIPELINES / "github" / f"{stem}.yaml").read_text(encoding="utf-8"))["jobs"]
    assert all_jobs["reviewed"]["environment"] == "placement-plan"
    assert all_jobs["reviewed"]["needs"] == "plan"
    assert "needs.reviewed.result == 'success'" in all_jobs["up"]["if"]
    assert "reviewed" in all_jobs["up"]["needs"]
    for job in all_jobs.values():
        for line in "\n".join(step.get("run", "") for step in job["steps"]).splitlines():
            assert "pulumi up" not in line or "--plan" in line, line


def test_gitlab_moves_nothing_without_a_plan_either() -> None:
    """Also a run that goes on."""
    for file in (GITLAB, GITLAB.with_name("sites.yml")):
        ups = [line for line in file.read_text(encoding="utf-8").splitlines() if "bin/pulumi up" in line]
        assert ups
        for line in ups:
            assert " --plan " in line, line


def test_gitlab_reviews_with_the_code_of_the_default_branch() -> None:
    """The runner puts none of the merge request's files on the disk."""
    review = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))["placement-review"]
    assert review["variables"] == {"GIT_STRATEGY": "clone", "GIT_CHECKOUT": "false"}
    before = review["before_script"]
    assert before.index('git checkout --quiet --force --detach "origin/$CI_DEFAULT_BRANCH"') < before.index(
        "make setup"
    )
    assert "TOKEN" not in json.dumps(review).replace("JOB-TOKEN: $CI_JOB_TOKEN", "")
    assert all("changes" not in rule for rule in review["rules"])


def test_gitlab_sets_up_in_a_job_without_secrets() -> None:
    """Variables of hosts and state have the scope of environments, and that job has none."""
    everything = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    for name, job in everything.items():
        if name == "variables":
            continue
        script = json.dumps([job.get("before_script", []), job["script"]])
        if "make setup" in script:
            assert "environment" not in job, name
        if re.search(r"bin/pulumi|placement (?:result|drift|inventory) |PLACEMENT_\w*TOKEN", script):
            assert "environment" in job, name
        assert "TOKEN" not in json.dumps(job.get("rules", [])), f"{name}: rules see no variable with a scope"


def test_what_gitlab_calls_applied_is_made_by_applying_alone() -> None:
    """The newest deployment is what trust is compared with: a job that only reads variables of the environment makes none."""
    for name, job in yaml.safe_load(GITLAB.read_text(encoding="utf-8")).items():
        if name in {"placement-apply", "placement-plan-agreed", "placement-apply-agreed"}:
            assert job["environment"] in {"placement", "placement-trust"}
            assert job["resource_group"] == "placement"
        elif "environment" in job:
            scope = "review-note" if name == "placement-comment" else "placement"
            assert job["environment"] == {"name": scope, "action": "access"}, name


def test_what_was_merged_and_not_let_through_gets_no_password_from_any_job() -> None:
    """Neither at night: each job and workflow that asks hosts asks first what has changed of trust since the last run that was let through."""
    everything = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    gate = everything["placement-trust"]["script"][0]
    assert gate[-1] == 'bin/placement check "$STACK" --base "$base"'
    assert everything["placement-plan"]["needs"] == ["placement-trust"]
    assert everything["placement-apply"]["needs"] == ["placement-plan"]
    for name in ("placement-result", "placement-drift", "placement-inventory", "placement-continue"):
        assert everything[name]["script"][0] == gate, name
    for stem in ("drift", "inventory"):
        names = [
            step.get("name")
            for _, job in jobs(PIPELINES / "github" / f"{stem}.yaml")
            for step in job["steps"]
        ]
        assert names.index("Set up") + 1 == names.index("Trust") < names.index(stem.capitalize())
        text = (PIPELINES / "github" / f"{stem}.yaml").read_text(encoding="utf-8")
        assert "secrets." not in text[: text.index("name: Trust")]
        assert ".github/placement/last-agreed" in text


GH = """#!/bin/sh
case "$1 $2" in
  "run list") shift 2; while [ "$1" != --jq ]; do shift; done; jq .runs "$GH_KEPT" | jq -r "$2" ;;
  "run view") run="$3"; while [ "$1" != --jq ]; do shift; done; jq --arg run "$run" '.jobs[$run]' "$GH_KEPT" | jq -r "$2" ;;
esac
"""


def test_what_a_tag_called_like_the_branch_or_a_job_that_was_turned_away_has_run_was_not_let_through(
    tmp_path: Path,
) -> None:
    """GitHub lists runs of a tag `main` with those of the branch, and a job that its environment turns away has failed."""
    missing = [program for program in ("bash", "jq") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"what the script uses is missing here: {', '.join(missing)}")

    def git(*words: str) -> str:
        own = ("-c", "user.name=test", "-c", "user.email=test@lab.example", "-c", "init.defaultBranch=main")
        return subprocess.run(
            ["git", *own, *words], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "agreed")
    agreed = git("rev-parse", "HEAD")
    git("checkout", "-q", "-b", "proposal")
    git("commit", "-q", "--allow-empty", "-m", "proposed")
    proposed = git("rev-parse", "HEAD")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "merged", "proposal")
    merged = git("rev-parse", "HEAD")
    began = {
        "jobs": [{"name": "up", "conclusion": "failure", "steps": [{"name": "Up", "conclusion": "failure"}]}]
    }
    turned_away = {"jobs": [{"name": "up", "conclusion": "failure", "steps": []}]}
    runs = [(3, merged), (2, proposed), (1, agreed)]
    kept = {
        "runs": [{"databaseId": run, "event": "push", "headSha": commit} for run, commit in runs],
        "jobs": {"3": turned_away, "2": began, "1": began},
    }
    (tmp_path / "kept.json").write_text(json.dumps(kept), encoding="utf-8")
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(GH, encoding="utf-8")
    gh.chmod(0o755)
    given = {"GH_KEPT": str(tmp_path / "kept.json"), "RUNNER_TEMP": str(tmp_path), "MAIN": "main"}
    done = subprocess.run(
        ["bash", str(PIPELINES / "github" / "last-agreed")], cwd=tmp_path, check=True, capture_output=True,
        text=True, env={**os.environ, **given, "PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.stdout.strip() == agreed


CONTINUED = """#!/bin/sh
case "$1 $2" in
  "run rerun") echo "$3" >> "$GH_RERUN" ;;
  *) exec "$GH_READS" "$@" ;;
esac
"""
ENDED, CUT, LOST = ({"name": "Up", "conclusion": conclusion} for conclusion in ("failure", "cancelled", None))


@pytest.mark.parametrize(
    ("status", "conclusion", "steps_of_up", "newer", "again"),
    [
        ("completed", "cancelled", [CUT], False, True),
        ("completed", "failure", [LOST], False, True),
        ("completed", "failure", [ENDED, {"name": "Nothing goes on", "conclusion": "failure"}], False, True),
        ("completed", "failure", [ENDED, {"name": "Nothing goes on", "conclusion": "success"}], False, False),
        ("completed", "failure", [], False, False),
        ("completed", "success", [{"name": "Up", "conclusion": "success"}], False, False),
        ("in_progress", "", [], False, False),
        ("completed", "cancelled", [CUT], True, False),
    ],
    ids=[
        "cancelled",
        "runner lost",
        "moves go on",
        "refused",
        "turned away",
        "ended well",
        "at work",
        "newer stacks",
    ],
)
def test_only_a_run_that_was_cut_goes_on_and_only_with_the_stacks_that_were_let_through(
    tmp_path: Path, status: str, conclusion: str, steps_of_up: list[dict[str, str]], newer: bool, again: bool
) -> None:
    """It is run again as it was: whoever had to agree to it has to agree again."""
    missing = [program for program in ("bash", "jq") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"what the script uses is missing here: {', '.join(missing)}")

    def git(*words: str) -> str:
        own = ("-c", "user.name=test", "-c", "user.email=test@lab.example", "-c", "init.defaultBranch=main")
        return subprocess.run(
            ["git", *own, *words], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    def committed(text: str) -> str:
        (tmp_path / "stacks" / "prod.yaml").write_text(text, encoding="ascii")
        git("add", "stacks")
        git("commit", "-qm", text)
        return git("rev-parse", "HEAD")

    git("init", "-q")
    (tmp_path / "stacks").mkdir()
    commit = committed("one")
    if newer:
        committed("two")
    run = {"databaseId": 5, "event": "push", "headSha": commit, "status": status, "conclusion": conclusion}
    kept = {"runs": [run], "jobs": {"5": {"jobs": [{"name": "up", "steps": steps_of_up}]}}}
    (tmp_path / "kept.json").write_text(json.dumps(kept), encoding="utf-8")
    (tmp_path / "bin").mkdir()
    for name, text in (("gh", CONTINUED), ("reads", GH)):
        (tmp_path / "bin" / name).write_text(text, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    workflow = yaml.safe_load((PIPELINES / "github" / "continue.yaml").read_text(encoding="utf-8"))
    script = workflow["jobs"]["continue"]["steps"][-1]["run"]
    given = {
        "GH_KEPT": str(tmp_path / "kept.json"), "GH_RERUN": str(tmp_path / "rerun"), "RUNNER_TEMP": str(tmp_path),
        "GH_READS": str(tmp_path / "bin" / "reads"), "MAIN": "main",
    }  # fmt: skip
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, check=True,
        env={**os.environ, **given, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert (tmp_path / "rerun").exists() is again


def test_what_is_downloaded_of_earlier_runs_is_of_the_branch_itself() -> None:
    """A run is asked for by its workflow's file, which no other branch can take, and counts by its commit alone."""
    asked = [
        text
        for file in (*GITHUB, PIPELINES / "github" / "last-agreed")
        for text in [file.read_text(encoding="utf-8")]
        if "gh run list" in text
    ]
    known = {
        "apply.yaml",
        "inventory.yaml",
        "apply-sites.yaml",
        "drift-sites.yaml",
        '"${WORKFLOW:-apply.yaml}"',
    }
    assert len(asked) == 6
    for text in asked:
        assert set(re.findall(r"--workflow (\S+)", text)) <= known
        assert text.count("gh run list") == text.count("git rev-list --first-parent HEAD")


OWNERS = PIPELINES / "CODEOWNERS"


def owners() -> dict[str, list[str]]:
    """Return who owns which pattern, in the file's order."""
    lines = [line.split() for line in OWNERS.read_text(encoding="utf-8").splitlines()]
    return {words[0]: words[1:] for words in lines if words and not words[0].startswith("#")}


def test_every_tracked_path_has_an_owner_and_those_that_run_with_secrets_are_named() -> None:
    """The first pattern fits all; each later one fits something that is there, or a file of a forge."""
    found = owners()
    assert next(iter(found)) == "*"
    assert all(names and all(name.startswith("@") for name in names) for names in found.values())
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, capture_output=True).stdout
    tracked = [name for name in listed.decode("utf-8").split("\0") if name]
    named = [pattern for pattern in found if pattern != "*"]
    unnamed = {path.split("/")[0] for path in tracked if not any(fits(path, pattern) for pattern in named)}
    data = {
        "docs",
        "tests",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "SECURITY.md",
        ".gitattributes",
        ".gitignore",
    }
    assert unnamed <= data, f"add to docs/pipelines/CODEOWNERS what runs with secrets: {unnamed - data}"
    assert {"/.github/", "/.gitlab-ci.yml", "/CODEOWNERS", "/bin/", "/Makefile"} <= set(named)


def fits(path: str, pattern: str) -> bool:
    """Say whether a pattern of a folder, a file or a start of names at the top fits a path."""
    if pattern.endswith("/"):
        return path.startswith(pattern[1:])
    return fnmatch(path.split("/", maxsplit=1)[0], pattern[1:])


def test_the_rulesets_ask_for_owners_and_for_the_verdict_of_the_review() -> None:
    """Whoever pushes last does not approve; a check of that name counts from GitHub Actions alone."""
    ruleset = json.loads(
        (PIPELINES / "github" / "rulesets" / "default-branch.json").read_text(encoding="utf-8")
    )
    rules = {rule["type"]: rule.get("parameters", {}) for rule in ruleset["rules"]}
    assert (ruleset["enforcement"], ruleset["bypass_actors"]) == ("active", [])
    assert {"deletion", "non_fast_forward"} <= set(rules)
    assert all(
        rules["pull_request"][name] is True
        for name in (
            "require_code_owner_review",
            "dismiss_stale_reviews_on_push",
            "require_last_push_approval",
        )
    )
    (check,) = rules["required_status_checks"]["required_status_checks"]
    review = yaml.safe_load((PIPELINES / "github" / "review.yaml").read_text(encoding="utf-8"))
    assert check["context"] in review["jobs"]
    assert rules["required_status_checks"]["strict_required_status_checks_policy"] is True
    pushes = json.loads((PIPELINES / "github" / "rulesets" / "workflows.json").read_text(encoding="utf-8"))
    assert pushes["target"] == "push"
    assert pushes["rules"][0]["parameters"]["restricted_file_paths"] == [".github/**/*"]


def test_the_operator_looks_and_moves_nothing() -> None:
    """It would run `up` at every resync, outside of every gate; and who deletes its object forgets no machine."""
    stack = yaml.safe_load((PIPELINES / "operator" / "stack.yaml").read_text(encoding="utf-8"))["spec"]
    assert (stack["preview"], stack["destroyOnFinalize"]) == (True, False)
    assert all(each["type"] in {"Secret", "Literal"} for each in stack["envRefs"].values())
    assert stack["envRefs"]["HYPERV_PASSWORD"]["type"] == "Secret"

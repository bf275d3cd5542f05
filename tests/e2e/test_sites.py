"""Many stacks with one state: the workflows by matrix, each with a move and a drift, and one table of all."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tools.workspace import PROJECT, Workspace

from .conftest import Site
from .forge import GitHub, GitLab, gitlab
from .small_sites import estate, names, stack_of
from .test_pipelines import on_gitlab
from .test_state import postgres

WORKFLOWS = PROJECT / "docs" / "pipelines" / "github"
GITLAB = PROJECT / "docs" / "pipelines" / "gitlab" / "sites.yml"
AT_ONCE = 4
OURS = ("HYPERV_", "PULUMI_")
"""Variables that the lab sets instead of the forge's secrets."""
KNOWN = {
    "github.token": "of-the-run",
    "github.repository": "team/placement",
    "github.event.repository.default_branch": "main",
    "github.run_id": "12",
}
RULES = [{"type": "required_reviewers", "prevent_self_review": True}]


class Sites:
    """Stacks of two hosts and two machines each, in one repository, with one database for their state."""

    def __init__(self, site: Site, github: GitHub, database: Mapping[str, str], count: int) -> None:
        """`site`: its lab runs. Each stack but the first declares a move."""
        self.site, self.github = site, github
        self.stacks = names(count)
        where = f"postgres://placement@{database['DATABASE']}/placement"
        self.environment = {
            **site.workspace.environment,
            **database,
            "PULUMI_BACKEND_URL": where,
            "PULUMI_CONFIG_PASSPHRASE": "of the lab",
        }
        self.outputs: dict[str, str] = {}

    def declare(self, number: int, host: int) -> None:
        """Declare the first machine of a stack on its first or second host."""
        content = stack_of(number, host, self.site.status()["hosts"])
        self.site.file(f"stacks/{self.stacks[number - 1]}.yaml").write_text(
            yaml.safe_dump(content), encoding="utf-8"
        )

    def git(self, *words: str) -> str:
        """Run git in the project, as nobody."""
        name = ("-c", "user.name=test", "-c", "user.email=test@lab.example", "-c", "init.defaultBranch=main")
        return subprocess.run(
            ["git", *name, *words],
            cwd=self.site.workspace.folder,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.strip()

    def merged(self) -> None:
        """Commit all stacks."""
        self.git("add", "stacks/*.yaml")
        self.git("commit", "-qm", "Merged")

    def ended(self, workflow: str, number: int, status: str = "success") -> None:
        """Have the forge know that a run of this commit has ended."""
        known = self.github.read()
        run = {
            "workflow": workflow, "branch": "main", "event": "push", "headSha": self.git("rev-parse", "HEAD"),
            "databaseId": number,
        }  # fmt: skip
        let = {**known["let_through"], str(number): status}
        self.github.write({**known, "runs": [run, *known["runs"]], "let_through": let})

    def job(self, workflow: str, name: str, stack: str = "", **more: str) -> int:
        """Run the steps of a job, as far as they are commands; return the first exit code that is not 0."""
        job = yaml.safe_load((WORKFLOWS / f"{workflow}.yaml").read_text(encoding="utf-8"))["jobs"][name]
        output = self.github.home / f"outputs-{name}-{stack}"
        output.write_text("", encoding="utf-8")
        known = {**KNOWN, "matrix.stack": stack, "github.event_name": "push", **self.outputs}
        done = 0
        for step in job["steps"]:
            if "upload-artifact" in step.get("uses", ""):
                self.upload(_resolved(step["with"]["name"], known), _resolved(step["with"]["path"], known))
            if "run" not in step or step["run"] == "make setup" or done:
                continue
            given = {**job.get("env", {}), **step.get("env", {})}
            values = {
                key: _resolved(str(text), known) for key, text in given.items() if not key.startswith(OURS)
            }
            ran = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", step["run"]], cwd=self.site.workspace.folder, check=False,
                env={**self.environment, **self.github.environment(), **values, "GITHUB_OUTPUT": str(output), **more},
                capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            print(f"{workflow}/{name} {stack}, {step['name']}: {ran.stdout}{ran.stderr}")  # noqa: T201 - shown where it fails
            done = ran.returncode
            lines = [line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines()]
            known |= {f"steps.{step.get('id')}.outputs.{key}": value for key, value in lines}
        for key, text in job.get("outputs", {}).items():
            self.outputs[f"needs.{name}.outputs.{key}"] = _resolved(text, known)
        return done

    def upload(self, name: str, paths: str) -> None:
        """Keep what a job leaves, of the run that is under way."""
        folder = self.github.home / f"{name}-12"
        for pattern in paths.split():
            for file in self.site.workspace.folder.glob(pattern):
                folder.mkdir(exist_ok=True)
                shutil.copy(file, folder)

    def touched(self) -> list[str]:
        """Return the matrix that the job `trust` has made."""
        return list(json.loads(self.outputs["needs.trust.outputs.stacks"]))

    def each(self, workflow: str, name: str, stacks: list[str]) -> dict[str, int]:
        """Run a job of the matrix for each stack, some at the same time; return stack -> exit code."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            codes = pool.map(lambda stack: self.job(workflow, name, stack), stacks)
            return dict(zip(stacks, codes, strict=True))


def _resolved(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return (
            known.get(found[1], "")
            if ".outputs." in found[1] or found[1].startswith("vars.")
            else known[found[1]]
        )

    return re.sub(r"\$\{\{ (.*?) \}\}", value, text)


@pytest.fixture
def sites(workspace: Workspace, tmp_path: Path, count: int) -> Iterator[Sites]:
    """So many stacks, committed, with a database, and a forge whose environment asks somebody."""
    missing = [program for program in ("bash", "jq") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"what the pipelines use is missing here: {', '.join(missing)}")
    file = tmp_path / "estate.yaml"
    file.write_text(yaml.safe_dump(estate(count)), encoding="utf-8")
    workspace.run(
        "lab", "up", "--ports", "auto", "--speed", "6", "--estate", str(file), stdout=subprocess.DEVNULL
    )
    for path in (workspace.folder / "stacks").glob("*.yaml"):
        path.unlink()
    script = workspace.folder / ".github" / "placement" / "last-agreed"
    script.parent.mkdir(parents=True)
    shutil.copy(WORKFLOWS / "last-agreed", script)
    github = GitHub(tmp_path / "github")
    github.write({**github.read(), "environments": {"placement-trust": RULES}})
    # Not below tmp_path: the server is another user, and a socket's path is short.
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as database:
        made = Sites(Site(workspace), github, database, count)
        for number in range(1, count + 1):
            made.declare(number, 1 if number == 1 else 2)
        made.git("init", "-q")
        made.merged()
        yield made


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.one_form("its pipelines adopt")
@pytest.mark.timeout(3600)
@pytest.mark.all
@pytest.mark.parametrize("count", [2, 20])
def test_each_stack_has_a_move_and_a_drift_and_all_have_one_table(sites: Sites, count: int) -> None:
    """Trust once for all; a job for each stack that was touched; at night a report of each, and the one that is missing is named."""
    every = sites.stacks
    assert sites.job("apply-sites", "trust") == 0
    assert (sites.outputs["needs.trust.outputs.changes"], sites.touched()) == ("true", every)
    assert set(sites.each("apply-sites", "plan", every).values()) == {0}
    assert set(sites.each("apply-sites", "up", every).values()) == {0}
    sites.ended("apply-sites.yaml", 21)

    sites.declare(1, 2)
    sites.merged()
    assert sites.job("apply-sites", "trust") == 0
    assert (sites.outputs["needs.trust.outputs.changes"], sites.touched()) == ("false", every[:1])
    assert set(sites.each("apply-sites", "plan", every[:1]).values()) == {0}
    assert set(sites.each("apply-sites", "up", every[:1]).values()) == {0}
    hosts = sites.site.hosts()
    assert [hosts[f"A{number:02d}"] for number in range(1, count + 1)] == [
        f"hv{2 * number}" for number in range(1, count + 1)
    ]
    for stack in every:
        log = (sites.github.home / f"placement-audit-{stack}-12" / f"{stack}.jsonl").read_text(
            encoding="utf-8"
        )
        assert log.count('"event": "end"') == 1
    sites.ended("apply-sites.yaml", 22)

    for number in range(1, count + 1):
        sites.site.lab("move", f"B{number:02d}", f"hv{2 * number - 1}")
    assert sites.job("drift-sites", "trust") == 0
    assert sites.touched() == every
    assert set(sites.each("drift-sites", "drift", every).values()) == {0}
    shutil.rmtree(sites.github.home / f"placement-drift-{every[0]}-12")
    assert sites.job("drift-sites", "fleet") == 0
    table = json.loads((sites.github.home / "placement-fleet-12" / "fleet.json").read_text(encoding="utf-8"))
    assert [each["stack"] for each in table["not_read"]] == [every[0]]
    assert sorted(each["reports"][0]["subject"] for each in table["drifts"]) == [
        f"B{number:02d}" for number in range(2, count + 1)
    ]
    assert {each["by"] for each in table["drifts"]} == {"LAB\\operator"}
    (issue,) = sites.github.read()["issues"]
    assert f"not read&#58; {every[0]}" in issue["body"] or f"not read: {every[0]}" in issue["body"]
    assert sites.site.status()["violations"] == []


class OnGitLab:
    """The same stacks in a project at GitLab."""

    def __init__(self, sites: Sites, project: GitLab) -> None:
        """Nothing was applied yet."""
        self.sites, self.project = sites, project

    def each(self, name: str) -> list[int]:
        """Run a job of the matrix for each stack, one after the other; return the exit codes."""
        return [
            on_gitlab(
                self.sites.site, self.project, name, GITLAB, **{**self.sites.environment, "STACK": stack}
            )
            for stack in self.sites.stacks
        ]

    def deployed(self, name: str, stack: str) -> None:
        """Have the forge know a job of this commit that has ended well, newest last."""
        kind = "placement-trust" if name.endswith("agreed") else "placement"
        job = {
            "name": f"{name}: [{stack}]",
            "ref": "main",
            "tag": False,
            "started_at": "2026-11-01T05:00:00Z",
        }
        self.project.deployments.append(
            {
                "id": len(self.project.deployments) + 1,
                "sha": self.sites.git("rev-parse", "HEAD"),
                "environment": f"{kind}/{stack}",
                "status": "success",
                "deployable": job,
            }
        )


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.one_form("its pipelines adopt")
@pytest.mark.timeout(1200)
@pytest.mark.all
@pytest.mark.parametrize("count", [2])
def test_gitlabs_commands_do_the_same(sites: Sites, count: int) -> None:
    """Whoever may agrees to the plan of each; then only the stack that a change touches moves, and a plan alone counts as nothing applied."""
    first, second = sites.stacks
    with gitlab() as project:
        there = OnGitLab(sites, project)
        assert there.each("site-plan") == there.each("site-apply") == [5, 5]
        assert there.each("site-plan-agreed") == there.each("site-agreed") == [0, 0]
        for stack in sites.stacks:
            there.deployed("placement-site-agreed", stack)

        for path in sites.site.workspace.folder.glob("plan-*"):
            path.unlink()
        sites.declare(1, 2)
        sites.merged()
        there.deployed("placement-site-plan-agreed", first)
        assert there.each("site-plan") == [0, 0]
        assert not sites.site.file(f"plan-{second}.json").exists()
        planned = sites.site.file(f"plan-{first}.txt").read_text(encoding="utf-8")
        assert "A01: is on hv1, goes to hv2" in planned
        assert there.each("site-apply") == [0, 0]
        hosts = sites.site.hosts()
        assert [hosts[f"A{number:02d}"] for number in range(1, count + 1)] == ["hv2", "hv4"]
        there.deployed("placement-site-apply", first)

        sites.site.lab("move", "B01", "hv1")
        assert there.each("site-drift") == [0, 0]
        assert on_gitlab(sites.site, project, "fleet", GITLAB, **sites.environment) == 2
    table = sites.site.file("fleet.md").read_text(encoding="utf-8")
    assert "B01" in table
    assert "B02" not in table
    assert sites.site.status()["violations"] == []

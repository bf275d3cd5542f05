"""`make pipelines`: apply, inventory, review and drift as GitHub would run them, of one stack and by matrix, each by its file, unchanged but for the stack's name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.forge import GitHub
from tests.e2e.small_sites import estate, names, stack_of
from tests.pipelines.acting import LABELS, act, stand_ins
from tools.workspace import PROJECT, Workspace

WORKFLOWS = PROJECT / "docs" / "pipelines" / "github"
RUN = "12"
"""The number of the run that is under way, as the stand-in for `gh` knows it."""
SITES = 2
RULES = [{"type": "required_reviewers", "prevent_self_review": True}]


class Acting:
    """A project in git, with the workflows where GitHub has them, a lab, and a stand-in for `gh`."""

    def __init__(self, folder: Path, sites: int = 0) -> None:
        """Copy the project, start the lab, and commit; with the stack `lab`, or with so many small ones."""
        folder.mkdir()
        self.workspace = Workspace(folder / "project")
        more = []
        if sites:
            (folder / "estate.yaml").write_text(yaml.safe_dump(estate(sites)), encoding="utf-8")
            more = ["--estate", str(folder / "estate.yaml")]
        self.workspace.run("lab", "up", "--ports", "auto", "--speed", "6", *more, stdout=subprocess.DEVNULL)
        if sites:
            self._declare(sites)
        else:
            self.workspace.point_at_lab()
        self.state = folder / "state"
        self.state.mkdir()
        self.github = GitHub(folder / "github")
        self.github.write({**self.github.read(), "environments": {"placement-trust": RULES}})
        self.act = act()
        place = self.workspace.folder / ".github"
        (place / "workflows").mkdir(parents=True)
        (place / "placement").mkdir()
        shutil.copy(WORKFLOWS / "last-agreed", place / "placement")
        files = sorted(WORKFLOWS.glob("*.yaml"))
        for file in files:
            text = file.read_text(encoding="utf-8")
            (place / "workflows" / file.name).write_text(
                text.replace("STACK: prod", "STACK: lab"), encoding="utf-8"
            )
        self.words = stand_ins(folder / "actions", files)
        origin = str(folder / "origin.git")
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-qm", "As it is")
        self.git("init", "-q", "--bare", origin)
        self.git("remote", "add", "origin", origin)
        self.git("push", "-q", "origin", "main")

    def _declare(self, sites: int) -> None:
        """Declare a move for each stack."""
        stacks = self.workspace.folder / "stacks"
        for path in stacks.glob("*.yaml"):
            path.unlink()
        hosts = self.workspace.status()["hosts"]
        for number, name in enumerate(names(sites), 1):
            (stacks / f"{name}.yaml").write_text(yaml.safe_dump(stack_of(number, 2, hosts)), encoding="utf-8")

    def git(self, *words: str) -> str:
        """Run git in the project, as nobody."""
        name = ("-c", "user.name=test", "-c", "user.email=test@lab.example")
        return subprocess.run(
            ["git", *name, *words], cwd=self.workspace.folder, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    def proposal(self) -> str:
        """Push a pull request that declares another host for a machine; return its commit."""
        stack = self.workspace.folder / "stacks" / "lab.yaml"
        before = stack.read_text(encoding="utf-8")
        stack.write_text(before.replace("VM003: {host: hv2}", "VM003: {host: hv1}"), encoding="utf-8")
        self.git("commit", "-qam", "Proposed")
        self.git("push", "-q", "origin", "HEAD:refs/pull/7/head")
        commit = self.git("rev-parse", "HEAD")
        self.git("reset", "-q", "--hard", "HEAD~1")
        return commit

    def ended(self, workflow: str, event: str, number: int) -> None:
        """Have the forge know a run of the branch's commit that has ended well, with what it has left."""
        known, head = self.github.read(), self.git("rev-parse", "HEAD")
        run = {"workflow": workflow, "branch": "main", "event": event, "headSha": head, "databaseId": number}
        let = {**known["let_through"], str(number): "success"}
        self.github.write({**known, "runs": [run, *known["runs"]], "let_through": let})
        for left in self.github.home.glob(f"*-{RUN}"):
            left.rename(left.with_name(f"{left.name.removesuffix(RUN)}{number}"))

    def run(self, workflow: str, event: str, **payload: Any) -> None:
        """Run a workflow's file. Raises SystemExit where act says that it has failed."""
        account = yaml.safe_load(
            (self.workspace.folder / ".lab" / "credentials.yaml").read_text(encoding="utf-8")
        )
        file = self.github.home / "event.json"
        repository = {"default_branch": "main", "full_name": "team/placement", "name": "placement"}
        file.write_text(
            json.dumps({"repository": repository, "ref": "refs/heads/main", **payload}), encoding="utf-8"
        )
        secrets = {
            "HYPERV_USERNAME": account["username"],
            "HYPERV_PASSWORD": account["password"],
            "PULUMI_CONFIG_PASSPHRASE": "of the lab",
        }
        environ = {
            **self.workspace.environment,
            **self.github.environment(),
            **secrets,
            "GITHUB_TOKEN": "of-the-run",
        }
        command = [
            str(self.act), event, "--workflows", f".github/workflows/{workflow}", "--eventpath", str(file),
            "--use-gitignore=false", "--var", f"PULUMI_BACKEND_URL={self.state.as_uri()}",
            "--defaultbranch", "main", "--action-offline-mode", "--env", f"GITHUB_RUN_ID={RUN}",
            "--env", f"ARTIFACTS={self.github.home}", *self.words,
            *(word for label in LABELS for word in ("--platform", f"{label}=-self-hosted")),
            *(word for name in (*secrets, "GITHUB_TOKEN") for word in ("--secret", name)),
        ]  # fmt: skip
        sys.stdout.write(f"== {workflow}\n")
        sys.stdout.flush()
        done = subprocess.run(
            command, cwd=self.workspace.folder, env=environ, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            sys.exit(f"{workflow} has failed under act: {done.returncode}")


def main() -> None:
    """Run them as a project's first days would, and look at what has come of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, sites, days in (("one", 0, _days), ("many", SITES, _many)):
            here = Acting(Path(folder) / name, sites)
            try:
                days(here)
            finally:
                here.workspace.close()
    sys.stdout.write(
        "apply, inventory, review and drift ran by their own files, of one stack and by matrix, and did what they say\n"
    )


def _days(here: Acting) -> None:
    here.run("apply.yaml", "push")
    hosts = {name: vm["host"] for name, vm in here.workspace.status()["vms"].items()}
    _expect(hosts["VM003"] == "hv2" and hosts["VM002"] == "hv3", f"apply moved nothing: {hosts}")
    here.ended("apply.yaml", "push", 22)
    here.run("inventory.yaml", "workflow_dispatch")
    here.ended("inventory.yaml", "workflow_dispatch", 23)
    commit = here.proposal()
    pull = {"number": 7, "head": {"sha": commit}, "base": {"ref": "main"}}
    here.run("review.yaml", "pull_request_target", pull_request=pull, number=7)
    (comment,) = here.github.read()["comments"]
    _expect(re.search(r"\b1 move\b|moves 1 ", comment["body"]) is not None, comment["body"])
    here.workspace.run("lab", "move", "VM001", "hv3")
    here.run("drift.yaml", "workflow_dispatch")
    (issue,) = here.github.read()["issues"]
    _expect("VM001" in issue["body"] and issue["state"] == "open", issue["body"])


def _many(here: Acting) -> None:
    here.run("apply-sites.yaml", "push")
    hosts = {name: vm["host"] for name, vm in here.workspace.status()["vms"].items()}
    for number, stack in enumerate(names(SITES), 1):
        _expect(
            hosts[f"A{number:02d}"] == f"hv{2 * number}", f"apply-sites did not move A of {stack}: {hosts}"
        )
        for left in (f"placement-plan-{stack}", f"placement-audit-{stack}"):
            _expect(any((here.github.home / f"{left}-{RUN}").iterdir()), f"nothing of {left}")
    here.ended("apply-sites.yaml", "push", 22)
    for number in range(1, SITES + 1):
        here.workspace.run("lab", "move", f"B{number:02d}", f"hv{2 * number - 1}")
    here.run("drift-sites.yaml", "workflow_dispatch")
    (issue,) = here.github.read()["issues"]
    for number in range(1, SITES + 1):
        _expect(f"B{number:02d}" in issue["body"] and issue["state"] == "open", issue["body"])


def _expect(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(what)


if __name__ == "__main__":
    main()

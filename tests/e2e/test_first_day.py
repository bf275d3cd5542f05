"""The first day, typed as its page has it: from the wheel, in an empty folder, against hosts of the lab."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import blocks
from tools.workspace import PROJECT, Workspace

from .conftest import QUICK
from .test_own_repository import built, environment_of
from .test_tutorial import IDENTITY

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.all,
    pytest.mark.one_form("the page begins in an empty folder, with a run that adopts"),
]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY")


class Reader:
    """Who types the blocks, one after the other, and stays in the folder that the last one has gone to."""

    def __init__(self, folder: Path, environment: dict[str, str], words: dict[str, str]) -> None:
        """`words`: what the reader writes in place of the page's examples."""
        self.folder = folder
        self._environment = environment
        self._words = words

    def type(self, text: str) -> subprocess.CompletedProcess[str]:
        """Type one block."""
        for example, own in self._words.items():
            text = text.replace(example, own)
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"trap 'pwd >{self._note}' EXIT\n{text}"], cwd=self._here,
            env=self._environment_of(text), check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=600,
        )  # fmt: skip

    def _environment_of(self, text: str) -> dict[str, str]:
        """Return the environment: set-up alone asks an index, by whatever proxy this machine has."""
        if "bin/setup" not in text:
            return self._environment
        own = {name: os.environ[name] for name in PROXIES if name in os.environ}
        return {name: value for name, value in self._environment.items() if name not in PROXIES} | own

    @property
    def _note(self) -> Path:
        return self.folder.with_suffix(".where")

    @property
    def _here(self) -> str:
        return self._note.read_text(encoding="utf-8").strip() if self._note.exists() else str(self.folder)


def test_from_an_empty_folder_to_only_what_was_reviewed(workspace: Workspace, tmp_path: Path) -> None:
    """Every block ends as it says; the machines are where each step of the page puts them, and no other one has moved."""
    workspace.run("lab", "up", "--ports", "auto", "--speed", QUICK, stdout=subprocess.DEVNULL)
    hosts = {name: host["https"] for name, host in workspace.status()["hosts"].items()}
    login = yaml.safe_load((workspace.folder / ".lab" / "credentials.yaml").read_text(encoding="utf-8"))
    folder = built(tmp_path, earlier=False).parent / "empty"
    folder.mkdir()
    next(tmp_path.glob("*.whl")).rename(folder / next(tmp_path.glob("*.whl")).name)
    reader = Reader(
        folder,
        environment_of(workspace) | IDENTITY,
        {
            "hv1.corp.example": hosts["hv1"],
            "hv2.corp.example": hosts["hv2"],
            r"CORP\placement": login["username"],
            "what nobody else knows": login["password"],
        },
    )
    ours, said = folder / "my-placement", dict[str, str]()
    for block in blocks(PROJECT / "docs" / "first-day.md"):
        if "discover hv1.corp.example --stack" in block.text:
            (ours / "ca.pem").write_bytes((workspace.folder / ".lab" / "ca.pem").read_bytes())
        before = where(workspace)
        done = reader.type(block.text)
        assert done.returncode == block.code, f"{block.text}\nended with {done.returncode}:\n{done.stdout}"
        said[block.text] = done.stdout
        moved = {name for name, place in where(workspace).items() if place != before[name]}
        assert moved == expected(block.text), block.text
    (reviewed,) = (text for text in said.values() if "--plan" in text or "plan.json" in text)
    assert "moves 1 of" in reviewed
    assert "max_moves" in next(text for command, text in said.items() if "exit code 3" in command)
    assert where(workspace)["VM004"][0] == "hv2"
    kept = reader.type("git ls-files").stdout.splitlines()
    assert {"ca.pem", "stacks/prod.yaml", "stacks/Pulumi.prod.yaml"} <= set(kept)
    assert not [name for name in kept if "secret" in name or (name.endswith(".json") and "/" not in name)]

    # Somebody moves a machine after the review: nothing at all is started.
    reader.type(
        r"sed -i 's/VM007: {host: hv1/VM007: {host: hv2/' stacks/prod.yaml; bin/pulumi preview --save-plan plan.json"
    ).check_returncode()
    workspace.run("lab", "move", "VM010", "hv2", stdout=subprocess.DEVNULL)
    before = where(workspace)
    stopped = reader.type("bin/pulumi up --yes --plan plan.json")
    assert stopped.returncode != 0
    assert "VM010: hv2 -> hv1 is not in it" in stopped.stdout
    assert where(workspace) == before


def expected(commands: str) -> set[str]:
    """Return which machines the commands of a block move."""
    if "--target" in commands or "git revert" in commands:
        return {"VM001"}
    return {"VM004"} if "--plan" in commands else set()


def where(workspace: Workspace) -> dict[str, tuple[Any, ...]]:
    """Return of each machine of the lab its host and its folder."""
    vms = workspace.status()["vms"]
    return {name: (vm["host"], json.dumps(vm["roots"])) for name, vm in vms.items()}

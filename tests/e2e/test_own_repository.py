"""An operator's own repository from the wheel alone: made in an empty folder, worked with against the lab, and upgraded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from hyperv_placement import __version__
from tests.documents import blocks
from tests.e2e.conftest import QUICK
from tools.install.places import engine_file, read_record
from tools.workspace import PROJECT, Workspace

SOURCES = (
    "providers",
    "schemas",
    "docs/pipelines",
    "docs/package.md",
    "LICENSE",
    "pyproject.toml",
    "requirements.txt",
)
PAGE = PROJECT / "docs" / "upgrade.md"
EARLIER = "0.0.1"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.all,
    pytest.mark.one_form("its stack begins as an operator's does: with an up that adopts"),
]


def built(folder: Path, *, earlier: bool) -> Path:
    """Build the wheel of this checkout, or one of an earlier version whose README reads otherwise."""
    sources = folder / "sources"
    for name in SOURCES:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, sources / name)
    if earlier:
        package = sources / "providers" / "hyperv_placement"
        module = package / "__init__.py"
        module.write_text(
            module.read_text(encoding="utf-8").replace(f'"{__version__}"', f'"{EARLIER}"'), encoding="utf-8"
        )
        page = package / "operations" / "own_repository" / "template" / "README.md"
        page.write_text(
            page.read_text(encoding="utf-8").replace("move machines, live", "move them"), encoding="utf-8"
        )
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=sources, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel


class Repository:
    """What an operator types in his own folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """`environment`: in which a Pulumi is named."""
        self.folder = folder
        self._environment = dict(environment)

    def run(self, *words: str, code: int = 0) -> str:
        """Run a program of the repository, or one on PATH, and return what it printed; fail where it ends otherwise."""
        own = self.folder / words[0]
        command = [sys.executable, str(own), *words[1:]] if own.exists() else list(words)
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, check=False, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        return done.stdout

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        """Replace what patterns find in a file, and commit that."""
        place = self.folder / file
        text = place.read_text(encoding="utf-8")
        for pattern, value in changes:
            text = re.sub(pattern, value, text)
        place.write_text(text, encoding="utf-8")
        self.commit()

    def commit(self) -> None:
        """Commit everything that is not ignored."""
        self.run("git", "add", "--all")
        self.run(
            "git",
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@corp.example",
            "commit",
            "--quiet",
            "--message=edit",
        )


def installed(wheel: Path, folder: Path) -> Path:
    """Install a wheel into an environment of its own, without what it needs: `init` needs nothing. Return its commands."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True)
    return folder / "bin"


def typed(block: str, wheel: Path, folder: Path, environment: Mapping[str, str]) -> str:
    """Type a block of docs/upgrade.md in a folder, with a wheel in place of the one that it names; return what it printed."""
    # pip asks an index, by whatever proxy this machine has; what the lock names is all that it needs.
    proxies = {name: os.environ.get(name, "") for name in ("HTTP_PROXY", "HTTPS_PROXY")}
    text = re.sub(r"hyperv_placement-[\d.]+-py3-none-any\.whl", str(wheel), block)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder, env={**environment, **proxies, "PIP_NO_DEPS": "1"}, check=False,
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def environment_of(workspace: Workspace) -> dict[str, str]:
    """Return the workspace's environment, with the engine of this machine named as an operator names his own."""
    return {**workspace.environment, "PLACEMENT_PULUMI": str(read_record(engine_file(PROJECT))["pulumi"])}


def test_from_the_wheel_to_a_move_a_drift_and_an_upgrade(workspace: Workspace, tmp_path: Path) -> None:
    """Nothing of the product's repository is needed but the simulated hosts."""
    workspace.run("lab", "up", "--ports", "auto", "--speed", QUICK, stdout=subprocess.DEVNULL)
    begin, upgrade = (block.text for block in list(blocks(PAGE))[:2])
    typed(begin, built(tmp_path / "earlier", earlier=True), tmp_path, environment_of(workspace))
    site = Repository(tmp_path / "my-placement", environment_of(workspace))
    for name, own in (("credentials.yaml", "hyperv.yaml"), ("ca.pem", "ca.pem")):
        (site.folder / "secrets").mkdir(exist_ok=True)
        shutil.copy2(workspace.folder / ".lab" / name, site.folder / "secrets" / own)
    hosts = [host["https"] for host in workspace.status()["hosts"].values()]
    site.run(
        "bin/placement",
        "discover",
        *hosts,
        "--stack",
        "site1",
        "--credentials",
        "secrets/hyperv.yaml",
        "--ca",
        "secrets/ca.pem",
    )
    (site.folder / "stacks" / "example.yaml").unlink()
    site.commit()
    assert "secrets" not in site.run("git", "ls-files")

    site.run("bin/pulumi", "stack", "select", "--create", "site1")
    site.run("bin/pulumi", "up", "--yes", "--skip-preview")
    site.run("bin/placement", "drift", "site1")

    site.run("bin/placement", "inventory", "site1", "--save", "inventory.json")
    site.edit(
        "stacks/site1.yaml", (r"max_moves: 0", "max_moves: 3")
    )  # a change of trust: it has a review of its own
    site.edit("stacks/site1.yaml", (r"(VM003: \{host:) hv3", r"\1 hv2"))
    site.run(
        "bin/placement",
        "review",
        "site1",
        "--base",
        "HEAD~1",
        "--inventory",
        "inventory.json",
        "--output",
        "review.md",
    )
    assert "VM003" in (site.folder / "review.md").read_text(encoding="utf-8")
    assert "VM003" in site.run("bin/pulumi", "preview")
    site.run("bin/pulumi", "up", "--yes", "--skip-preview")
    assert workspace.status()["vms"]["VM003"]["host"] == "hv2"

    workspace.run("lab", "move", "VM004", "hv2", stdout=subprocess.DEVNULL)
    assert "VM004" in site.run("bin/placement", "drift", "site1", code=2)
    site.run("bin/pulumi", "up", "--yes", "--skip-preview")
    site.run("bin/placement", "drift", "site1")

    assert json.loads(site.run("bin/placement", "recover", "site1", "--json"))["interrupted"] is False
    site.run("bin/placement", "hold", "VM005", "site1", "--until", "2099-01-01", "--reason", "test")
    assert "VM005" in site.run("bin/placement", "plan", "site1")
    site.run("bin/placement", "release", "VM005", "site1")

    site.edit("Pulumi.yaml", (r"description: .*", "description: Ours"))
    said = typed(upgrade, built(tmp_path / "newer", earlier=False), site.folder, environment_of(workspace))
    assert re.search(r"^\+.*move machines, live", said, re.MULTILINE)
    assert "description: Ours" in (site.folder / "Pulumi.yaml").read_text(encoding="utf-8")
    assert not (site.folder / "stacks" / "example.yaml").exists()
    assert [path.name for path in (site.folder / "wheels").iterdir()] == [
        f"hyperv_placement-{__version__}-py3-none-any.whl"
    ]
    assert site.run("bin/placement", "--version") == f"placement {__version__}\n"
    site.run("bin/pulumi", "preview", "--expect-no-changes")
    site.run("bin/placement", "audit", "verify", "site1")


def test_pulumi_new_makes_the_same_from_a_template(workspace: Workspace, tmp_path: Path) -> None:
    """With the name that was asked for, launchers that can be started, and no section of a template left."""
    commands = installed(built(tmp_path / "dist", earlier=False), tmp_path / "tool")
    subprocess.run([str(commands / "placement"), "init", "template", "--template"], cwd=tmp_path, check=True)
    environment = environment_of(workspace) | {
        "PULUMI_BACKEND_URL": tmp_path.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
    }
    new = [
        "new",
        str(tmp_path / "template"),
        "--dir",
        str(tmp_path / "fresh"),
        "--name",
        "fresh",
        "--generate-only",
        "--yes",
    ]
    subprocess.run([environment["PLACEMENT_PULUMI"], *new], env=environment, check=True, cwd=tmp_path)
    fresh = tmp_path / "fresh"
    project = yaml.safe_load((fresh / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["name"] == "fresh"
    assert "template" not in project
    assert project["plugins"]["providers"][0]["path"] == "plugin"
    for name in ("bin/setup", "bin/pulumi", "bin/placement", "plugin/pulumi-resource-pulumi-python"):
        assert (fresh / name).stat().st_mode & 0o100
    assert json.loads((fresh / ".placement" / "init.json").read_text(encoding="utf-8"))["name"] == "fresh"
    [wheel] = (fresh / "wheels").iterdir()
    assert wheel.read_bytes() == next((tmp_path / "dist").glob("*.whl")).read_bytes()
    subprocess.run([str(commands / "placement"), "init", "--upgrade", "."], cwd=fresh, check=True)

"""Where rounds are played: a copy of the project, used again and again, whose state is put back before each round."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.home.credentials import Account
from lab.home.places import write_private
from tools.workspace import Workspace

STACK, OTHER = "lab", "other"
_KEPT = "initialized"
_LIST = ("list", "-v", "--format", "json")
"""What the language host asks pip in each run (pulumi/pulumi sdk/python/toolchain/pip.go), to find packages with plugins."""
_PIP = f"""import sys
from pathlib import Path

if tuple(sys.argv[1:]) != {_LIST!r}:
    sys.exit("of pip nothing but its list is recorded here")
sys.stdout.write(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
"""
_PROXY = "http://127.0.0.1:9"
"""Nobody listens there: everything is dialled directly, whatever the environment says."""


def release(folder: Path) -> None:
    """Unmount what a place that was broken off has left mounted below `folder`."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    for point in (line.split()[1] for line in mounts):
        if folder.resolve() in Path(point).parents:
            subprocess.run(["umount", "-l", point], check=False, capture_output=True)


class Place:
    """A copy of the project with two stacks that nobody has used yet."""

    def __init__(self, folder: Path) -> None:
        """Copy the project to `folder`, which must not exist, and make its stacks."""
        self.workspace = Workspace(folder, keep={"HTTP_PROXY": _PROXY, "HTTPS_PROXY": _PROXY})
        self.folder = self.workspace.folder
        self.state = self.folder / ".pulumi"
        self._mounted = False
        self._record_pip()
        for stack in (OTHER, STACK):
            self.workspace.run(
                "pulumi", "stack", "init", stack, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        shutil.copytree(self.state, self.folder / _KEPT)

    def _record_pip(self) -> None:
        """Have `python -m pip list` answered by what it says now: it costs as much as a whole plugin's start, and never changes.

        Python looks for modules in the folder where it is started first, which for the language host is the project's.
        """
        asked = [str(self.folder / ".venv" / "bin" / "python"), "-P", "-m", "pip", *_LIST]
        answer = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        (self.folder / "pip.json").write_text(answer, encoding="utf-8")
        (self.folder / "pip.py").write_text(_PIP, encoding="utf-8")

    def reset(self) -> None:
        """Put the state of the stacks back to where nobody has used them."""
        self.unmount()
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(self.folder / _KEPT, self.state)

    def mount(self) -> bool:
        """Put the state on a file system of its own, of 4 MiB; return False where this system or user may not."""
        shutil.rmtree(self.state)
        self.state.mkdir(mode=0o700)
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(self.state)],
            check=False,
            capture_output=True,
        )
        self._mounted = made.returncode == 0
        shutil.copytree(self.folder / _KEPT, self.state, dirs_exist_ok=True)
        return self._mounted

    def remount(self, mode: str) -> bool:
        """Make that file system `ro` or `rw`."""
        words = ["mount", "-o", f"remount,{mode}", str(self.state)]
        return subprocess.run(words, check=False, capture_output=True).returncode == 0

    def fill(self) -> None:
        """Leave no room on that file system."""
        with (self.state / "filler").open("wb", buffering=0) as file:
            piece = bytes(1 << 12)
            try:
                while True:
                    file.write(piece)
            except OSError:
                os.fsync(file.fileno())

    def make_room(self) -> None:
        """Undo `fill`."""
        (self.state / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        """Undo `mount`."""
        if self._mounted:
            subprocess.run(["umount", "-l", str(self.state)], check=False, capture_output=True)
            self._mounted = False

    def write_credentials(self, account: Account) -> None:
        """Write the file that the stack logs on with."""
        content = {"username": account.username, "password": account.password}
        write_private(self.folder / "credentials.yaml", yaml.safe_dump(content))

    def write_stack(
        self, addresses: Mapping[str, str], content: Mapping[str, Any], stack: str = STACK
    ) -> None:
        """Write a stack file: connection and addresses, and the rest as given; whole or not at all, as an editor does."""
        whole = {
            "connection": {"auth": "ntlm", "credentials": "../credentials.yaml", "ca": "../.lab/ca.pem"},
            "hosts": {
                name: {"address": url, "account": f"{name}.lab.example"} for name, url in addresses.items()
            },
            **content,
        }
        path = self.folder / "stacks" / f"{stack}.yaml"
        fresh = path.with_suffix(".new")
        plain = json.loads(json.dumps(whole))  # no value is there twice, which YAML would write as an alias
        fresh.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
        fresh.replace(path)

    def close(self) -> None:
        """Remove it."""
        self.unmount()
        self.workspace.close()

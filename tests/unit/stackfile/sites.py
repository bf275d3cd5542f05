"""An operator with a policy, and a checkout with a stack file that it governs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hyperv_placement.errors import PolicyError, StackFileError
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load
from hyperv_placement.stackfile.policies import VARIABLE
from lab.home import certificates

CREDENTIALS = "username: 'BANK\\placement'\npassword: secret\n"
STACK = """\
connection: {auth: kerberos, ca: corp-ca.pem, credentials: ../secrets/hyperv.yaml}
hosts:
  hv1: {address: hv1.corp.example}
  hv2: {address: hv2.corp.example}
vms: {}
"""


@cache
def authority(_name: str) -> str:
    """Return the certificate of an authority, another one for each name, in PEM form."""
    with TemporaryDirectory() as folder:
        certificates.ensure(Path(folder), [])
        return (Path(folder) / certificates.CA_FILE).read_text(encoding="ascii")


class Site:
    """An operator's folder with a policy, and a checkout with a stack file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.operator, self.stacks = folder / "operator", folder / "checkout" / "stacks"
        self.operator.mkdir()
        self.stacks.mkdir(parents=True)
        self.policy, self.stack = self.operator / "policy.yaml", self.stacks / "prod.yaml"
        self.secrets = self.stacks.parent / "secrets" / "hyperv.yaml"
        self.secrets.parent.mkdir()
        self.write(self.secrets, CREDENTIALS)
        (self.stacks / "corp-ca.pem").write_text(authority("corp"))
        monkeypatch.setenv(VARIABLE, str(self.policy))

    @staticmethod
    def write(path: Path, text: str) -> Path:
        """Write a file that is this user's alone."""
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def load(self, stack: str = STACK, policy: str = "hosts: [.corp.example]\n") -> Stack:
        """Return what a stack file declares under a policy."""
        self.write(self.policy, policy)
        return load(self.write(self.stack, stack))

    def refused(self, stack: str = STACK, policy: str = "hosts: [.corp.example]\n") -> list[str]:
        """Return the findings of the stack file, from their lines on."""
        with pytest.raises(StackFileError) as caught:
            self.load(stack, policy)
        return [line.removeprefix(f"{self.stack}:") for line in str(caught.value).split("\n")]

    def ill(self, policy: str) -> list[str]:
        """Return the findings of the policy, from their lines on."""
        with pytest.raises(PolicyError) as caught:
            self.load(STACK, policy)
        return [line.removeprefix(f"{self.policy}:") for line in str(caught.value).split("\n")]

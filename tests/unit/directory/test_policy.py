"""The operator's policy at the directory: nobody is dialled for a login that it forbids, nor for a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.directory.client import DirectoryClient
from hyperv_placement.errors import DirectoryUnreachableError, PolicyError
from hyperv_placement.model.directory import AccountChange, ComputerAccount, DirectorySpec
from hyperv_placement.model.names import HostName
from hyperv_placement.model.policy import Policy, PolicyFile
from tests.clocks import FastClock

ACCOUNT = ComputerAccount(host=HostName("hv1"), dn="CN=HV1", account="HV1$", full_name="hv1.corp.example")
CHANGE = AccountChange(account=ACCOUNT, delegate_to=("cifs/hv2.corp.example",))


def spec(**more: object) -> DirectorySpec:
    """Return a directory at which nobody listens."""
    return DirectorySpec(server="ldap://127.0.0.1:9", **more)  # type: ignore[arg-type] # fields of the class


def test_a_stack_that_must_not_change_delegation_changes_no_account() -> None:
    """Also what an earlier run has added, as `destroy` would take it away; reading is another thing."""
    client = DirectoryClient(spec(unchangeable="stack 'x' must not change delegation"), clock=FastClock())
    with pytest.raises(PolicyError, match="CN=HV1: stack 'x' must not change delegation"):
        client.change(CHANGE)
    with pytest.raises(DirectoryUnreachableError):
        client.person("somebody")


def test_a_login_of_another_domain_is_refused_before_the_directory_is_dialled(tmp_path: Path) -> None:
    """By what the credentials say of themselves."""
    file = tmp_path / "directory.yaml"
    file.write_text("username: 'EVIL\\admin'\npassword: secret\n", encoding="utf-8")
    file.chmod(0o600)
    policy = Policy(files=(PolicyFile(path="policy.yaml", domains=frozenset({"BANK"})),))
    with pytest.raises(PolicyError, match=r"directory: .*'EVIL.admin' is no account of a domain"):
        DirectoryClient(spec(auth="simple", credentials=file, policy=policy), clock=FastClock())

"""Files of this computer in messages: as a person would write them from the folder that they are in."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.directory.channel import _trust as directory_trust
from hyperv_placement.errors import CredentialsError, PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection
from hyperv_placement.system.shown import shown
from hyperv_placement.winrm.credentials import Credential, read_credential
from hyperv_placement.winrm.trust import trust


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, in whose folder somebody works."""
    for name in ("stacks", "secrets"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_path_is_shown_from_here_on_and_without_steps_back(project: Path) -> None:
    """As a stack file in stacks/ names it, it is `../secrets/hyperv.yaml`."""
    assert shown(project / "stacks" / ".." / "secrets" / "hyperv.yaml") == str(Path("secrets/hyperv.yaml"))
    assert shown(Path("stacks/../secrets")) == "secrets"
    assert shown(project / ".." / "elsewhere") == str(project.parent / "elsewhere")


def test_a_step_back_behind_a_link_stays(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """There `..` is the folder above the one that the link leads to."""
    far = tmp_path_factory.mktemp("far") / "stacks"
    far.mkdir()
    (project / "linked").symlink_to(far, target_is_directory=True)
    behind = project / "linked" / ".." / "secrets"
    assert shown(behind) == str(behind)


@pytest.mark.parametrize("auth", ["ntlm", "certificate", "kerberos"])
def test_what_a_stack_file_names_is_shown_so_in_messages(project: Path, auth: Authentication) -> None:
    """Of credentials, authorities, and the files that credentials name."""
    named = project / "stacks" / ".." / "secrets" / "hyperv.yaml"
    said = list[str]()
    with pytest.raises(CredentialsError) as missing:
        read_credential(Connection(auth=auth, credentials=named), HostName("hv1"), {})
    said.append(str(missing.value))
    named.write_text(
        "username: a\npassword: b\nkeytab: ../secrets/k\ncertificate: ../secrets/c\nkey: ../secrets/k\n",
        encoding="utf-8",
    )
    named.chmod(0o644)
    with pytest.raises(CredentialsError) as opened:
        read_credential(Connection(auth=auth, credentials=named), HostName("hv1"), {})
    said.append(str(opened.value))
    named.chmod(0o600)
    try:
        said.append(read_credential(Connection(auth=auth, credentials=named), HostName("hv1"), {}).source)
    except CredentialsError as error:
        said.append(str(error))
    ca = project / "stacks" / ".." / "secrets" / "ca.pem"
    with pytest.raises(PlacementError) as unread:
        trust(ca, Credential())
    said.append(str(unread.value))
    with pytest.raises(PlacementError) as unread:
        directory_trust(ca)
    said.append(str(unread.value))
    for text in said:
        assert ".." not in text
        assert str(project) not in text
        assert "secrets" in text

"""Where credentials come from, and where they never show."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from providers.errors import CredentialsError
from providers.hyperv.credentials import Credential, read_credential
from providers.model.names import HostName
from providers.model.stack import Connection

HV1 = HostName("hv1")


def in_file(tmp_path: Path, text: str, mode: int = 0o600) -> Connection:
    """Return a connection whose credentials file holds `text`."""
    path = tmp_path / "credentials.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return Connection(credentials=path)


def test_a_host_of_its_own_comes_before_the_common_one(tmp_path: Path) -> None:
    """Missing parts come from the top level."""
    connection = in_file(tmp_path, "username: a\npassword: s3cret\nhosts: {hv1: {username: b}}\n")
    assert read_credential(connection, HV1) == Credential("b", "s3cret")
    assert read_credential(connection, HostName("hv2")) == Credential("a", "s3cret")


def test_the_environment_serves_where_no_file_is_named() -> None:
    """Both variables are needed."""
    environment = {"HYPERV_USERNAME": "a", "HYPERV_PASSWORD": "b"}
    assert read_credential(Connection(), HV1, environment) == Credential("a", "b")
    with pytest.raises(CredentialsError, match="HYPERV_PASSWORD not set"):
        read_credential(Connection(), HV1, {"HYPERV_USERNAME": "a"})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The remedy is a command."""
    with pytest.raises(CredentialsError, match="chmod 600"):
        read_credential(in_file(tmp_path, "username: a\npassword: b\n", mode), HV1)


@pytest.mark.parametrize(
    "text", ["", "[1]", "username: a\n", "username: 1\npassword: s3cret\n", "a: 's3cret\n", "hosts: 3\n"]
)
def test_a_malformed_file_is_one_line_without_its_content(tmp_path: Path, text: str) -> None:
    """An error is shown and logged: it must not quote the file."""
    with pytest.raises(CredentialsError) as caught:
        read_credential(in_file(tmp_path, text), HV1)
    assert "credentials.yaml" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_file_is_named() -> None:
    """The path tells where it was looked for."""
    with pytest.raises(CredentialsError, match=r"nowhere\.yaml cannot be read"):
        read_credential(Connection(credentials=Path("nowhere.yaml")), HV1)


def test_a_password_shows_in_no_repr() -> None:
    """Tracebacks and logs print reprs."""
    assert "s3cret" not in repr(Credential("a", "s3cret"))

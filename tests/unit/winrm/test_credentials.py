"""Where credentials come from, and where they never show."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from hyperv_placement.errors import CredentialsError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection
from hyperv_placement.winrm.credentials import Credential, read_credential

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


def test_the_environment_serves_where_the_file_is_not_there(tmp_path: Path) -> None:
    """As on a runner that has no such file; one that is there and unfit is an error all the same, and is said."""
    environment = {"HYPERV_USERNAME": "a", "HYPERV_PASSWORD": "b"}
    nowhere = Connection(credentials=tmp_path / "nowhere.yaml")
    found = read_credential(nowhere, HV1, environment)
    assert found == Credential("a", "b")
    assert found.source == f"the environment, because there is no {tmp_path / 'nowhere.yaml'}"
    with pytest.raises(
        CredentialsError, match=r"nowhere\.yaml cannot be read: No such file.*set HYPERV_USERNAME"
    ):
        read_credential(nowhere, HV1, {})
    with pytest.raises(CredentialsError, match=r"nowhere\.yaml is not there.* HYPERV_PASSWORD is not set"):
        read_credential(nowhere, HV1, {"HYPERV_USERNAME": "a"})
    there = in_file(tmp_path, "username: a\n")
    with pytest.raises(CredentialsError, match="gives no username and password"):
        read_credential(there, HV1, environment)
    whole = in_file(tmp_path, "username: c\npassword: d\n")
    assert read_credential(whole, HV1, environment).source == str(whole.credentials)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a certificate, its key and a keytab."""
    for name, mode in (("me.pem", 0o644), ("me.key", 0o600), ("me.keytab", 0o600)):
        (tmp_path / name).write_text("x", encoding="utf-8")
        (tmp_path / name).chmod(mode)
    return tmp_path


def of(folder: Path, auth: Authentication, text: str) -> Credential:
    """Read the credential for a scheme from a file in `folder`."""
    return read_credential(dataclasses.replace(in_file(folder, text), auth=auth), HV1)


def test_a_certificate_is_two_files_beside_the_credentials(folder: Path) -> None:
    """Relative names are relative to the credentials file; no password is asked for."""
    found = of(folder, "certificate", "certificate: me.pem\nkey: me.key\nkey_password: s3cret\n")
    assert found == Credential(certificate=folder / "me.pem", key=folder / "me.key", key_password="s3cret")
    assert "s3cret" not in repr(found)
    assert found.owner == f"the certificate {folder / 'me.pem'}"


def test_a_certificate_from_the_environment(folder: Path) -> None:
    """Both files are named there."""
    environment = {"HYPERV_CERTIFICATE": str(folder / "me.pem"), "HYPERV_KEY": str(folder / "me.key")}
    found = read_credential(Connection(auth="certificate"), HV1, environment)
    assert (found.certificate, found.key) == (folder / "me.pem", folder / "me.key")
    with pytest.raises(CredentialsError, match="HYPERV_KEY not set"):
        read_credential(Connection(auth="certificate"), HV1, {"HYPERV_CERTIFICATE": "x"})


@pytest.mark.parametrize(
    ("text", "expected", "owner"),
    [
        ("{}", Credential(), "the current logon"),
        ("username: a@CORP.EXAMPLE", Credential("a@CORP.EXAMPLE"), "a@CORP.EXAMPLE"),
        ("username: a@CORP.EXAMPLE\npassword: b", Credential("a@CORP.EXAMPLE", "b"), "a@CORP.EXAMPLE"),
    ],
)
def test_kerberos_takes_what_there_is(folder: Path, text: str, expected: Credential, owner: str) -> None:
    """A ticket that is there already, one of a certain principal, or a password."""
    found = of(folder, "kerberos", text)
    assert found == expected
    assert found.owner == owner


def test_kerberos_takes_a_keytab(folder: Path) -> None:
    """With or without the principal; from the file or the environment."""
    assert of(folder, "kerberos", "keytab: me.keytab").keytab == folder / "me.keytab"
    assert read_credential(Connection(auth="kerberos"), HV1, {}) == Credential()
    environment = {"HYPERV_KEYTAB": str(folder / "me.keytab")}
    found = read_credential(Connection(auth="kerberos"), HV1, environment)
    assert found.owner == f"the keytab {folder / 'me.keytab'}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    """A key or keytab is as good as a password."""
    (folder / "me.key").chmod(0o644)
    with pytest.raises(CredentialsError, match=r"me\.key can be read by others.*chmod 600"):
        of(folder, "certificate", "certificate: me.pem\nkey: me.key\n")


@pytest.mark.parametrize("auth", ["ntlm", "credssp", "basic"])
def test_the_others_need_a_password(folder: Path, auth: Authentication) -> None:
    """The line says which entries are missing."""
    with pytest.raises(CredentialsError, match="gives no username and password"):
        of(folder, auth, "username: a\n")


def test_a_missing_key_is_named(folder: Path) -> None:
    """Before anything is dialled."""
    with pytest.raises(CredentialsError, match=r"other\.key cannot be read"):
        of(folder, "certificate", "certificate: me.pem\nkey: other.key\n")


def test_a_password_shows_in_no_repr() -> None:
    """Tracebacks and logs print reprs."""
    assert "s3cret" not in repr(Credential("a", "s3cret"))

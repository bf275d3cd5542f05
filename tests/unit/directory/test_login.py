"""Whose login the directory gets: of its own file, or of variables of its own where that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.directory.login import credential_of
from hyperv_placement.errors import CredentialsError
from hyperv_placement.model.directory import DirectorySpec


def directory(file: Path | None) -> DirectorySpec:
    """Return a directory that takes a user name and a password, or a ticket."""
    return DirectorySpec(
        server="ldaps://dc1.corp.example",
        auth="kerberos" if file is None else "simple",
        credentials=file,
        ca=None,
    )


def test_variables_of_its_own_serve_where_its_file_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a runner; the login at hosts is another one, and is never taken for it."""
    nowhere = tmp_path / "nowhere.yaml"
    monkeypatch.setenv("HYPERV_USERNAME", "of-hosts")
    monkeypatch.setenv("HYPERV_PASSWORD", "of-hosts")
    with pytest.raises(CredentialsError, match="set HYPERV_DIRECTORY_USERNAME and HYPERV_DIRECTORY_PASSWORD"):
        credential_of(directory(nowhere))
    monkeypatch.setenv("HYPERV_DIRECTORY_USERNAME", "a")
    with pytest.raises(CredentialsError, match="HYPERV_DIRECTORY_PASSWORD is not set"):
        credential_of(directory(nowhere))
    monkeypatch.setenv("HYPERV_DIRECTORY_PASSWORD", "b")
    found = credential_of(directory(nowhere))
    assert (found.username, found.password) == ("a", "b")
    assert "because there is no" in found.source


def test_without_a_file_it_is_the_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is set."""
    monkeypatch.setenv("HYPERV_DIRECTORY_USERNAME", "a")
    monkeypatch.setenv("HYPERV_USERNAME", "b")
    assert credential_of(directory(None)).username == ""

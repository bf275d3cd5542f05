"""Files that a user names: what is no file of a size that was thought of is one clear error, at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hyperv_placement.directory.channel import _trust
from hyperv_placement.errors import CredentialsError, PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection
from hyperv_placement.stackfile import load
from hyperv_placement.stackfile.rewriting import rewriting
from hyperv_placement.winrm.credentials import Credential, read_credential
from hyperv_placement.winrm.trust import trust
from hyperv_placement.workspace.base_revision import declared_before
from hyperv_placement.workspace.inventory_file import read
from hyperv_placement.workspace.locks import Fragment, backend_folder, locks
from hyperv_placement.workspace.preview_file import read_preview
from tests.estates import stack
from tests.strangers import AS_ROOT, of_another

POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
HOST = HostName("hv1")


def credentials(path: Path, auth: Authentication = "ntlm") -> Credential:
    """Read the credentials file of a connection."""
    return read_credential(Connection(auth=auth, credentials=path), HOST, {})


def named_in_credentials(name: str, auth: Authentication) -> Callable[[Path], object]:
    """Return what reads a file that a credentials file names."""

    def read_it(path: Path) -> object:
        file = path.with_name("credentials.yaml")
        file.write_text(yaml.safe_dump({"certificate": str(path), "key": str(path), name: str(path)}))
        file.chmod(0o600)
        return credentials(file, auth)

    return read_it


def changed(path: Path) -> str:
    """Read a stack file that is to be changed."""
    with rewriting(replace(stack({}), path=path), PlacementError) as change:
        return change.text


READERS: dict[str, Callable[[Path], object]] = {
    "stack file": load,
    "stack file to be changed": changed,
    "base": lambda path: declared_before(str(path), stack({})),
    "inventory": read,
    "preview": read_preview,
    "credentials": credentials,
    "keytab": named_in_credentials("keytab", "kerberos"),
    "certificate": named_in_credentials("certificate", "certificate"),
    "ca of hosts": lambda path: trust(path, Credential()),
    "ca of the directory": _trust,
}


def pipe(path: Path) -> Path:
    """Return a pipe that nobody writes to."""
    os.mkfifo(path)
    return path


def folder(path: Path) -> Path:
    """Return a folder."""
    path.mkdir()
    return path


def device(path: Path) -> Path:
    """Return a link of ours to a device that never ends."""
    path.symlink_to("/dev/zero")
    return path


def huge(path: Path) -> Path:
    """Return a file of 1 TiB that takes no room."""
    with path.open("wb") as file:
        file.truncate(1 << 40)
    path.chmod(0o600)
    return path


@POSIX
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("make", [pipe, folder, device, huge])
@pytest.mark.timeout(20)
def test_what_is_no_file_of_a_size_is_one_error(
    make: Callable[[Path], Path], reader: str, tmp_path: Path
) -> None:
    """It names the file and what is wrong with it; nothing waits, and no memory fills."""
    path = make(tmp_path / "named.yaml")
    with pytest.raises(PlacementError) as raised:
        READERS[reader](path)
    said = str(raised.value)
    assert path.name in said
    assert "\n" not in said
    assert any(
        word in said for word in ("not a regular file", "is larger than", "is a folder", "neither a file")
    )


@pytest.mark.parametrize("reader", ["inventory", "preview", "credentials", "ca of hosts", "stack file"])
def test_a_name_that_no_file_can_have_is_one_error(reader: str, tmp_path: Path) -> None:
    """A text in YAML may hold a NUL; Python's own error for it is no OSError."""
    with pytest.raises(PlacementError, match="NUL"):
        READERS[reader](tmp_path / "a\0b.yaml")


@POSIX
def test_a_home_that_nobody_has_is_one_error(tmp_path: Path) -> None:
    """Wherever a path is written: in credentials, and in the address of the state."""
    (tmp_path / "c.yaml").write_text("keytab: ~nobody-of-that-name/k\n", encoding="utf-8")
    (tmp_path / "c.yaml").chmod(0o600)
    with pytest.raises(CredentialsError, match="home folder"):
        credentials(tmp_path / "c.yaml", "kerberos")
    with pytest.raises(PlacementError, match="home folder"):
        backend_folder("file://~nobody-of-that-name/state", tmp_path)


@AS_ROOT
def test_a_credential_of_another_user_is_not_used(tmp_path: Path) -> None:
    """He would choose whom we log on as, and learn what we send."""
    path = tmp_path / "credentials.yaml"
    path.write_text("username: a\npassword: b\n", encoding="utf-8")
    path.chmod(0o600)
    assert credentials(path).username == "a"
    with pytest.raises(CredentialsError, match="belongs to another user"):
        credentials(of_another(path))


@POSIX
@pytest.mark.timeout(20)
def test_a_pipe_among_the_locks_is_none_that_is_read(tmp_path: Path) -> None:
    """Nobody waits for it, and what holds the stack stays unknown."""
    folder = tmp_path / "locks" / "organization" / "p" / "lab"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "a.json")
    with pytest.raises(OSError, match="but a pipe"):
        list(locks(tmp_path))


@AS_ROOT
def test_no_lock_is_removed_beyond_a_link_of_another_user(tmp_path: Path) -> None:
    """Whoever may write the folder of locks would choose which of our files goes; a link among them goes itself."""
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "precious.json").touch()
    (tmp_path / "lab").symlink_to(ours)
    os.lchown(tmp_path / "lab", 65534, 65534)
    with pytest.raises(OSError, match="link of another user"):
        Fragment(path=tmp_path / "lab" / "precious.json", stack="lab", written=0).remove()
    (tmp_path / "a.json").symlink_to(ours / "precious.json")
    Fragment(path=tmp_path / "a.json", stack="lab", written=0).remove()
    assert [each.name for each in ours.iterdir()] == ["precious.json"]
    assert not (tmp_path / "a.json").is_symlink()

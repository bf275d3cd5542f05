"""What the operator's policy forbids is refused by every command, and by the plugin, before anybody is dialled."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperv_placement.commands.cli import main
from hyperv_placement.errors import PolicyError, StackFileError
from hyperv_placement.resources.fleets import Fleets
from hyperv_placement.stackfile.policies import VARIABLE

GUID = "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Where the stack file of these tests sends the password."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


@pytest.fixture
def stack(tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a stack that names the listener, as host and as directory, under a policy that does not."""
    operator = tmp_path / "operator"
    operator.mkdir()
    (operator / "policy.yaml").write_text("hosts: [.corp.example]\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(operator / "policy.yaml"))
    monkeypatch.setenv("HYPERV_USERNAME", "LAB\\administrator")
    monkeypatch.setenv("HYPERV_PASSWORD", "secret")
    path = tmp_path / "checkout" / "stacks" / "prod.yaml"
    path.parent.mkdir(parents=True)
    port = listener.getsockname()[1]
    path.write_text(
        f"hosts: {{hv1: {{address: 'http://127.0.0.1:{port}/wsman'}}}}\n"
        f"directory: {{server: 'ldap://127.0.0.1:{port}'}}\nvms: {{VM001: {{host: hv1}}}}\n",
        encoding="utf-8",
    )
    return path


def nobody_came(listener: socket.socket) -> bool:
    """Say whether no connection is waiting to be accepted."""
    try:
        listener.accept()
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize(
    "words",
    [
        ["check", "STACK"], ["inventory", "STACK"], ["inventory", "STACK", "--save", "NEW"], ["plan", "STACK"], ["drift", "STACK"],
        ["drift", "STACK", "--accept"], ["result", "STACK"], ["doctor", "STACK"], ["review", "STACK"], ["review", "STACK", "--base", "STACK"],
        ["record", "hv1", "--output", "NEW", "--stack", "STACK"], ["adopt", "VM001", "STACK", "--id", GUID], ["accept-host", "hv1", "STACK"],
        ["discover", "http://127.0.0.1:PORT/wsman", "--stack", "new", "--output", "NEW"],
        ["discover", "--from", "STACK", "--stack", "new", "--output", "NEW"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_dials_what_is_forbidden(
    words: list[str], stack: Path, listener: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is bad input: exit code 1, the policy's file and line, and nobody was dialled."""
    meant = {"STACK": str(stack), "NEW": str(tmp_path / "new.yaml")}
    port = str(listener.getsockname()[1])
    assert main([meant.get(word, word).replace("PORT", port) for word in words]) == 1
    assert "the operator's policy forbids it" in (said := capsys.readouterr().err)
    assert "policy.yaml:1" in said
    assert nobody_came(listener)
    assert not (tmp_path / "new.yaml").exists()


def test_the_plugin_dials_nobody_either(stack: Path, listener: socket.socket) -> None:
    """It reads the stack file itself, and is not told by the program what may be done."""
    fleets = Fleets(stack.parent.parent)
    for _ in range(2):
        with pytest.raises(StackFileError, match="policy forbids it"):
            fleets.of("prod")
    assert nobody_came(listener)


def test_the_plugin_says_once_that_a_login_is_forbidden(
    stack: Path, listener: socket.socket, tmp_path: Path
) -> None:
    """Every machine is read, and one list is enough; what changes something fails each time."""
    (tmp_path / "operator" / "policy.yaml").write_text("domains: [BANK]\n", encoding="utf-8")
    fleets = Fleets(stack.parent.parent)
    with pytest.raises(PolicyError, match="is no account of a domain"):
        fleets.of_reader("prod")
    assert fleets.of_reader("prod") is None
    with pytest.raises(PolicyError, match="is no account of a domain"):
        fleets.of("prod")
    assert nobody_came(listener)


def test_a_login_of_another_domain_dials_nobody(
    stack: Path, listener: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though every setting of the stack file is permitted: what the credentials hold is judged before it is used."""
    (tmp_path / "operator" / "policy.yaml").write_text("domains: [BANK]\n", encoding="utf-8")
    for command in ("inventory", "doctor"):
        assert main([command, str(stack)]) == 1
        assert "'LAB\\administrator' is no account of a domain that may be used" in capsys.readouterr().err
    assert nobody_came(listener)


def test_an_ill_policy_dials_nobody(
    stack: Path, listener: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it was meant to say; for several stack files it is said once."""
    (tmp_path / "operator" / "policy.yaml").write_text("hosts: [127.0.0.1]\nhost: []\n", encoding="utf-8")
    assert main(["inventory", str(stack)]) == 1
    assert "policy.yaml:2: host: unknown key" in capsys.readouterr().err
    assert main(["check", str(stack), str(stack.with_name("other.yaml"))]) == 1
    assert capsys.readouterr().err.count("policy.yaml:2: host: unknown key") == 1
    assert nobody_came(listener)


def test_a_proposal_is_held_against_the_policy_and_what_stood_before_is_not(
    stack: Path, listener: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    """A proposal that git has is dialled by `review`; one that mends a breach can be reviewed."""
    git(stack, "init", "-q", "-b", "main")
    git(stack, "add", ".")
    git(stack, "commit", "-q", "-m", "Send the password elsewhere")
    assert main(["review", str(stack), "--head", "main"]) == 1
    assert "the operator's policy forbids it" in capsys.readouterr().err
    stack.write_text(
        "hosts: {hv1: {address: hv1.corp.example}}\nvms: {VM001: {host: hv1}}\n", encoding="utf-8"
    )
    assert main(["check", str(stack), "--base", "main"]) == 5
    assert nobody_came(listener)


def test_a_new_host_that_the_policy_names_stops_no_review(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is listed; one that no policy names has to be agreed to."""
    stack.write_text("hosts: {hv1: {address: hv1.corp.example}}\nvms: {}\n", encoding="utf-8")
    git(stack, "init", "-q", "-b", "main")
    git(stack, "add", ".")
    git(stack, "commit", "-q", "-m", "One host")
    stack.write_text(
        "hosts: {hv1: {address: hv1.corp.example}, hv2: {address: hv2.corp.example}}\nvms: {}\n",
        encoding="utf-8",
    )
    operator = stack.parents[2] / "operator" / "policy.yaml"
    for policy, code in (("hosts: [.corp.example]\n", 0), ("auth: [ntlm]\n", 5)):
        operator.write_text(policy, encoding="utf-8")
        assert main(["check", str(stack), "--base", "main"]) == code
        assert "hv2" in (said := capsys.readouterr().out)
        assert f"Operator's policy: {operator} ({policy.partition(':')[0]})" in said


def git(stack: Path, *words: str) -> None:
    """Run git in the checkout."""
    who = ("-c", "user.name=x", "-c", "user.email=x@corp.example")
    subprocess.run(["git", *who, "-C", str(stack.parent), *words], check=True)

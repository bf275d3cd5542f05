"""What is said before the engine has read anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.launch.opening import count_hosts, say_at_once

STACK = """\
connection: {auth: ntlm}
hosts:
  # two of three
  hv1: {address: 'https://hv1'}
  hv2:
    address: https://hv2
    storage:
      fast: 'D:\\Hyper-V'

  'hv 3': {address: x}
vms:
  VM001: {host: hv1}
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("preview -s prod", "Reading 3 hosts of stacks/prod.yaml ...\n"),
        ("up --yes --stack=org/site/prod", "Reading 3 hosts of stacks/prod.yaml ...\n"),
        ("refresh --stack nosuch", "There is no stacks/nosuch.yaml (stacks here: prod)\n"),
        ("destroy", "Reading the hosts of the selected stack ...\n"),
        (f"up -s {'x' * 300}", f"Reading the hosts of stacks/{'x' * 300}.yaml ...\n"),
        ("preview --json -s prod", ""),
        ("stack ls", ""),
        ("up --help", ""),
    ],
)
def test_which_hosts_are_read_is_said_at_once(
    words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, where it is in nobody's way; scripts and commands that read no host are told nothing."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "prod.yaml").write_text(STACK, encoding="utf-8")
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text("", encoding="utf-8")
    say_at_once(words.split(), {}, tmp_path)
    assert capsys.readouterr() == ("", said)


def test_a_stack_of_the_environment_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the engine takes it."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "prod.yaml").touch()
    say_at_once(["up"], {"PULUMI_STACK": "prod"}, tmp_path)
    assert capsys.readouterr().err == "Reading the hosts of stacks/prod.yaml ...\n"


@pytest.mark.parametrize(
    ("text", "count"), [("hosts: {hv1: {}}\n", 0), ("vms:\n  a: {}\n", 0), ("", 0), ("hosts:\n  a:\n", 1)]
)
def test_hosts_that_cannot_be_counted_are_not_counted(text: str, count: int) -> None:
    """Nothing hangs on their number."""
    assert count_hosts(text) == count

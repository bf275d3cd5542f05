"""Which of the engine's lines are shown where no terminal is."""

from __future__ import annotations

import pytest

from hyperv_placement.launch.sieve import Sieve, is_asked_for


def sieved(text: str) -> str:
    """Return what is shown of the engine's output."""
    sieve = Sieve()
    lines = [shown for line in text.splitlines() for shown in sieve.take(line)]
    return "\n".join([*lines, *sieve.rest()])


PREVIEW = """\
Previewing update (prod):

@ previewing update....
{rows}
@ previewing update.....
    pulumi:pulumi:Stack site-prod  moves 1 of 750 machines
 ~  pulumi-python:hv:Vm WEB 1 update [diff: ~host]; WEB 1: is on hv2, goes to hv1
    pulumi:pulumi:Stack site-prod  1 message
Diagnostics:
  pulumi-python:hv:Vm (WEB 1):
    WEB 1: is on hv2, goes to hv1
    28 GiB, about 1 s

  pulumi:pulumi:Stack (site-prod):
    moves 1 of 750 machines

Resources:
    ~ 1 to update
    749 unchanged
"""


def test_one_move_of_750_machines_is_under_sixty_lines() -> None:
    """A line a machine says nothing where it stays; what is said of the whole comes before what is said of one."""
    rows = "\n".join(
        f" ~  pulumi-python:hv:Vm VM{n} refreshing \n ~  pulumi-python:hv:Vm VM{n} refresh (0.1s) \n"
        f"    pulumi-python:hv:Vm VM{n}  "
        for n in range(749)
    )
    shown = sieved(PREVIEW.format(rows=rows))
    lines = shown.splitlines()
    assert len(lines) < 20
    assert "VM7" not in shown
    first = lines.index("Diagnostics:")
    assert lines[first + 1 : first + 3] == [
        "  pulumi:pulumi:Stack (site-prod):",
        "    moves 1 of 750 machines",
    ]
    assert "    28 GiB, about 1 s" in lines
    assert lines[-3:] == ["Resources:", "    ~ 1 to update", "    749 unchanged"]


@pytest.mark.parametrize(
    "line",
    [
        " ~  pulumi-python:hv:Vm VM003 **updating failed** [diff: ~host]; error: VM003: the host refused",
        " ~  pulumi-python:hv:Vm VM003 refreshing warning: VM003 is unknown",
        " ~  pulumi-python:hv:Vm VM003 updating (12s) [diff: ~host]; 39 %, migrating",
        " ~  pulumi-python:hv:Vm VM003 updated (12s) [diff: ~host]",
        " +  pulumi-python:hv:Vm VM003 **creating failed** error: 1 error",
        " -  pulumi-python:hv:Vm VM003 delete VM003 has no entry in prod.yaml: it is only forgotten",
        " +  pulumi-python:hv:Account hv1 create 1 message",
        "    pulumi:pulumi:Stack site-prod  error: preview failed",
        " +  aws:s3/bucket:Bucket logs create ",
        "error: the stack is currently locked by 1 lock(s)",
        "    @ previewing is a word of a message...",
        "Please choose a stack:",
        "",
    ],
)
def test_what_says_something_or_is_not_known_passes_as_it_is(line: str) -> None:
    """Errors, warnings, moves, others' resources, and whatever later engines print."""
    assert sieved(line) == line


def test_what_stands_behind_a_spinner_is_a_line_of_its_own() -> None:
    """The engine does not always end its line before it prints the next one."""
    row = " ~  pulumi-python:hv:Vm VM1 update [diff: ~host]"
    assert sieved(f"@ previewing update....{row}") == row
    assert sieved("@ previewing update..... ~  pulumi-python:hv:Vm VM443 refresh ") == ""
    assert sieved("@ updating....error: update failed") == "error: update failed"


def test_a_passphrase_of_another_checkout_is_followed_by_what_to_set() -> None:
    """The engine's line stays, also behind a spinner; one of another error, or in a message of a machine, has no such word."""
    line = "error: getting stack configuration: get stack secrets manager: incorrect passphrase"
    for text in (line, f"@ previewing update....{line}"):
        first, *more = sieved(text).splitlines()
        assert first == line
        assert "PULUMI_CONFIG_PASSPHRASE" in more[0]
        assert "nothing has moved" in " ".join(more)
    unset = f"{line.rpartition(': ')[0]}: passphrase must be set with PULUMI_CONFIG_PASSPHRASE"
    for text in (
        unset,
        "Diagnostics:\n  hv:Vm (B):\n    error: incorrect passphrase",
        "my incorrect passphrase",
    ):
        assert sieved(text) == text


def test_nothing_of_diagnostics_is_lost_whatever_their_order() -> None:
    """Also where the output ends in them, and where messages have blank and deeper lines."""
    text = "Diagnostics:\n  hv:Vm (B):\n    error: b\n\n      deeper\n\n  pulumi:pulumi:Stack (s):\n    error: update failed"
    shown = sieved(text)
    assert sorted(filter(None, shown.splitlines())) == sorted(filter(None, text.splitlines()))
    assert shown.splitlines()[1] == "  pulumi:pulumi:Stack (s):"


def test_places_of_many_machines_are_counted() -> None:
    """The first ones are shown, and how to see all; other outputs are left."""
    places = "".join(f'        VM{n}: "hv1"\n' for n in range(750))
    shown = sieved(
        f'Outputs:\n    moves    : 1\n    placement: {{\n{places}    }}\n    plan     : [\n        [0]: "x"\n    ]'
    )
    assert len(shown.splitlines()) == 1 + 1 + 1 + 20 + 1 + 1 + 3
    assert "        ... and 730 more, in the output placement of the stack" in shown


@pytest.mark.parametrize(
    ("words", "sieved"),
    [
        ("up --yes", True), ("preview -s prod", True), ("refresh", True), ("destroy --yes", True), ("up --json", False), ("preview -j", False),
        ("up --diff", False), ("up --show-sames", False), ("up -v=9", False), ("up --help", False), ("up --color always", False),
        ("stack ls", False), ("config get x", False), ("", False), ("cancel --yes", False), ("-C /p up", True),
    ],
)  # fmt: skip
def test_which_commands_go_through_it(words: str, sieved: bool) -> None:
    """Those that print a line a machine; not where somebody asks for all lines, or for other ones."""
    assert is_asked_for(words.split()) is sieved

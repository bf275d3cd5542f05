"""Values in commands, filters and files: what a shell, a directory or a host would read them as."""

from __future__ import annotations

import base64
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement import quoting
from hyperv_placement.visible import hidden

REPORTED_BY_A_HOST = "x$(iex $env:TEMP\\p.ps1)'; calc #"
"""A name that a host can report of itself (Win32_ComputerSystem.DNSHostName)."""
GUID = "5B0E1C2D-0000-4000-8000-00000000000A"
SHOWN = st.text().filter(lambda text: not any(map(hidden, text)) and not text.startswith("-"))


def powershell_reads(literal: str) -> str:
    """Return what PowerShell reads a literal in single quotes as: any of five quotes ends it unless another follows (CharTraits.cs)."""
    quotes = "'\u2018\u2019\u201a\u201b"
    assert literal[0] == literal[-1] == "'"
    read, rest = [], iter(literal[1:-1])
    for char in rest:
        if char in quotes:
            assert next(rest) in quotes, f"ends within {literal}"
        read.append(char)
    return "".join(read)


@given(SHOWN)
def test_powershell_reads_a_quoted_text_as_that_text(text: str) -> None:
    """Typographic quotes end a text there as plain ones do."""
    line = str(quoting.powershell("Get-VM -Name {}", text))

    name = line.removeprefix("Get-VM -Name ")
    assert name == text if not name.startswith("'") else powershell_reads(name) == text


@given(SHOWN)
def test_a_posix_shell_reads_a_quoted_text_as_one_word(text: str) -> None:
    """Whatever it holds: it is neither a second word nor an option."""
    assert shlex.split(str(quoting.own("chmod 600 {}", text, kind="posix"))) == ["chmod", "600", text]


@pytest.mark.skipif(sys.platform == "win32", reason="asks a POSIX shell")
def test_the_shell_itself_runs_nothing_of_a_name() -> None:
    """The real shell prints the name and makes no file."""
    line = quoting.own("printf %s {}", "$(touch gone); `touch gone` 'x", kind="posix")

    said = subprocess.run(["/bin/sh", "-c", str(line)], capture_output=True, text=True, check=True)

    assert said.stdout == "$(touch gone); `touch gone` 'x"


@pytest.mark.parametrize(
    "text", ["%TEMP%", "a!b!", 'a" & calc', "$(calc)", "`calc", "\u201d; calc", "C:\\x y\\"]
)
def test_what_windows_cannot_quote_gives_no_command(text: str) -> None:
    """Percent signs have a meaning within every quotes of cmd.exe, dollars within those of PowerShell."""
    line = str(quoting.own("chmod 600 {}", text, kind="windows"))

    assert line.startswith("(no command is shown: ")
    assert "chmod" not in line


@pytest.mark.parametrize(
    ("text", "word"),
    [(r"C:\keys\host.yaml", r"C:\keys\host.yaml"), ("SQL 1 & 2", '"SQL 1 & 2"'), ("it's", '"it\'s"')],
)
def test_windows_takes_double_quotes_or_none(text: str, word: str) -> None:
    """cmd.exe knows no other quotes, and PowerShell reads these alike where nothing in them is live."""
    assert str(quoting.own("bin/placement adopt {}", text, kind="windows")) == f"bin/placement adopt {word}"


@pytest.mark.parametrize(
    "text", ["a\u202eb", "a\x9b2J", "a\nb", "a\u200bb", "\x1b[2J", "\ud800", "\U000e0041", "a\u3164"]
)
@pytest.mark.parametrize("shell", ["posix", "windows", "powershell"])
def test_what_does_not_show_gives_no_command(text: str, shell: str) -> None:
    """Nobody could see what he pastes."""
    line = (
        quoting.powershell("Get-VM -Name {}", text)
        if shell == "powershell"
        else quoting.own("bin/placement adopt {}", text, kind="posix" if shell == "posix" else "windows")
    )

    assert str(line).startswith(
        "(no command is shown: the name holds characters that no command line should carry: "
    )
    assert not any(map(hidden, str(line)))


@pytest.mark.parametrize("shell", ["posix", "windows"])
def test_a_name_that_is_an_option_gives_no_command(shell: quoting.Shell) -> None:
    """Quotes do not keep a program from taking it for one."""
    assert "begins with a dash" in str(quoting.own("bin/pulumi cancel --stack {}", "--yes", kind=shell))


def test_an_account_is_looked_for_by_data_alone() -> None:
    """The name closes neither the filter of the directory nor the quotes of the shell."""
    line = str(
        quoting.powershell(
            "Get-ADComputer -LDAPFilter {}",
            quoting.ldap_filter("(dNSHostName={})", f"*)({REPORTED_BY_A_HOST}"),
        )
    )

    assert (
        line
        == "Get-ADComputer -LDAPFilter '(dNSHostName=\\2a\\29\\28x$\\28iex $env:TEMP\\5cp.ps1\\29''; calc #)'"
    )


def test_lists_numbers_and_guids_stand_as_powershell_has_them() -> None:
    """Braces of the template are those of the shell."""
    trusted = True
    assert str(
        quoting.powershell("Set-X -Id {} -Add @{'a' = {}} -To {} -At {}", GUID, ("b", "c'd"), trusted, 2)
    ) == (f"Set-X -Id {GUID} -Add @{{'a' = 'b', 'c''d'}} -To $true -At 2")


@pytest.mark.parametrize("value", ["a\x1bb", "a\nb", " a", ":a", "<a", "a ", "\u202ea", "\u00e4"])
def test_an_ldif_holds_in_base64_what_is_not_plain(value: str) -> None:
    """The specification lets control characters stand; a terminal would obey them."""
    assert quoting.ldif_line("dn", value) == f"dn:: {base64.b64encode(value.encode()).decode()}"


def test_a_template_has_as_many_places_as_values() -> None:
    """A value too many would be left out unseen."""
    with pytest.raises(ValueError, match="zip"):
        quoting.powershell("Get-VM -Id {}", GUID, GUID)


def test_a_path_is_a_value(tmp_path: Path) -> None:
    """As it stands in the file system."""
    assert shlex.split(str(quoting.own("chmod 600 {}", tmp_path / "a b'c", kind="posix")))[-1] == str(
        tmp_path / "a b'c"
    )

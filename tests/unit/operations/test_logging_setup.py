"""`PLACEMENT_LOG` and `--log-level`: what they say, and that nothing is logged without them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hyperv_placement.commands import cli
from hyperv_placement.operations.logging_setup import (
    VARIABLE,
    LogSettings,
    LogSettingsError,
    logged,
    read_settings,
)

LOGGER = logging.getLogger("hyperv_placement.winrm.client")


@pytest.mark.parametrize(
    ("text", "level", "settings"),
    [
        ("", None, LogSettings()),
        (" , ", None, LogSettings()),
        ("debug", None, LogSettings(level=logging.DEBUG)),
        ("INFO", None, LogSettings(level=logging.INFO)),
        ("info", "error", LogSettings(level=logging.ERROR)),
        ("wire:log.jsonl", None, LogSettings(wire=Path("log.jsonl"))),
        (
            r"wire:C:\logs\w.jsonl, Warning",
            None,
            LogSettings(level=logging.WARNING, wire=Path(r"C:\logs\w.jsonl")),
        ),
    ],
)
def test_what_the_variable_and_the_option_say(text: str, level: str | None, settings: LogSettings) -> None:
    """Levels in any case, one file, in any order; the option wins."""
    assert read_settings({VARIABLE: text}, level) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wire", "PLACEMENT_LOG: 'wire' is neither a level nor wire:FILE"),
        ("wire:", "PLACEMENT_LOG: 'wire:' is neither a level nor wire:FILE"),
        ("verbose", "PLACEMENT_LOG: 'verbose' is neither a level nor wire:FILE"),
        ("debug,info", "PLACEMENT_LOG has more than one level"),
        ("wire:a,wire:b", "PLACEMENT_LOG has more than one wire:FILE"),
    ],
)
def test_a_setting_that_says_nothing_is_one_error(text: str, said: str) -> None:
    """It names what is wrong, and what may stand there."""
    with pytest.raises(LogSettingsError, match="Set PLACEMENT_LOG to debug, info") as raised:
        read_settings({VARIABLE: text})
    assert str(raised.value).startswith(f"{said}. ")


def test_a_command_says_a_bad_setting_before_it_does_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 1 and one line: neither a word that is no level nor a file that cannot be written starts a command."""
    for value in ("verbose", f"wire:{tmp_path / 'none' / 'w.jsonl'}"):
        monkeypatch.setenv(VARIABLE, value)
        assert cli.main(["explain", "401"]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1
        assert shown.err.startswith("PLACEMENT_LOG: ")


def test_nothing_is_logged_unless_it_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Not even a warning, which Python would print by itself; and nothing any more after the end."""
    lines: list[str] = []
    LOGGER.warning("hv1: first")
    with logged(LogSettings(), lines.append):
        LOGGER.warning("hv1: second")
    with logged(LogSettings(level=logging.INFO), lines.append):
        LOGGER.debug("hv1: third")
        LOGGER.info("hv1: %d rows", 4)
    LOGGER.warning("hv1: fifth")
    assert [line.partition("Z ")[2] for line in lines] == ["INFO winrm.client: hv1: 4 rows"]
    assert capsys.readouterr() == ("", "")


def test_what_a_host_says_stays_one_line_and_shows() -> None:
    """Ends of lines, escapes of terminals, and marks that turn text: as escapes."""
    lines: list[str] = []
    with logged(LogSettings(level=logging.DEBUG), lines.append):
        LOGGER.debug("hv1: %s", "one\r\ntwo \x1b[2J \u202ethree")
    assert lines[0].endswith("DEBUG winrm.client: hv1: one two \\x1b[2J \\u202ethree")


def test_a_log_that_cannot_be_printed_ends_nothing() -> None:
    """A stream that is gone is what a command ends with in its own words."""

    def gone(_line: str) -> None:
        raise OSError("closed")

    with logged(LogSettings(level=logging.DEBUG), gone):
        LOGGER.info("hv1")

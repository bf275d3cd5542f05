"""A wire file can be read again, and holds no secret, however a host writes its text."""

from __future__ import annotations

import codecs
import logging
from pathlib import Path

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.operations.recording.wire_file import WireLineError, open_wire_file, read_wire_file
from hyperv_placement.winrm.credentials import Credential
from hyperv_placement.winrm.wire_tap import Exchanged
from hyperv_placement.wsman import Enumerate

PASSWORD = "s3cret-word"
TOKEN = "TlRMTVNTUAADAAAAGAAYAHYAAAA="


def write(path: Path, *answers: bytes) -> None:
    """Write a wire file in which a host has given these answers."""
    handler = open_wire_file(path)
    for answer in answers:
        exchange = Exchanged(
            host=HostName("hv1"), request=Enumerate(resource_uri="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*"), sent=b"<e/>", seconds=0.1, status=200, answer=answer,
            error="", credential=Credential("LAB\\svc-move", PASSWORD),
        )  # fmt: skip
        record = logging.LogRecord("wire", logging.DEBUG, __file__, 1, "", None, None)
        record.exchange = exchange
        handler.handle(record)


@pytest.mark.parametrize("letter", ["\x85", "\u2028", "\u2029"])
def test_a_letter_that_ends_lines_elsewhere_ends_none_of_a_wire_file(tmp_path: Path, letter: str) -> None:
    """A note of a machine may have it; every answer is read back as it came."""
    path = tmp_path / "wire.jsonl"
    write(path, f"<e>one{letter}two</e>".encode(), b"<e>three</e>")
    recording, hosts = read_wire_file(path)
    assert [each.envelope for each in recording.answers.all] == [f"<e>one{letter}two</e>", "<e>three</e>"]
    assert hosts == {"hv1"}


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
    ],
)
def test_an_answer_in_utf_16_is_masked_as_any_other(tmp_path: Path, encoding: str, mark: bytes) -> None:
    """In texts and in attributes; otherwise each letter would stand there with a zero behind it."""
    path = tmp_path / "wire.jsonl"
    page = f'<html><p title="{PASSWORD}">Negotiate {TOKEN}</p></html>'
    write(path, mark + page.encode(encoding))
    recording, _ = read_wire_file(path)
    assert [each.envelope for each in recording.answers.all] == ['<html><p title="***">***</p></html>']


def test_a_torn_line_costs_itself_only(tmp_path: Path) -> None:
    """A full disk tears the line of one process, within a letter too, and another process goes on behind it."""
    path = tmp_path / "wire.jsonl"
    write(path, "<e>ü</e>".encode())
    before = path.read_bytes()
    path.write_bytes(before + before.splitlines()[-1].partition(b"\xbc")[0])
    write(path, b"<e>two</e>")
    recording, _ = read_wire_file(path)
    assert [each.envelope for each in recording.answers.all] == ["<e>ü</e>", "<e>two</e>"]
    assert recording.unanswered == {"line 3": "it is torn"}


def test_what_is_no_wire_file_at_all_is_refused(tmp_path: Path) -> None:
    """It would be a recording of nothing."""
    path = tmp_path / "lab.yaml"
    path.write_text("hosts:\n  hv1: {}\n", encoding="utf-8")
    with pytest.raises(WireLineError, match=":1 is not a line of a wire file"):
        read_wire_file(path)

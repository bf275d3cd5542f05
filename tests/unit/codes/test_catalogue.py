"""The catalogue of codes: found in any spelling, each row with a remedy and a source, and told by the command line."""

from __future__ import annotations

import json
import re
import time

import pytest

from hyperv_placement.codes.catalogue import (
    UNKNOWN_REMEDY,
    Known,
    asked,
    catalogue,
    codes_in,
    lost_a_slot,
    origin,
    remedy_for,
    return_value,
)
from hyperv_placement.commands.cli import main


def test_codes_are_found_in_texts_of_any_language() -> None:
    """Order and duplicates: the first one counts."""
    texts = ["移動に失敗しました (0x80070005)。", "0x8009030e, 0x80070005", "no code 0x123"]
    assert codes_in(texts) == (0x80070005, 0x8009030E)


def test_missing_delegation_is_named_exactly() -> None:
    """Both services, on the source's account, with the full names."""
    remedy = remedy_for((0x12345678, 0x8009030E), source="hv1.corp.example", destination="hv2.corp.example")
    for part in ("computer account of hv1.corp.example", "cifs/hv2.corp.example"):
        assert part in remedy
    assert "Microsoft Virtual System Migration Service/hv2.corp.example" in remedy
    assert remedy_for((0x12345678,), source="a", destination="b") == UNKNOWN_REMEDY


@pytest.mark.parametrize(
    ("text", "codes", "remedy"),
    [
        ("Could not find Ethernet switch 'External'. (33012)", (33012,), "Make a switch of that name on hv2"),
        ("... is not compatible (32784). Could not find ... (33012)", (32784, 33012), "Make a switch of that name"),
        ("The machine is not compatible. (32784)", (32784,), "Compare-VM -Name NAME -DestinationHost hv2"),
        ("Access is denied. (-2147024891)", (0x80070005,), "Check the permissions of the folder"),
        ("Failed to create 'C:\\os.vhdx': The file exists. (0x80070050)", (0x80070050,), "Find out whose file it is"),
        ("used by another process. (0x80070020)", (0x80070020,), "virus scan"),
        ("cannot find the path specified. (0x80070003)", (0x80070003,), "volume or share of the declared place"),
        ("The object already exists. (0x80071392)", (0x80071392,), "-Filter \"Name='4711'\"; $planned shows exactly one"),
        ("The version '5.0' of the configuration of 'A' is not supported on the destination.", (), "update hv2"),
        ("The key protector for 'A' could not be unwrapped. (0x80070057)", (0x80070057,), "Shielded VM Local"),
        ("migration is not enabled on host 'HV2'. (0x80070032)", (0x80070032,), "Run Enable-VMMigration"),
        ("Checkpoint failed. Error code: '32774'.", (32774,), "Wait until what is done with the machine has ended"),
        ("Event (20413) at the destination", (20413,), "Check the permissions of its folder"),
        ("12 of (65536) blocks, of (123) files", (), UNKNOWN_REMEDY),
        ("失敗しました。(33012)", (33012,), "Make a switch of that name on hv2"),
    ],
)  # fmt: skip
def test_each_code_and_text_of_a_job_finds_its_remedy(text: str, codes: tuple[int, ...], remedy: str) -> None:
    """Not HRESULTs alone; and a job's own code before the ReturnValue around it."""
    assert codes_in([text]) == codes
    found = remedy_for(codes, source="hv1", destination="hv2", texts=[text], machine="4711")
    assert remedy in found


def test_nothing_is_removed_unlooked_at() -> None:
    """A remedy that removes something says first how to see that it is the right thing, and that nothing needs it."""
    removing = [row for row in catalogue() if re.search("Remove-|DestroySystem|remove", row.remedy)]
    assert {row.shown for row in removing} == {"0x80071392", "0xC0370027"}
    for row in removing:
        assert re.search("see on both hosts|shut it down", row.remedy.split("remove it")[0])


def test_a_lost_race_is_told_from_other_failures() -> None:
    """Only this failure may be tried again."""
    live = "Failed to perform migration on virtual machine 'X' because virtual machine migration limit '2' was reached,"
    storage = "Storage migration for 'X' was not finished because maximum storage migration limit '2' was reached, please"
    assert lost_a_slot(live)
    assert lost_a_slot(storage)
    assert not lost_a_slot("Could not find Ethernet switch 'External'. (33012)")


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: f"{row.kind} {row.shown}")
def test_each_row_can_be_told(row: Known) -> None:
    """Meaning, remedy and source are there, and no placeholder is left over."""
    assert row.meaning
    assert row.source
    assert not re.search(r"\{\w*\}", row.remedied("hv1", "hv2"))
    assert "\n" not in row.remedy
    assert row in asked(row.shown)
    re.compile(row.reported)


@pytest.mark.parametrize(
    "spelling", ["0x8009030E", "0x8009030e", "8009030e", "2148074254", "-2146893042", " 0x8009030E "]
)
def test_a_code_is_found_in_any_spelling(spelling: str) -> None:
    """Hexadecimal with and without its prefix, and as an unsigned or signed number."""
    assert [row.shown for row in asked(spelling)] == ["0x8009030E"]


def test_words_find_rows_without_a_code() -> None:
    """A limit has no code: its word finds both kinds."""
    assert {row.code for row in asked("limit")} == {"live-limit", "storage-limit"}
    assert [row.code for row in asked("switch")] == [33012]
    assert asked("nonsense") == ()


def test_a_return_value_is_no_other_code() -> None:
    """32773 is a ReturnValue, and 33012 none, although both are numbers."""
    known = return_value(32773)
    assert known is not None
    assert known.meaning == "invalid parameter"
    assert return_value(33012) is None


def test_bits_tell_where_an_unknown_code_comes_from() -> None:
    """A Windows error by its number, others by their facility; a small number tells nothing."""
    assert origin("0x80070057") == "0x80070057 is error 87 of Windows (net helpmsg 87 explains it)"
    assert origin("0xC03A0005") == "0xC03A0005 comes from virtual disks, number 5"
    assert origin("17") is None


def test_explain_tells_a_row_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Code, meaning, where it shows, what to do, who says so."""
    assert main(["explain", "0x80070569"]) == 0
    reported = capsys.readouterr().out
    for part in (
        "0x80070569 (hresult): logon type not granted",
        "log on as a service on DESTINATION",
        "KB 2779204",
    ):
        assert part in reported


def test_explain_lists_all_and_serves_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a code every row has its line; with --json each is an object."""
    assert main(["explain"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(catalogue())
    assert main(["explain", "413", "--json"]) == 0
    assert [row["kind"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["http"]


@pytest.mark.parametrize("text", ["key protector ", "version 1", "version 1 ", "migration limit '1"])
def test_a_long_text_of_a_host_is_looked_through_at_once(text: str) -> None:
    """A pattern that begins a hundred thousand times looked for its end as often: hours for what fits into an answer."""
    begun = time.process_time()
    assert remedy_for([], source="hv1", destination="hv2", texts=[text * 100_000]) == UNKNOWN_REMEDY
    assert time.process_time() - begun < 1


def test_explain_shows_a_finding_and_the_codes_that_the_same_word_finds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`vtpm` is an id, and a word of what a host says of key protectors."""
    assert main(["explain", "vtpm"]) == 0
    assert {"vtpm (refusal)", "key-protector (message)"} <= {
        line.partition(":")[0] for line in capsys.readouterr().out.splitlines()
    }
    assert main(["explain", "vtpm", "--json"]) == 0
    assert [each["code"] for each in json.loads(capsys.readouterr().out)["rows"]] == ["vtpm", "key-protector"]


def test_explain_says_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, and what the bits tell."""
    assert main(["explain", "0x80070057"]) == 1
    assert "error 87 of Windows" in capsys.readouterr().err
    assert main(["explain", "17"]) == 1
    assert capsys.readouterr().err == f"17 is not in the catalogue. {UNKNOWN_REMEDY}\n"
    assert main(["explain", "swtich-missing"]) == 1
    assert "Did you mean 'switch-missing'? List them: bin/placement explain\n" in capsys.readouterr().err


def test_a_remedy_takes_names_as_words_alone() -> None:
    """A host's key in a stack file may be any text, and remedies hold commands."""
    reported = " ".join(row.remedied("a'; calc", "$(calc) {source}", "x'; calc") for row in catalogue())
    assert "'a''; calc'" in reported
    assert "'$(calc) {source}'" in reported
    assert "x'; calc" not in reported

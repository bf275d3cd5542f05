"""What `verify` says of a log that somebody, or a power cut, has laid hands on: a table of hands x answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.audit.lines import LONGEST, digest, encoded
from hyperv_placement.audit.store import Journal, opened
from hyperv_placement.audit.verifying import Verdict, verify

FULL = 1500
"""Bytes of a file: ten lines."""


def journal(path: Path, full: int = 1 << 20) -> Journal:
    """Return a log that carries over nothing."""
    return Journal(path, stamp=lambda: {"time": "2026-11-29T00:00:00+00:00"}, carry=lambda _: (), full=full)


def written(path: Path, count: int = 9, full: int = 1 << 20) -> list[bytes]:
    """Write so many lines; return those of the last file."""
    log = journal(path, full)
    for number in range(count):
        log.append({"event": "start", "number": number})
    return path.read_bytes().splitlines(keepends=True)


def verdict(path: Path, **anchor: Any) -> Verdict:
    """Return what the log proves."""
    return verify(opened(path), **anchor)


def reported(found: Verdict) -> list[tuple[str, int]]:
    """Return where it is broken."""
    return [(each.file, each.line) for each in found.breaks]


def edited(lines: list[bytes]) -> list[bytes]:
    """Say of another machine what line 4 says."""
    return [*lines[:3], lines[3].replace(b'"number": 3', b'"number": 7'), *lines[4:]]


def forged(lines: list[bytes]) -> list[bytes]:
    """Put in a line that follows line 4 as it should."""
    line = json.dumps({"prev": digest(lines[3].rstrip(b"\n")), "event": "end"}).encode() + b"\n"
    return [*lines[:4], line, *lines[4:]]


HANDS: tuple[tuple[str, Callable[[list[bytes]], Iterable[bytes]], int, str], ...] = (
    ("edit", edited, 5, "was changed"),
    ("delete", lambda lines: [*lines[:3], *lines[4:]], 4, "removed"),
    ("delete the first", lambda lines: lines[1:], 1, "removed"),
    ("insert, unchained", lambda lines: [*lines[:3], b'{"event": "end"}\n', *lines[3:]], 4, "no hash"),
    ("insert, no JSON", lambda lines: [*lines[:3], b"hello\n", *lines[3:]], 4, "not an entry of this log"),
    ("insert, forged", forged, 6, "right after line 4"),
    ("repeat", lambda lines: [*lines[:5], lines[2], *lines[5:]], 6, "right after line 2"),
    ("reorder", lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 4, "removed"),
    ("cut within a line", lambda lines: [*lines[:8], lines[8][:30]], 9, "it is torn, or not an entry"),
    ("take the hashes out", lambda lines: [line.replace(b'"prev"', b'"p"') for line in lines], 1, "no line has a hash"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("hand", "line", "why"), [each[1:] for each in HANDS], ids=[each[0] for each in HANDS]
)
def test_what_was_tampered_with_is_broken_there(
    tmp_path: Path, hand: Callable[[list[bytes]], Iterable[bytes]], line: int, why: str
) -> None:
    """By the first place that is named, and still so after further lines have come."""
    path = tmp_path / "lab.jsonl"
    path.write_bytes(b"".join(hand(written(path))))
    found = verdict(path)
    assert reported(found)[0] == ("lab.jsonl", line)
    assert why in found.breaks[0].what
    assert not found.is_whole


@pytest.mark.parametrize(
    "junk",
    [b"hello\n", b"x\ny\n", b'{"prev": "0", "event": "end", "event": "start"}\n', b'{"event": "end"}\n'],
)
def test_what_was_put_in_at_the_end_is_no_torn_line(tmp_path: Path, junk: bytes) -> None:
    """It has an end of its own, which no killed process writes: the next run records it, and it stays broken."""
    path = tmp_path / "lab.jsonl"
    written(path)
    with path.open("ab") as file:
        file.write(junk)
    for _ in range(3):
        assert reported(verdict(path)) == [("lab.jsonl", 10)]
        journal(path).append({"event": "probe"})


def test_an_untouched_log_is_whole(tmp_path: Path) -> None:
    """Over several files, too."""
    path = tmp_path / "lab.jsonl"
    written(path, 30, FULL)
    found = verdict(path)
    assert found.is_whole, found.breaks
    assert found.files == ("lab.jsonl.000001", *found.files[1:-1], "lab.jsonl")
    assert len(found.files) > 3
    assert found.last == digest(path.read_bytes().splitlines()[-1])
    assert all(each.stat().st_size <= FULL for each in tmp_path.iterdir())


def test_what_no_chain_can_prove_needs_a_hash_that_was_kept_elsewhere(tmp_path: Path) -> None:
    """A log that ends early, or that was written anew, is whole by itself."""
    path = tmp_path / "lab.jsonl"
    lines = written(path)
    path.write_bytes(b"".join(lines[:6]))
    assert verdict(path).is_whole
    kept = digest(lines[-1].rstrip(b"\n"))
    assert not verdict(path, holding=kept).is_whole
    assert not verdict(path, since=kept).is_whole
    path.unlink()
    journal(path).append({"event": "end"})
    assert verdict(path).is_whole
    assert "was cut, or replaced" in verdict(path, holding=kept).breaks[0].what
    path.write_bytes(b"".join(lines))
    assert verdict(path, holding=kept).is_whole


def test_what_is_known_to_be_wrong_counts_no_more_from_a_later_line_on(tmp_path: Path) -> None:
    """Somebody has looked into it, and noted the last hash then."""
    path = tmp_path / "lab.jsonl"
    path.write_bytes(b"".join(edited(written(path))))
    journal(path).append({"event": "start"})
    last = path.read_bytes().splitlines()[-1]
    journal(path).append({"event": "end"})
    assert not verdict(path).is_whole
    assert not verdict(path, holding=digest(last)).is_whole
    assert verdict(path, since=digest(last)).is_whole


@pytest.mark.parametrize(
    ("hand", "broken", "why"),
    [
        ("remove the first", ("lab.jsonl.000002", 1), "continues lab.jsonl.000001, which is not here"),
        ("remove the second", ("lab.jsonl.000003", 1), "continues lab.jsonl.000002, which is not here"),
        ("add to the first", ("lab.jsonl.000001", 11), "no hash"),
        ("replace the second", ("lab.jsonl.000002", 1), "the file was replaced"),
        ("replace the present one", ("lab.jsonl", 1), "the file was replaced"),
        ("forge an end of the first", ("lab.jsonl.000002", 1), "changed after it was put away"),
    ],
)
def test_files_that_were_put_away_are_held_as_well(
    tmp_path: Path, hand: str, broken: tuple[str, int], why: str
) -> None:
    """Each names the one before and its hash."""
    path = tmp_path / "lab.jsonl"
    written(path, 30, FULL)
    first, second = tmp_path / "lab.jsonl.000001", tmp_path / "lab.jsonl.000002"
    other = tmp_path / "other.jsonl"
    written(other, 3)
    if hand == "remove the first":
        first.unlink()
    elif hand == "remove the second":
        second.unlink()
    elif hand == "add to the first":
        first.write_bytes(first.read_bytes() + b'{"event": "end"}\n')
    elif hand == "forge an end of the first":
        last = digest(first.read_bytes().splitlines()[-1])
        first.write_bytes(first.read_bytes() + json.dumps({"prev": last, "event": "end"}).encode() + b"\n")
    else:
        (second if "second" in hand else path).write_bytes(other.read_bytes())
    other.unlink()
    found = verdict(path)
    assert reported(found)[0] == broken
    assert why in found.breaks[0].what


def test_old_files_may_be_put_elsewhere_where_their_last_hash_is_known(tmp_path: Path) -> None:
    """As the answer to a missing file says."""
    path = tmp_path / "lab.jsonl"
    written(path, 30, FULL)
    first = tmp_path / "lab.jsonl.000001"
    last = digest(first.read_bytes().splitlines()[-1])
    first.unlink()
    assert f"--from {last}" in verdict(path).breaks[0].what
    assert verdict(path, since=last).is_whole
    assert verdict(path, holding=last).is_whole


@pytest.mark.parametrize("cut", [1, 2, 30, 60])
def test_a_line_that_a_killed_process_has_torn_is_a_recorded_gap(tmp_path: Path, cut: int) -> None:
    """The next line says which bytes they are; one that lacks its line end alone is whole."""
    path = tmp_path / "lab.jsonl"
    lines = written(path)
    path.write_bytes(b"".join(lines)[:-cut])
    assert verdict(path).is_whole == (cut == 1)
    journal(path).append({"event": "end"})
    found = verdict(path)
    assert found.is_whole, found.breaks
    assert [(gap.file, gap.line) for gap in found.gaps] == ([] if cut == 1 else [("lab.jsonl", 10)])
    text = path.read_bytes()
    path.write_bytes(text.replace(lines[8][:-cut], lines[8][: -cut - 1] + b"x", 1))
    assert not verdict(path).is_whole


def test_a_gap_that_was_torn_itself_is_recorded_with_what_was_torn_before(tmp_path: Path) -> None:
    """A disk that is full for long: several lines are begun and none is ended."""
    path = tmp_path / "lab.jsonl"
    text = b"".join(written(path))
    for cut in (30, 40, 50, 60):
        path.write_bytes(text[:-cut])
        journal(path).append({"event": "end"})
        text = path.read_bytes()
    assert verdict(path).is_whole, verdict(path).breaks
    start = text.rindex(b'{"prev"')
    for end in range(start, len(text), 9):
        path.write_bytes(text[:end])
        journal(path).append({"event": "end"})
        assert verdict(path).is_whole, (end, verdict(path).breaks)


@pytest.mark.parametrize("torn", [False, True])
def test_a_log_without_hashes_is_held_by_the_hash_of_all_of_it(tmp_path: Path, torn: bool) -> None:
    """An earlier version wrote it."""
    path = tmp_path / "lab.jsonl"
    path.write_bytes(b'{"event": "start"}\nnot even JSON\n{"event": "end"' + (b"" if torn else b"}\n"))
    assert "no line has a hash" in verdict(path).breaks[0].what
    old = path.read_bytes()
    for _ in range(3):
        journal(path).append({"event": "start"})
    found = verdict(path)
    assert found.is_whole, found.breaks
    assert found.unchained == 3
    first = json.loads(path.read_bytes()[len(old) :].lstrip().splitlines()[0])
    assert (first["event"], first["whole"], first["bytes"]) == ("chained", digest(old), len(old))
    path.write_bytes(path.read_bytes().replace(b"start", b"stark", 1))
    assert "are not those that the log began after" in verdict(path).breaks[0].what


def test_a_log_without_hashes_that_is_too_large_is_put_away_first(tmp_path: Path) -> None:
    """Its hash stands at the beginning of its own end, and of the next file."""
    path = tmp_path / "lab.jsonl"
    path.write_bytes(b'{"event": "start"}\n' * 200)
    journal(path, FULL).append({"event": "end"})
    found = verdict(path)
    assert found.is_whole, found.breaks
    assert found.files == ("lab.jsonl.000001", "lab.jsonl")
    first = tmp_path / "lab.jsonl.000001"
    first.write_bytes(first.read_bytes()[1:])
    assert not verdict(path).is_whole


def test_a_run_that_is_killed_between_two_files_leaves_no_hole(tmp_path: Path) -> None:
    """The full file has its number already, the next one is not there yet."""
    path = tmp_path / "lab.jsonl"
    written(path)
    path.rename(tmp_path / "lab.jsonl.000001")
    journal(path).append({"event": "end"})
    found = verdict(path)
    assert found.is_whole, found.breaks
    assert found.lines == 11


@pytest.mark.parametrize("size", ["[]", "1e0", "true", "-1", "{}", '"19"', "19.0", "18.0"])
def test_a_size_that_is_none_is_broken(tmp_path: Path, size: str) -> None:
    """Whatever kind of value stands there."""
    path = tmp_path / "lab.jsonl"
    path.write_text(
        f'{{"event": "start"}}\n{{"prev": "", "event": "chained", "bytes": {size}}}\n', encoding="ascii"
    )
    assert not verdict(path).is_whole


def test_a_line_as_long_as_any_does_not_keep_the_next_file_from_being_begun(tmp_path: Path) -> None:
    """It is not carried over: its own file has it."""
    path = tmp_path / "lab.jsonl"
    stamp = {"time": "2026-11-29T00:00:00+00:00"}
    log = Journal(path, stamp=lambda: stamp, carry=list, full=4 * LONGEST)
    bare = len(encoded({**stamp, "event": "start", "more": ""}, "0" * 64)) - 64
    for _ in range(6):
        log.append({"event": "start", "more": "x" * (LONGEST - bare - 64)})
    assert verdict(path).is_whole
    assert len(verdict(path).files) > 1


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\n\n", b"[1]\n", b"\xff\xfe", b'{"prev": 7}\n', b'{"prev": "", "event": "gap"}\n']
)  # fmt: skip
def test_whatever_stands_there_a_line_can_be_appended_and_no_reader_breaks(
    tmp_path: Path, content: bytes
) -> None:
    """Strange bytes are strange lines."""
    path = tmp_path / "lab.jsonl"
    path.write_bytes(content)
    verdict(path)
    journal(path).append({"event": "end"})
    assert json.loads(path.read_bytes().splitlines()[-1])["event"] == "end"
    with ExitStack():
        assert verdict(path).lines >= 1

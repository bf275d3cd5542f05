"""A plan on a terminal: the line that says it all, findings, the table, and who is left out."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.move import DiskMove
from hyperv_placement.model.plan import Placement, Standing, Step
from hyperv_placement.report.plan_text import headline, outline, render_plan

from .schedules import HOSTILE, STEERING, left_out, planned, scheduled

REFUSAL = Finding.refusal("no-safe-order", "No order is safe\nA lacks 6 GiB", "Make room", topic=Topic.PROOF)
PROTECTED = Finding.refusal("machine-protected", "DC01 is protected", "Take it out")


def test_the_first_line_says_it_all() -> None:
    """Moves, bytes, minutes, waves, and who is left out; or that there is nothing to do, or nothing may be done."""
    moves = scheduled(1, 0, 1200), scheduled(2, 1200, 2280, 0), scheduled(3, 0, 30)
    refused = left_out("DC01", Standing.REFUSED, PROTECTED)
    in_place = left_out("WEB", Standing.IN_PLACE)
    assert headline(planned(*moves)) == "3 moves, 3 GiB, about 38 min, in 2 waves; nothing is refused"
    assert (
        headline(planned(moves[0], others=(refused,))) == "1 move, 1 GiB, about 20 min, in 1 wave; 1 refused"
    )
    assert headline(planned(others=(in_place,))) == "Nothing to move: 1 machine is in place"
    assert headline(planned(findings=(REFUSAL,))) == "No run may move anything, for 1 reason"


def test_the_outline_is_a_line_a_move() -> None:
    """For the stack's outputs: way, size, times, whom it waits for and why."""
    assert outline(planned(scheduled(1, 0, 65), scheduled(2, 65, 130, 0)))[1:] == [
        "VM001: hv1 -> hv2, 1 GiB, 00:00 to 01:05 (declared in test.yaml:1)",
        "VM002: hv1 -> hv2, 1 GiB, 01:05 to 02:10, after VM001 (declared in test.yaml:1)",
    ]


def test_the_table_has_a_row_a_move() -> None:
    """Wave, machine, way, kind, size, start and end, whom it waits for, and why."""
    moves = scheduled(1, 0, 65, aside=True), scheduled(2, 65, 4000, 0)
    lines = render_plan(planned(*moves)).splitlines()
    assert lines[2:5] == [
        "wave  machine  from -> to  kind          size  start    end  after  why",
        "   1  VM001    hv1 -> hv2  live, aside  1 GiB  00:00  01:05         declared in test.yaml:1",
        "   2  VM002    hv1 -> hv2  live         1 GiB  01:05  66:40  VM001  declared in test.yaml:1",
    ]


def test_the_table_names_the_file_that_moves() -> None:
    """Each file that gets another path, below its machine, those of checkpoints as well; of very many the rest is counted."""
    each = scheduled(1, 0, 65)
    disks = tuple(
        DiskMove(slot=f"scsi-0-{n}", instance_id=f"{n}", source=f"D:\\s\\{n}.vhdx", target=f"E:\\s\\{n}.vhdx")
        for n in range(9)
    )
    kept = replace(disks[0], target="d:/s/0.VHDX")
    few = replace(each.move, disks=(kept, disks[1]), frozen=(replace(disks[2], slot="scsi-0-1"),))
    assert render_plan(planned(replace(each, move=few))).splitlines()[4:6] == [
        "      scsi-0-1: D:\\s\\1.vhdx -> E:\\s\\1.vhdx",
        "      scsi-0-1 of a checkpoint: D:\\s\\2.vhdx -> E:\\s\\2.vhdx",
    ]
    many = render_plan(planned(replace(each, move=replace(each.move, disks=disks)))).splitlines()
    assert many[11:13] == [
        "      scsi-0-7: D:\\s\\7.vhdx -> E:\\s\\7.vhdx",
        "      ... and 1 more files (all: --json)",
    ]


def test_those_waited_for_are_named_and_counted() -> None:
    """Two names, then a number: a machine may wait for dozens."""
    moves = [scheduled(n, 0, 10) for n in range(1, 6)]
    text = render_plan(planned(*moves, scheduled(9, 10, 20, 0, 1, 2, 3, 4)))
    assert "VM001, VM002 +3" in text


def test_a_proof_keeps_its_lines() -> None:
    """Set in below the finding, the way out last."""
    assert render_plan(planned(findings=(REFUSAL,))).splitlines()[1:] == [
        "refusal: No order is safe", "    A lacks 6 GiB", "    Make room",
    ]  # fmt: skip


def test_who_is_left_out_is_named_with_the_reason() -> None:
    """After the moves: refused, unknown, missing."""
    text = render_plan(planned(scheduled(1, 0, 1), others=(left_out("DC01", Standing.REFUSED, PROTECTED),)))
    assert text.splitlines()[-2:] == [
        "refused: DC01 (on hv1)", "    refusal: DC01 is protected. Take it out",
    ]  # fmt: skip


def test_machines_that_no_host_shows_for_one_reason_are_reported_together() -> None:
    """One silent host can hide hundreds, and 750 times two lines would hide the line that says why."""
    steps = tuple(
        Step(
            label=label,
            standing=Standing.UNKNOWN,
            placement=Placement(),
            findings=(
                Finding.warning("machine-behind-silence", f"{label} is unknown: no machine named '{label}'"),
            ),
        )
        for label in ("A", "B", "C")
    )
    assert render_plan(planned(others=steps)).splitlines()[-2:] == [
        "unknown: 3 machines (A, B, C)",
        "    warning: A is unknown: no machine named 'A'; the others likewise",
    ]


def test_names_of_hosts_cannot_steer_the_terminal() -> None:
    """Wherever a name can stand: in the table, in the bars, in findings of machines and of the whole."""
    said = Finding.warning("machine-renamed", f"{STEERING} is {HOSTILE}")
    text = render_plan(
        planned(
            scheduled(1, 0, 1, label=STEERING), scheduled(2, 0, 1, label=HOSTILE),
            findings=(said,), others=(left_out(STEERING, Standing.UNKNOWN, said),),
        )
    )  # fmt: skip
    assert all(line.isprintable() for line in text.splitlines())
    assert "\u202e" not in text
    assert HOSTILE in text
    assert not any(line.startswith("c\\u202ed") for line in text.splitlines())


def test_hundreds_of_moves_stay_readable() -> None:
    """A row each, and bars for the first of them."""
    text = render_plan(planned(*(scheduled(n, n, n + 5) for n in range(500))))
    assert len(text.splitlines()) < 560
    assert "... and 460 more" in text

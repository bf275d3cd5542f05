"""Which resources a run takes, by the engine's command line."""

from __future__ import annotations

import pytest

from hyperv_placement.model.targets import EVERYTHING, targets_in

URN = "urn:pulumi:lab::hyperv-placement::pulumi-python:hv:Vm::"


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ("up --yes", "VM001 VM002 WEB"),
        ("up --target **::VM001", "VM001"),
        ("up -t **::VM*", "VM001 VM002"),
        (f"up --target={URN}WEB --target **::VM002", "VM002 WEB"),
        ("preview --exclude **::VM00?", "VM001 VM002 WEB"),
        ("up --exclude **::VM002", "VM001 WEB"),
        ("up --target *::VM001", ""),
        ("up --target **::VM001 --target-dependents", "VM001 VM002 WEB"),
        ("up --target **::VM001 -t**::VM002", "VM001 VM002 WEB"),
        ("up --target **::VM001 -yt **::VM002", "VM001 VM002 WEB"),
    ],
)
def test_patterns_are_read_as_the_engine_reads_them(words: str, taken: str) -> None:
    """`**` stands for anything, `*` for anything without a colon; dependents no pattern matches."""
    targets = targets_in(["pulumi", *words.split()])
    assert [name for name in ("VM001", "VM002", "WEB") if targets.takes(f"{URN}{name}")] == taken.split()


def test_a_run_without_patterns_takes_everything() -> None:
    """Also where no engine is above."""
    assert targets_in(()) == targets_in(["pulumi", "up"]) == EVERYTHING

"""The doctor's last lines: nothing is in order that was not asked, and who asked is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.names import HostName
from hyperv_placement.model.not_checked import NotChecked
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.operations.doctor.reading import logged_on
from hyperv_placement.report.diagnosis import render_diagnoses
from tests.estates import stack

ILL = Finding.refusal("host-unread", "x", "z", subject=Subject("hv1"), breaks="y")

UNREAD = NotChecked(text="delegation, because", decides="delegation")


def test_nothing_stands_in_the_way_only_where_everything_was_asked() -> None:
    """Else the headline counts what was not checked, and each has its line."""
    assert render_diagnoses([], []) == "Nothing stands in the way of moves"
    assert render_diagnoses([], [NotChecked(text="the ports")]).splitlines() == [
        "Nothing was found in the way of moves; not checked: 1 thing, below",
        "not checked: the ports",
    ]
    assert render_diagnoses([], [NotChecked(text="the ports"), UNREAD]).splitlines() == [
        "Nothing seen that stands in the way of moves; delegation not checked, see below",
        "not checked: the ports",
        "not checked: delegation, because",
    ]
    shown = render_diagnoses(
        [ILL], [NotChecked(text="a"), NotChecked(text="b")], ["hv1 as LAB\\a, from the environment"]
    ).splitlines()
    assert shown[3:] == [
        "1 error, 0 warnings; not checked: 2 things, below",
        "not checked: a",
        "not checked: b",
        "logged on: hv1 as LAB\\a, from the environment",
    ]


def test_it_is_said_which_credential_was_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the file, and then which variables are not read, or of the environment where there is no such file."""
    there, nowhere = tmp_path / "there.yaml", tmp_path / "nowhere.yaml"
    there.write_text("username: 'LAB\\b'\npassword: x\n", encoding="utf-8")
    there.chmod(0o600)
    monkeypatch.setenv("HYPERV_USERNAME", "LAB\\a")
    monkeypatch.setenv("HYPERV_PASSWORD", "s3cret")
    hosts = {
        HostName(name): HostSpec(
            name=HostName(name), endpoint=f"https://{name}", connection=Connection(credentials=file)
        )
        for name, file in (("hv1", there), ("hv2", nowhere), ("hv3", nowhere))
    }
    assert logged_on(replace(stack({}), hosts=hosts)) == [
        f"hv1 as LAB\\b, from {there}; not used: HYPERV_USERNAME, HYPERV_PASSWORD of the environment",
        f"2 hosts (hv2, hv3) as LAB\\a, from the environment, because there is no {nowhere}",
    ]

"""Running migrations in 80 columns, and for scripts; what is not known is said, and never none."""

from __future__ import annotations

import dataclasses
import re

import pytest

from hyperv_placement.model.estate import Silence, UnreachableHost
from hyperv_placement.model.names import HostName
from hyperv_placement.model.running_job import Begun, JobsRead, RunningJob
from hyperv_placement.report.cells import width
from hyperv_placement.report.jobs_text import jobs_record, render_jobs
from tests.estates import guid

JOB = RunningJob(
    id="7490436A-E191-4D3C-9C1E-000000000001",
    resource_uri="uri",
    vm_id=guid(1),
    name="VM001",
    source=HostName("hv1"),
    to=HostName("hv2"),
    destination="hv2.corp.example",
    kind="both",
    percent=40,
    elapsed=120.0,
    owner="CORP\\anna",
    since="2026-11-30T03:00:00+00:00",
    cancellable=True,
)
OURS = Begun(who="bert", time="2026-11-30T03:00:00+00:00", stack="prod")


def shown(*jobs: RunningJob, silent: tuple[UnreachableHost, ...] = ()) -> list[str]:
    """Return the lines of jobs on three hosts."""
    return render_jobs(JobsRead(jobs=jobs, hosts=3, silent=silent)).splitlines()


@pytest.mark.parametrize(
    ("elapsed", "pace", "left"),
    [(120.0, "20 %/min", "3 min"), (28_800.0, "5.0 %/h", "12 h 00 min"), (None, "?", "?"), (0.5, "?", "?")],
)
def test_pace_and_time_left_are_those_of_all_that_it_has_run(
    elapsed: float | None, pace: str, left: str
) -> None:
    """A copy of a day is told by the hour; without the host's word on its time there is no estimate."""
    assert re.split(r"\s{2,}", shown(dataclasses.replace(JOB, elapsed=elapsed))[1])[-3:-1] == [pace, left]


@pytest.mark.parametrize(("percent", "done"), [(None, "?"), (4, "4 %")])
def test_too_little_is_no_pace(percent: int | None, done: str) -> None:
    """Nor is what the host does not report."""
    line = shown(dataclasses.replace(JOB, percent=percent))[1]
    assert done in line
    assert "%/min" not in line


def test_a_line_has_eighty_columns_whatever_hosts_put_into_names() -> None:
    """Ours, others' and nobody's; a name with a line end stays one line."""
    long = dataclasses.replace(
        JOB,
        name="\u4eee\u60f3\u30de\u30b7\u30f3" * 9,
        source=HostName("a-host-with-a-long-name"),
        owner="D" * 60,
        elapsed=1e6,
    )
    lines = shown(
        long,
        dataclasses.replace(JOB, ours=OURS),
        dataclasses.replace(JOB, owner="", name="a\nb", destination="", to=None),
    )
    assert len(lines) == 4

    assert all(width(line) <= 80 for line in lines)
    assert "ours: prod, bert" in lines[2]
    assert "on hv1" in lines[3]


def test_who_did_not_answer_is_unknown_and_not_none() -> None:
    """With others that answered, and alone."""
    silent = tuple(
        UnreachableHost(name=HostName(f"hv{number}"), reason="no route", kind=Silence.SILENT)
        for number in (1, 2, 3)
    )
    assert shown() == ["no migration runs on 3 hosts"]
    assert shown(silent=silent[:1]) == [
        "no migration runs on the 2 hosts that answered",
        "hv1 did not answer, what runs there is unknown: no route",
    ]
    assert shown(silent=silent)[0] == "no host answered: whether a migration runs is unknown"


def test_scripts_get_numbers_and_null() -> None:
    """Seconds, percent a minute, and whose it is."""
    record = jobs_record(JobsRead(jobs=(dataclasses.replace(JOB, ours=OURS),), hosts=3), 0)
    [job] = record["jobs"]
    assert (job["percent"], job["percent_per_minute"], job["seconds_left"], job["to"]) == (
        40,
        20.0,
        180.0,
        "hv2",
    )
    assert job["ours"] == {"who": "bert", "time": OURS.time, "stack": "prod"}
    assert jobs_record(JobsRead(jobs=(JOB,), hosts=3), 0)["jobs"][0]["ours"] is None

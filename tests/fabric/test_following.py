"""Following a job whose answers a test has written: what counts as an end, as success, as progress."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hyperv_placement.errors import InterruptedRunError, JobUnknownError, MigrationStalledError
from hyperv_placement.hyperv.jobs import Follower, Outcome
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.wsman import (
    EndpointReference,
    GetResponse,
    Instance,
    InvokeResponse,
    Value,
    catalogue,
    encode_embedded,
    resource_uri,
)
from lab.home import certificates
from tests.clocks import FastClock
from tests.fabric.scripted import Reply, Scripted, answer, drop, status

pytestmark = pytest.mark.lab
JOB = EndpointReference(
    resource_uri("Msvm_ConcreteJob"), {"InstanceID": "X", "__cimnamespace": "root/virtualization/v2"}
)
GONE = answer(catalogue.destination_unreachable("HV1"), 500)


def job(state: int, percent: int = 0, **more: Value) -> Reply:
    """Answer with the job."""
    values: dict[str, Value] = {
        "InstanceID": "X",
        "JobState": state,
        "PercentComplete": percent,
        "ErrorCode": 0,
    }
    return answer(GetResponse(instance=Instance("Msvm_ConcreteJob", {**values, **more})))


def errors(*messages: str) -> Reply:
    """Answer GetErrorEx with one embedded Msvm_Error a message."""
    texts = tuple(encode_embedded(Instance("Msvm_Error", {"Message": text})) for text in messages)
    outputs: dict[str, Value] = {"Errors": texts, "ReturnValue": 0}
    return answer(InvokeResponse(resource_uri=JOB.resource_uri, method="GetErrorEx", outputs=outputs))


class Watch:
    """A follower of a scripted job, and what it reported."""

    def __init__(self, home: Path, url: str) -> None:
        """Dial the scripted host."""
        connection = Connection(auth="basic", credentials=home / "credentials.yaml", ca=home / "ca.pem")
        self.clock = FastClock()
        self.client = Client(
            HostSpec(name=HostName("hv1"), endpoint=url, connection=connection), Logins(), self.clock
        )
        self.seen: list[Progress] = []
        self.looks: list[float] = []
        self.cancelled = threading.Event()
        self.activity: int | None = None

    def follow(self) -> Outcome:
        """Follow to the end."""
        return Follower(
            client=self.client, job=JOB, name="VM001 (hv1 -> hv2)", activity=lambda: self.activity,
            report=self._note, cancelled=self.cancelled, clock=self.clock,
        ).follow()  # fmt: skip

    def _note(self, progress: Progress) -> None:
        self.seen.append(progress)
        self.looks.append(self.clock.now())


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    """Return a maker of followers by the job's answers."""
    certificates.ensure(tmp_path, [("hv1", "hv1.lab.example")])
    path = tmp_path / "credentials.yaml"
    path.write_text("username: a\npassword: b\n", encoding="utf-8")
    path.chmod(0o600)
    with ExitStack() as open_:

        def make(*replies: Reply) -> Watch:
            host = open_.enter_context(Scripted(tmp_path, replies))
            made = Watch(tmp_path, host.url)
            open_.callback(made.client.close)
            return made

        yield make


def test_new_and_starting_are_no_failures(watch: Callable[..., Watch]) -> None:
    """Neither are states that only pass: suspended, service, query pending."""
    outcome = watch(*(job(state) for state in (2, 3, 4, 5, 6, 11, 12, 7))).follow()
    assert outcome.succeeded


@pytest.mark.parametrize(
    ("state", "code", "succeeded"),
    [(7, 0, True), (32768, 0, True), (7, 32768, False), (8, 0, False), (9, 0, False), (10, 32768, False)],
)
def test_each_end_is_judged_by_state_and_error_code(
    watch: Callable[..., Watch], state: int, code: int, succeeded: bool
) -> None:
    """Completed with an ErrorCode is a failure; with warnings it is none."""
    outcome = watch(job(state, 100, ErrorCode=code), errors("why")).follow()
    assert outcome.succeeded == succeeded
    assert outcome.texts == (() if (state, code) == (7, 0) else ("why",))


def test_every_line_of_the_errors_is_kept(watch: Callable[..., Watch]) -> None:
    """The deepest cause is the last line."""
    outcome = watch(job(10, ErrorCode=32768), errors("failed", "no connection", "no credentials")).follow()
    assert outcome.texts == ("failed", "no connection", "no credentials")


def test_without_errors_the_jobs_own_words_are_kept(watch: Callable[..., Watch]) -> None:
    """A host that does not answer GetErrorEx has described the failure in the job."""
    reported = job(10, ErrorCode=32768, ErrorDescription="it failed", ErrorSummaryDescription="it failed")
    assert watch(reported, GONE).follow().texts == ("it failed",)


def test_a_job_that_is_gone_says_nothing(watch: Callable[..., Watch]) -> None:
    """Hosts remove ended jobs: then the machine is to be asked."""
    outcome = watch(job(4, 10), GONE).follow()
    assert outcome.vanished
    assert not outcome.succeeded


def test_a_connection_that_is_cut_now_and_then_is_borne(watch: Callable[..., Watch]) -> None:
    """Each look that fails is made up for by the next."""
    assert watch(job(4, 10), drop, drop, job(4, 20), drop, job(7, 100)).follow().succeeded


def test_silence_is_told_from_slowness(watch: Callable[..., Watch]) -> None:
    """A job that creeps is followed for hours; one that stands still for a quarter of an hour is not."""
    creeping = [job(4, percent) for percent in range(1, 6) for _ in range(120)]
    made = watch(*creeping, job(7, 100))
    assert made.follow().succeeded
    assert made.clock.now() > 2000
    with pytest.raises(
        MigrationStalledError, match=r"VM001 .*job X on hv1 is at 42 %, nothing moved for 15 min"
    ):
        watch(*[job(4, 42)] * 400).follow()


def test_silence_is_not_called_running(watch: Callable[..., Watch]) -> None:
    """A host that reports nothing for a quarter of an hour: how the job was then, and that nobody knows how it is now."""
    with pytest.raises(
        JobUnknownError,
        match=r"hv1 no longer reports on its job .*it was at 42 % .* 15 min ago, and what it does now is not known",
    ) as caught:
        watch(job(4, 42), *[drop] * 1000).follow()
    assert "still runs" not in str(caught.value)
    assert "looks for the job" in str(caught.value)


def test_a_refused_credential_ends_following_at_once(watch: Callable[..., Watch]) -> None:
    """One look is enough, and the password is tried no more."""
    made = watch(job(4, 19), status(401))
    with pytest.raises(
        JobUnknownError,
        match=r"refused the credential of a; what its job does now is not known \(it was at 19 %",
    ):
        made.follow()
    assert made.clock.now() < 2


def test_a_job_that_stands_still_says_since_when(watch: Callable[..., Watch]) -> None:
    """No estimate by a pace that is over."""
    made = watch(*(job(4, percent) for percent in range(10, 100)), *[job(4, 99)] * 60, job(7, 100))
    made.follow()
    assert "left" in str(made.seen[60])
    assert re.fullmatch(r"99 %, migrating, nothing moved for \d min( \d\d s)?", str(made.seen[-1]))


def test_an_interrupted_run_in_silence_says_what_was_read_last(watch: Callable[..., Watch]) -> None:
    """Nothing is called moving that was not read as moving."""
    made = watch(drop, drop)
    made.cancelled.set()
    with pytest.raises(
        InterruptedRunError, match=r"does not report on its job now; it was never read\. The next run looks"
    ):
        made.follow()


def test_the_interval_grows(watch: Callable[..., Watch]) -> None:
    """A long job is not asked about every second."""
    made = watch(*[job(4, n // 4) for n in range(200)], job(7, 100))
    made.follow()
    assert made.clock.now() > 200 * 4


def test_the_interval_shrinks_towards_the_end(watch: Callable[..., Watch]) -> None:
    """An end is seen soon after it comes: the last pauses are short, however long the job has taken."""
    made = watch(*[job(4, percent) for percent in range(1, 100)], job(7, 100))
    made.follow()
    assert made.looks[50] - made.looks[49] == pytest.approx(5)
    assert made.clock.now() - made.looks[-1] < 3


def test_progress_names_the_phase_and_what_is_left(watch: Callable[..., Watch]) -> None:
    """The phase is the machine's activity; the estimate counts from the first look, not from zero."""
    made = watch(*[job(4, percent) for percent in (60, 62, 64, 70, 80)], job(7, 100))
    made.activity = 32778
    made.follow()
    assert [progress.percent for progress in made.seen] == [60, 62, 64, 70, 80]
    assert str(made.seen[0]) == "60 %, moving storage"
    left = [progress.seconds_left for progress in made.seen]
    assert left[:3] == [None, None, None]
    assert left[-1] is not None
    assert left[-1] < left[-2]  # type: ignore[operator]


def test_an_interrupted_run_says_how_far_the_job_is(watch: Callable[..., Watch]) -> None:
    """It goes on at the host; the next run adopts it."""
    made = watch(job(4, 37))
    made.cancelled.set()
    with pytest.raises(
        InterruptedRunError, match=r"VM001 \(hv1 -> hv2\) is still moving \(37 %\).*adopts it"
    ):
        made.follow()

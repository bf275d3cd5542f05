"""RequestStateChange of machines over the wire: the job, what becomes of it, and what is refused."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    EnumerationMode,
    Invoke,
    decode_embedded,
    resource_uri,
)
from lab.estate.spec import EstateSpec
from lab.world.objects import OFF, RUNNING, STOPPING
from tests.fabric.test_lab_service.conftest import reference
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER, Desk

METHOD = "RequestStateChange"


def spec(**changes: object) -> EstateSpec:
    """Return hosts with a machine that runs and one that is far too big to be started."""
    return estate(machine("WEB01"), machine("BIG01", enabled_state=OFF, memory_mib=1 << 20), **changes)


@pytest.fixture
def at(desk: MAKER) -> Desk:
    """An English host."""
    return desk(spec())


def job_of(at: Desk, name: str, wanted: int) -> EndpointReference:
    """Order a change, and return the job."""
    answer = at.call(at.machine(name), METHOD, RequestedState=wanted)
    assert list(answer.outputs) == ["Job", "ReturnValue"]
    assert answer.return_value == 4096
    job = answer.outputs["Job"]
    assert isinstance(job, EndpointReference)
    assert job.resource_uri == resource_uri("Msvm_ConcreteJob")
    return job


def test_a_machine_is_turned_off_by_a_job(at: Desk) -> None:
    """Read meanwhile and afterwards; the machine shows the passing state, and which one is wanted."""
    job = job_of(at, "WEB01", 3)
    machine_now = at.get(at.machine("WEB01"))
    assert (machine_now["EnabledState"], machine_now["RequestedState"]) == (STOPPING, 3)
    at.stage.pass_time(0.2)
    running = at.get(job)
    assert (running["JobState"], running["JobType"], running["ElementName"]) == (
        4,
        13,
        "Turning Off Virtual Machine",
    )
    at.stage.pass_time(1)
    ended = at.get(job)
    assert (ended["JobState"], ended["PercentComplete"], ended["ErrorCode"]) == (7, 100, 0)
    assert (ended["Owner"], ended["OperationalStatus"]) == ("LAB\\administrator", (17, 2))
    gone = at.get(at.machine("WEB01"))
    assert (gone["EnabledState"], gone["RequestedState"], gone["OnTimeInMilliseconds"]) == (OFF, 5, 0)
    (line,) = at.logged("request")
    assert (line["operation"], line["target"]) == (METHOD, at.stage.vm("WEB01").id)


def test_the_name_alone_names_the_machine(at: Desk) -> None:
    """As r4sd/go-wsman calls it; a Get wants both keys all the same."""
    alone = reference("Msvm_ComputerSystem", Name=at.stage.vm("WEB01").id)
    assert at.call(alone, METHOD, RequestedState=9).return_value == 4096
    nobody = reference("Msvm_ComputerSystem", Name="6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3")
    assert (
        at.fault(Invoke(target=nobody, method=METHOD, arguments={"RequestedState": 3})).subcode
        == "DestinationUnreachable"
    )


def test_a_start_without_memory_says_why(at: Desk) -> None:
    """In the job, in GetError, and each line in GetErrorEx."""
    job = job_of(at, "BIG01", 2)
    at.stage.pass_time(0.2)
    failed = at.get(job)
    assert (failed["JobState"], failed["ErrorCode"]) == (10, 32768)
    assert failed.text("ErrorDescription").startswith("'BIG01' failed to start.")
    error = decode_embedded(str(at.call(job, "GetError").outputs["Error"]))
    assert error["Message"] == failed["ErrorDescription"]
    errors = at.call(job, "GetErrorEx").outputs["Errors"]
    assert isinstance(errors, tuple)
    assert "0x8007000E" in str(errors[-1])
    assert at.get(at.machine("BIG01"))["EnabledState"] == OFF


def test_a_japanese_host_says_it_in_japanese(desk: MAKER) -> None:
    """Title and reason; numbers stay."""
    at = desk(spec(locale="ja-JP"))
    job = job_of(at, "BIG01", 2)
    at.stage.pass_time(0.2)
    failed = at.get(job)
    assert failed["ElementName"] == "仮想マシンの起動"
    assert "開始できませんでした" in failed.text("ErrorDescription")


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (2, 32775),
        (32768, 32775),
        (32769, 32775),
        ("soon", 32773),
        (None, 32773),
        ("-3", 32773),
        ("9" * 5000, 32773),
    ],
)
def test_what_cannot_be_is_refused(at: Desk, wanted: object, answer: int) -> None:
    """Without a job; 32775 is also for a machine that is so already."""
    outputs = at.call(at.machine("WEB01"), METHOD, RequestedState=wanted).outputs
    assert dict(outputs) == {"Job": None, "ReturnValue": answer}
    assert at.stage.vm("WEB01").enabled_state == RUNNING


def test_the_host_itself_is_not_switched(at: Desk) -> None:
    """The method is there for machines alone."""
    host = reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name="HV1")
    assert at.call(host, METHOD, RequestedState=3).return_value == 32770


def test_the_time_limit_is_not_used(at: Desk) -> None:
    """TimeoutPeriod may be there; another argument is a SchemaValidationError."""
    assert at.call(at.machine("WEB01"), METHOD, RequestedState=9, TimeoutPeriod=None).return_value == 4096
    wrong = Invoke(target=at.machine("WEB01"), method=METHOD, arguments={"State": 3})
    assert at.fault(wrong).subcode == "SchemaValidationError"


def test_jobs_of_both_kinds_are_listed_apart(at: Desk) -> None:
    """A change of state is no migration job, and is found under its own class."""
    job_of(at, "WEB01", 6)
    found = {}
    for name in ("Msvm_ConcreteJob", "Msvm_MigrationJob"):
        query = f"SELECT InstanceID FROM {name} WHERE JobType = 14"  # noqa: S608
        answer = at.send(
            Enumerate(resource_uri=resource_uri("*"), query=query, optimize=True, max_elements=9)
        )
        assert isinstance(answer, EnumerateResponse)
        found[name] = len(answer.items or ())
    assert found == {"Msvm_ConcreteJob": 1, "Msvm_MigrationJob": 0}


def test_a_job_about_a_state_is_not_cancelled(at: Desk) -> None:
    """It says so itself; KillJob is not supported (page of Msvm_ConcreteJob)."""
    job = job_of(at, "WEB01", 6)
    assert at.get(job)["Cancellable"] is False
    assert at.call(job, METHOD, RequestedState=4).return_value == 32774
    assert at.call(job, "KillJob").return_value == 32770


def shutdown_component(at: Desk, name: str) -> EndpointReference:
    """Return the EPR of a machine's shutdown service, as an enumeration gives it."""
    query = f"SELECT * FROM Msvm_ShutdownComponent WHERE SystemName = '{at.stage.vm(name).id}'"  # noqa: S608
    message = Enumerate(
        resource_uri=resource_uri("*"), query=query, mode=EnumerationMode.EPRS, optimize=True, max_elements=9
    )
    answer = at.send(message)
    assert isinstance(answer, EnumerateResponse)
    (reference_,) = answer.items or ()
    assert isinstance(reference_, EndpointReference)
    return reference_


def test_a_guest_is_shut_down_by_its_integration_service(at: Desk) -> None:
    """As libvirt and Stop-VM do: 0 at once, off a little later; a second call meanwhile is told so."""
    component = shutdown_component(at, "WEB01")
    answer = at.call(component, "InitiateShutdown", Force=False, Reason="patches")
    assert dict(answer.outputs) == {"ReturnValue": 0}
    assert at.stage.vm("WEB01").enabled_state == STOPPING
    assert at.call(component, "InitiateShutdown", Force=True, Reason="").return_value == 32782
    at.stage.pass_time(4, step=1)
    assert at.stage.vm("WEB01").enabled_state == OFF
    (line, _) = at.logged("request")
    assert (line["operation"], line["return_value"]) == ("InitiateShutdown", 0)


def test_a_guest_that_does_not_answer_is_not_ready(at: Desk) -> None:
    """And goes on."""
    component = shutdown_component(at, "WEB01")
    at.stage.vm("WEB01").heartbeat = False
    assert at.call(component, "InitiateShutdown", Force=False, Reason="").return_value == 32780
    assert at.stage.vm("WEB01").enabled_state == RUNNING

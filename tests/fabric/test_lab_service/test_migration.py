"""MigrateVirtualSystemToHost and the job that it starts, as a client sees them."""

# ruff: noqa: S608 - WQL, and the names in it are the tests' own

from __future__ import annotations

import threading
from typing import Any

import pytest

from hyperv_placement.wsman import (
    EndpointReference,
    Fault,
    GetResponse,
    Instance,
    Invoke,
    InvokeResponse,
    decode_embedded,
    encode_embedded,
    resource_uri,
)
from lab.world.faults import Fault as Rule
from lab.world.jobs import COMPLETED, EXCEPTION, KILLED, TERMINATED
from tests.unit.lab.conftest import estate, machine

from .conftest import Dialled, Maker, Wire, basic, envelope, keys, post, reference

SERVICE_CLASS = "Msvm_VirtualSystemMigrationService"
SERVICE = reference(SERVICE_CLASS, CreationClassName=SERVICE_CLASS)
METHOD = "MigrateVirtualSystemToHost"
SETTINGS, SYSTEM = "Msvm_VirtualSystemMigrationSettingData", "Msvm_VirtualSystemSettingData"
DISK = "Msvm_StorageAllocationSettingData"


def settings(kind: int, **more: Any) -> Instance:
    """Return MigrationSettingData."""
    return Instance(SETTINGS, {"MigrationType": kind, **more})


def order(wire: Wire, name: str, destination: str | None = "hv2", kind: int = 32771) -> dict[str, Any]:
    """Return the arguments that move everything of a machine, paths unchanged, as os-win sends them."""
    vm = wire.vm(name)
    client = wire.dial(vm.host)
    addresses = {} if destination is None else {"DestinationIPAddressList": ("10.0.0.12",)}
    (system,) = client.select(f"SELECT * FROM {SYSTEM} WHERE InstanceID = 'Microsoft:{vm.id}'")
    disks = client.select(f"SELECT * FROM {DISK} WHERE InstanceID LIKE 'Microsoft:{vm.id}%'")
    return {
        "ComputerSystem": reference("Msvm_ComputerSystem", **keys(vm.id)),
        "DestinationHost": destination,
        "MigrationSettingData": settings(kind, TransportType=5, **addresses),
        "NewSystemSettingData": given(system),
        "NewResourceSettingData": tuple(given(disk) for disk in disks),
    }


def given(row: Instance) -> Instance:
    """Return what is set in a row."""
    return Instance(
        row.class_name, {name: value for name, value in row.properties.items() if value is not None}
    )


def start(client: Dialled, arguments: dict[str, Any]) -> EndpointReference:
    """Call the method and expect a job."""
    answer = client.call(SERVICE, METHOD, **arguments)
    assert list(answer.outputs) == ["Job", "ReturnValue"]
    assert answer.return_value == 4096
    job = answer.outputs["Job"]
    assert isinstance(job, EndpointReference)
    assert set(job.selectors) == {"InstanceID"}
    return job


def read(client: Dialled, job: EndpointReference) -> Instance:
    """Get a job."""
    answer = client.get(job.class_name, **job.selectors)
    assert isinstance(answer, GetResponse), answer
    return answer.instance


def follow(wire: Wire, client: Dialled, job: EndpointReference) -> list[Instance]:
    """Poll a job to its end, the world's time passing in between, and return each reading."""
    readings = [read(client, job)]
    for _ in range(200):
        if readings[-1].number("JobState") in {COMPLETED, EXCEPTION, KILLED, TERMINATED}:
            return readings
        wire.pass_time(0.2)
        readings.append(read(client, job))
    pytest.fail("the job does not end")


def test_a_migration_from_start_to_completed(wire: Wire) -> None:
    """Job 4096, percent that only grows, the planned machine meanwhile, and the machine on the other host."""
    vm, client, there = wire.vm("WEB01"), wire.dial(), wire.dial("hv2")
    job = start(client, order(wire, "WEB01"))
    states, percents, planned, activities = [], [], 0, set()
    for _ in range(200):
        row = read(client, job)
        states.append(row.number("JobState"))
        percents.append(row.number("PercentComplete") or 0)
        if states[-1] == COMPLETED:
            break
        planned += len(there.select("SELECT * FROM Msvm_PlannedComputerSystem"))
        here = client.get("Msvm_ComputerSystem", **keys(vm.id))
        if isinstance(here, GetResponse):
            assert here.instance.number("EnabledState") == 2
            activities.add(here.instance.many("OperationalStatus"))
        wire.pass_time(0.2)
    assert states[0] in {2, 3}
    assert states[-1] == COMPLETED
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert planned > 0
    assert {(2,), (2, 32774), (2, 32778)} <= activities
    assert isinstance(client.get("Msvm_ComputerSystem", **keys(vm.id)), Fault)
    assert isinstance(there.get("Msvm_ComputerSystem", **keys(vm.id)), GetResponse)
    assert there.select("SELECT * FROM Msvm_PlannedComputerSystem") == []
    assert wire.world.state.violations == []


def test_a_job_s_row(wire: Wire) -> None:
    """Who, what, whereto, and times, in the forms that were recorded of a storage job."""
    vm, client = wire.vm("WEB01"), wire.dial()
    job = start(client, order(wire, "WEB01", "hv2.lab.example"))
    wire.pass_time(1)
    row = read(client, job)
    assert row["VirtualSystemName"] == vm.id
    assert row["DestinationHost"] == "hv2.lab.example"
    assert row["Owner"] == "LAB\\administrator"
    assert (row["JobState"], row["JobType"], row["MigrationType"]) == (4, 306, 32771)
    assert (row["ErrorCode"], row["ErrorDescription"]) == (0, "")
    assert row.many("OperationalStatus") == (2,)
    assert len(row.many("NewResourceSettingData")) == 2
    texts = [decode_embedded(text) for text in row.many("NewResourceSettingData")]
    assert {text.many("HostResource")[0] for text in texts} == {disk.path for disk in vm.disks}
    last = follow(wire, client, job)[-1]
    assert last.many("OperationalStatus") == (17, 2)
    assert last["Cancellable"] is False


def test_an_ended_job_stays_five_minutes(wire: Wire) -> None:
    """Then Get fails as for any instance that is not there."""
    client = wire.dial()
    job = start(client, order(wire, "WEB01"))
    follow(wire, client, job)
    wire.pass_time(290)
    assert read(client, job)["JobState"] == COMPLETED
    wire.pass_time(20)
    answer = client.get(job.class_name, **job.selectors)
    assert isinstance(answer, Fault)
    assert answer.subcode == "DestinationUnreachable"


def test_storage_alone(wire: Wire) -> None:
    """32769 without DestinationHost: one disk of two to another volume, the roots as they are."""
    vm, client = wire.vm("WEB01"), wire.dial()
    arguments = order(wire, "WEB01", None, 32769)
    moving = next(
        each for each in arguments["NewResourceSettingData"] if "os" in each.many("HostResource")[0]
    )
    arguments["NewSystemSettingData"] = None
    arguments["NewResourceSettingData"] = (moving.replace(HostResource=("E:\\VMs\\WEB01\\os.vhdx",)),)
    job = start(client, arguments)
    row = follow(wire, client, job)[-1]
    assert row["JobState"] == COMPLETED
    assert row["DestinationHost"] is None
    assert {disk.path for disk in wire.vm("WEB01").disks} == {
        "E:\\VMs\\WEB01\\os.vhdx", "D:\\Hyper-V\\WEB01\\data.vhdx",
    }  # fmt: skip
    assert wire.vm("WEB01").roots == vm.roots


def test_host_alone(wire: Wire) -> None:
    """32768 with everything on a share: no texts of settings at all."""
    client, vm = wire.dial(), wire.vm("SHARED01")
    job = start(
        client,
        {
            "ComputerSystem": reference("Msvm_ComputerSystem", Name=vm.id),
            "DestinationHost": "HV3",
            "MigrationSettingData": settings(32768),
            "NewSystemSettingData": None,
            "NewResourceSettingData": None,
        },
    )
    assert follow(wire, client, job)[-1]["JobState"] == COMPLETED
    assert wire.vm("SHARED01").host == "hv3"


def test_a_failed_job_tells_why(wire: Wire) -> None:
    """JobState 10, ErrorCode 32768, and an embedded Msvm_Error for each cause, outermost first."""
    client = wire.dial()
    arguments = order(wire, "WEB01", "nowhere.lab.example")
    job = start(client, arguments)
    row = follow(wire, client, job)[-1]
    assert (row["JobState"], row["ErrorCode"]) == (EXCEPTION, 32768)
    assert wire.vm("WEB01").id in row.text("ErrorDescription")
    answer = client.call(job, "GetErrorEx")
    errors = answer.outputs["Errors"]
    assert isinstance(errors, tuple)
    messages = [decode_embedded(str(text)).text("Message") for text in errors]
    assert "failed at migration source 'HV1'" in messages[0]
    assert "0x80072AF9" in messages[-1]
    first = client.call(job, "GetError")
    error = decode_embedded(str(first.outputs["Error"]))
    assert (error["MessageID"], error["OwningEntity"]) == ("21024", "Microsoft-Windows-Hyper-V-VMMS")
    assert error["ErrorSourceFormat"] == 0
    assert list(error.properties) == sorted(error.properties, key=str.casefold)


def test_a_job_without_errors_has_none(wire: Wire) -> None:
    """GetError of a running job is NULL, GetErrorEx empty."""
    client = wire.dial()
    job = start(client, order(wire, "WEB01"))
    assert client.call(job, "GetError").outputs == {"Error": None, "ReturnValue": 0}
    assert client.call(job, "GetErrorEx").outputs == {"ReturnValue": 0}


@pytest.mark.parametrize(("state", "ends"), [(4, TERMINATED), (5, KILLED)])
def test_a_job_can_be_stopped(wire: Wire, state: int, ends: int) -> None:
    """RequestStateChange 4 or 5: the job ends, the machine stays."""
    client = wire.dial()
    job = start(client, order(wire, "WEB01"))
    wire.pass_time(1)
    answer = client.call(job, "RequestStateChange", RequestedState=state, TimeoutPeriod=None)
    assert answer.return_value == 0
    assert follow(wire, client, job)[-1]["JobState"] == ends
    assert wire.vm("WEB01").host == "hv1"
    assert client.call(job, "RequestStateChange", RequestedState=2).return_value == 32773
    assert client.call(job, "KillJob").return_value == 32770


def test_a_job_that_is_about_to_switch_cannot_be_stopped(wire: Wire) -> None:
    """Cancellable is false then, the request is refused as in use, and the machine arrives."""
    client = wire.dial()
    wire.world.faults.add(Rule(id=0, kind="stall", vm=wire.vm("WEB01").id, after=96))
    job = start(client, order(wire, "WEB01"))
    wire.pass_time(30)
    assert read(client, job)["Cancellable"] is False
    assert client.call(job, "RequestStateChange", RequestedState=4, TimeoutPeriod=None).return_value == 32774
    wire.world.faults.clear()
    assert follow(wire, client, job)[-1]["JobState"] == COMPLETED
    assert wire.vm("WEB01").host == "hv2"


def refused(wire: Wire, arguments: dict[str, Any]) -> int | None:
    """Call the method, expect no job, and return the ReturnValue."""
    answer = wire.dial().call(SERVICE, METHOD, **arguments)
    assert answer.outputs["Job"] is None
    assert wire.world.jobs() == []
    assert wire.world.state.violations
    return answer.return_value


def changed(arguments: dict[str, Any], name: str, old: str, new: str) -> dict[str, Any]:
    """Replace something in the text of an embedded argument."""
    text = encode_embedded(arguments[name])
    assert old in text
    return {**arguments, name: text.replace(old, new)}


@pytest.mark.parametrize("kind", [32768, 32771])
def test_a_move_to_a_host_needs_its_name(wire: Wire, kind: int) -> None:
    """Without DestinationHost: 32773."""
    arguments = order(wire, "SHARED01", None, kind)
    if kind == 32768:
        arguments |= {"NewSystemSettingData": None, "NewResourceSettingData": None}
    assert refused(wire, arguments) == 32773


def test_a_storage_move_must_not_name_a_host(wire: Wire) -> None:
    """DestinationHost with 32769: 32773."""
    assert refused(wire, order(wire, "WEB01", "hv2", 32769)) == 32773


@pytest.mark.parametrize("vm_id", ["00000000-0000-0000-0000-000000000000", "HV1"])
def test_a_machine_that_is_not_there(wire: Wire, vm_id: str) -> None:
    """Neither another GUID nor the host itself can be migrated."""
    arguments = order(wire, "WEB01") | {"ComputerSystem": reference("Msvm_ComputerSystem", **keys(vm_id))}
    assert refused(wire, arguments) == 32773


SPOILT = [
    ("MigrationSettingData", 'NAME="TransportType"', 'NAME="TransportKind"', 32773),
    ("MigrationSettingData", 'TYPE="uint16"', 'TYPE="string"', 32773),
    ("MigrationSettingData", ' TYPE="uint16"', "", 32773),
    ("MigrationSettingData", f'CLASSNAME="{SETTINGS}"', 'CLASSNAME="Msvm_Other"', 32773),
    ("MigrationSettingData", "<VALUE>32771</VALUE>", "<VALUE>many</VALUE>", 32773),
    ("MigrationSettingData", "<VALUE>5</VALUE>", "<VALUE>7</VALUE>", 32773),
    ("MigrationSettingData", "</INSTANCE>", "", 32773),
    (
        "MigrationSettingData",
        '<PROPERTY NAME="MigrationType" TYPE="uint16"><VALUE>32771</VALUE></PROPERTY>',
        "",
        32773,
    ),
    ("NewSystemSettingData", "<VALUE>WEB01</VALUE>", "<VALUE>A &amp; B</VALUE>", 32768),
    ("NewSystemSettingData", "<VALUE>WEB01</VALUE>", "<VALUE>A &lt; B</VALUE>", 32773),
    ("NewSystemSettingData", "<VALUE>Microsoft:", "<VALUE>Microsoft:0", 32773),
]


@pytest.mark.parametrize(("name", "old", "new", "expected"), SPOILT)
def test_texts_that_are_wrong(wire: Wire, name: str, old: str, new: str, expected: int) -> None:
    """Unknown classes and properties, wrong types, broken text, and the entities that real hosts refuse."""
    assert refused(wire, changed(order(wire, "WEB01"), name, old, new)) == expected


def test_numeric_references_pass(wire: Wire) -> None:
    """What real hosts take of special characters starts a job."""
    arguments = changed(
        order(wire, "WEB01"), "NewSystemSettingData", "<VALUE>WEB01<", "<VALUE>A &#38; &#60;<"
    )
    start(wire.dial(), arguments)


def test_host_resource_must_be_an_array(wire: Wire) -> None:
    """A scalar HostResource is 32773."""
    arguments = order(wire, "WEB01")
    texts = [encode_embedded(disk) for disk in arguments["NewResourceSettingData"]]
    spoilt = texts[0].replace('<PROPERTY.ARRAY NAME="HostResource" TYPE="string"><VALUE.ARRAY>',
                              '<PROPERTY NAME="HostResource" TYPE="string">')  # fmt: skip
    spoilt = spoilt.replace("</VALUE.ARRAY></PROPERTY.ARRAY>", "</PROPERTY>", 1)
    assert spoilt != texts[0]
    assert refused(wire, arguments | {"NewResourceSettingData": (spoilt, texts[1])}) == 32773


def test_a_disk_of_another_machine(wire: Wire) -> None:
    """NewResourceSettingData may name the machine's own disks only, each once."""
    mine, other = order(wire, "WEB01"), order(wire, "OFF01")
    disks = mine["NewResourceSettingData"]
    foreign = {**mine, "NewResourceSettingData": (*disks, *other["NewResourceSettingData"])}
    assert refused(wire, foreign) == 32773
    assert refused(wire, {**mine, "NewResourceSettingData": (*disks, disks[0])}) == 32773


def test_system_properties_are_taken(wire: Wire) -> None:
    """Texts with __PATH and __SERVER were accepted by a real host."""
    extra = (
        '<PROPERTY NAME="__PATH" CLASSORIGIN="___SYSTEM" TYPE="string"><VALUE>x</VALUE></PROPERTY></INSTANCE>'
    )
    start(wire.dial(), changed(order(wire, "WEB01"), "NewSystemSettingData", "</INSTANCE>", extra))


def fault_of(wire: Wire, old: str, new: str) -> Fault:
    """Spoil the envelope of a good order and expect a fault."""
    text = envelope(Invoke(target=SERVICE, method=METHOD, arguments=order(wire, "WEB01")))
    assert old in text
    answer = wire.dial().post(text.replace(old, new).encode())
    assert isinstance(answer, Fault), answer
    assert wire.world.jobs() == []
    return answer


def test_a_wrapped_reference_is_a_schema_error(wire: Wire) -> None:
    """An a:EndpointReference around a reference's content (r4sd/go-wsman hyperv/epr.go)."""
    text = envelope(Invoke(target=SERVICE, method=METHOD, arguments=order(wire, "WEB01")))
    inner = text.partition("<p:ComputerSystem>")[2].partition("</p:ComputerSystem>")[0]
    fault = fault_of(wire, inner, f"<a:EndpointReference>{inner}</a:EndpointReference>")
    assert fault.subcode == "SchemaValidationError"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<p:DestinationHost>hv2</p:DestinationHost>", "<p:Destination>hv2</p:Destination>"),
        ("<p:DestinationHost>hv2</p:DestinationHost>", "<p:DestinationHost><p:x/></p:DestinationHost>"),
        ("MigrateVirtualSystemToHost_INPUT", "Migrate_INPUT"),
    ],
)
def test_a_body_of_another_shape_is_a_schema_error(wire: Wire, old: str, new: str) -> None:
    """Unknown parameters, element trees instead of text, and another element than METHOD_INPUT."""
    assert fault_of(wire, old, new).subcode == "SchemaValidationError"


def test_an_element_tree_instead_of_text_is_a_schema_error(wire: Wire) -> None:
    """A WS-CIM instance in place of CIM-XML text (r4sd/go-wsman issue 81)."""
    text = envelope(Invoke(target=SERVICE, method=METHOD, arguments=order(wire, "WEB01")))
    inner = text.partition("<p:MigrationSettingData>")[2].partition("</p:MigrationSettingData>")[0]
    tree = f"<p:{SETTINGS}><p:MigrationType>32771</p:MigrationType></p:{SETTINGS}>"
    assert fault_of(wire, inner, tree).subcode == "SchemaValidationError"


@pytest.mark.parametrize(
    ("selectors", "subcode"),
    [
        ({}, "InternalError"),
        ({"InstanceID": "x"}, "InvalidSelectors"),
        ({"CreationClassName": "Msvm_Other"}, "DestinationUnreachable"),
    ],
)
def test_the_service_wants_a_selector(wire: Wire, selectors: dict[str, str], subcode: str) -> None:
    """None: an error of the provider; a wrong name or value: a fault."""
    target = EndpointReference(resource_uri(SERVICE_CLASS), selectors)
    fault = wire.dial().fault(Invoke(target=target, method=METHOD, arguments=order(wire, "WEB01")))
    assert fault.subcode == subcode


def test_an_unknown_method_is_not_supported(wire: Wire) -> None:
    """No such method on the service."""
    fault = wire.dial().fault(Invoke(target=SERVICE, method="Teleport"))
    assert fault.subcode == "ActionNotSupported"


def test_what_changes_something_is_logged_and_reads_are_counted(wire: Wire) -> None:
    """The log has who, from where and what; reading leaves no line but a count."""
    client = wire.dial()
    arguments = order(wire, "WEB01")
    assert '"request"' not in wire.log()
    start(client, arguments)
    (line,) = [line for line in wire.log().splitlines() if '"request"' in line]
    for word in (METHOD, wire.vm("WEB01").id, "127.0.0.1", "LAB\\\\administrator", "4096"):
        assert word in line
    counts = wire.servers.counts()["hv1"]
    assert counts["Enumerate"] == 2
    assert counts[METHOD] == 1


def test_disks_are_described(wire: Wire) -> None:
    """Size of the file, kind and parent of a disk; a path that leads nowhere is File Not Found."""
    class_name = "Msvm_ImageManagementService"
    service, client = reference(class_name, CreationClassName=class_name), wire.dial()
    disk = wire.vm("SNAP01").disks[0]
    state = client.call(service, "GetVirtualHardDiskState", Path=disk.path.upper())
    assert decode_embedded(str(state.outputs["State"])).number("FileSize") == disk.size_bytes
    data = client.call(service, "GetVirtualHardDiskSettingData", Path=disk.path)
    described = decode_embedded(str(data.outputs["SettingData"]))
    assert (described["Type"], described["ParentPath"]) == (4, disk.parent_path)
    plain = client.call(service, "GetVirtualHardDiskSettingData", Path=wire.vm("WEB01").disks[0].path)
    assert decode_embedded(str(plain.outputs["SettingData"]))["Type"] == 3
    for path in ("D:\\nowhere.vhdx", "nonsense", "D:\\..\\x"):
        assert client.call(service, "GetVirtualHardDiskState", Path=path).return_value == 32779


def test_the_limit_fails_the_job_that_is_too_many(make_wire: Maker) -> None:
    """Two live migrations run; the third is a job that ends in Exception with the limit's text."""
    wire = make_wire(estate(*(machine(f"VM{number}") for number in range(3))))
    client = wire.dial()
    jobs = [start(client, order(wire, f"VM{number}")) for number in range(3)]
    ends = [follow(wire, client, job)[-1] for job in jobs]
    assert [end["JobState"] for end in ends] == [COMPLETED, COMPLETED, EXCEPTION]
    assert "limit '2' was reached" in ends[2].text("ErrorSummaryDescription")


def test_two_clients_at_once(wire: Wire) -> None:
    """Each with a connection of its own, both get their own answers."""
    wanted = {"hv1": "HV1", "hv2": "HV2"}
    found: dict[str, set[str]] = {host: set() for host in wanted}
    errors: list[BaseException] = []

    def ask(host: str, client: Dialled) -> None:
        try:
            for _ in range(25):
                answer = client.get("Msvm_ComputerSystem", **keys(wanted[host]))
                assert isinstance(answer, GetResponse)
                found[host].add(answer.instance.text("Name"))
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(host, wire.dial(host))) for host in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert found == {host: {name} for host, name in wanted.items()}


def test_outputs_stand_in_order_with_nil(wire: Wire) -> None:
    """Out parameters in MOF order, ReturnValue last, NULL as nil; the element has no xsi:type."""
    arguments = order(wire, "WEB01", None)
    text = envelope(Invoke(target=SERVICE, method=METHOD, arguments=arguments))
    _, body = post(wire.connect(), text.encode(), Authorization=basic(wire))
    content = body.decode().partition("<s:Body>")[2]
    assert content.startswith(f"<p:{METHOD}_OUTPUT xmlns:xsi=")
    assert '<p:Job xsi:nil="true"/><p:ReturnValue>32773</p:ReturnValue></p:' in content
    assert isinstance(wire.dial().post(text.encode()), InvokeResponse)

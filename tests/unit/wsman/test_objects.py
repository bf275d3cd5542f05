"""Objects inside answers: typed, untyped, an element of their class, and escaped text say the same."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import ProtocolError
from hyperv_placement.hyperv.cluster import view_of
from hyperv_placement.hyperv.compatibility import vectors_in
from hyperv_placement.hyperv.rows import job_of
from hyperv_placement.model.estate import Vector
from hyperv_placement.wsman import (
    MSCLUSTER,
    Fragment,
    GetResponse,
    Instance,
    InvokeResponse,
    PullResponse,
    Unreadable,
    Value,
    decode_response,
    encode_response,
    names,
    objects_in,
    resource_uri,
)
from hyperv_placement.wsman.xml import escaped
from tests.estates import guid

SERVICE = resource_uri("Msvm_VirtualSystemMigrationService")
RESOURCE = resource_uri("MSCluster_Resource", MSCLUSTER)
FORMS = ("typed element", "untyped element", "element of the class", "escaped text", "escaped element")


def embedded(form: str, element: str, class_name: str, namespace: str, values: dict[str, str]) -> str:
    """Return an element with an object of `values` in one of the forms."""
    uri = resource_uri(class_name, namespace)
    inner = "".join(f"<n1:{name}>{text}</n1:{name}>" for name, text in sorted(values.items()))
    whole = f'<n1:{class_name} xmlns:n1="{uri}">{inner}</n1:{class_name}>'
    match form:
        case "typed element":
            return f'<p:{element} xmlns:n1="{uri}" xsi:type="n1:{class_name}_Type">{inner}</p:{element}>'
        case "untyped element":
            return f'<p:{element} xmlns:n1="{uri}">{inner}</p:{element}>'
        case "element of the class":
            return f"<p:{element}>{whole}</p:{element}>"
        case "escaped element":
            return f"<p:{element}>{escaped(whole)}</p:{element}>"
        case _:
            listed = "".join(
                f'<PROPERTY NAME="{name}" TYPE="{"uint32" if text.isdigit() else "string"}"><VALUE>{text}</VALUE></PROPERTY>'
                for name, text in sorted(values.items())
            )
            text = f'<INSTANCE CLASSNAME="{class_name}">{listed}</INSTANCE>'
            return f"<p:{element}>{escaped(text)}</p:{element}>"


def envelope(body: str) -> bytes:
    """Return an answer with this body."""
    return (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:a="{names.ADDRESSING}" xmlns:n="{names.ENUMERATION}"'
        f' xmlns:xsi="{names.XSI}" xmlns:cim="{names.CIM}"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def output(name: str, content: str) -> Value:
    """Return an out parameter of a method of the migration service."""
    read = decode_response(envelope(f'<p:M_OUTPUT xmlns:p="{SERVICE}">{content}</p:M_OUTPUT>'))
    assert isinstance(read, InvokeResponse)
    return read.outputs.get(name)


def vectors(form: str, *numbers: int) -> Value:
    """Return GetSystemCompatibilityVectors' out parameter with so many vectors."""
    content = "".join(
        embedded(
            form,
            "CompatibilityVectors",
            "Msvm_CompatibilityVector",
            names.VIRTUALIZATION,
            {"VectorId": str(number), "CompareOperation": "2", "CompatibilityInfo": "123"},
        )
        for number in numbers
    )
    return output("CompatibilityVectors", content)


@pytest.mark.parametrize("form", FORMS)
def test_vectors_are_the_same_in_every_form(form: str) -> None:
    """They are objects (win32 GetSystemCompatibilityVectors); how WS-Management carries them nobody has published."""
    assert vectors_in(vectors(form, 1)) == (Vector(id=1, operation=2, value=123),)
    assert vectors_in(vectors(form, 1, 2)) == tuple(Vector(id=i, operation=2, value=123) for i in (1, 2))


def test_vectors_within_one_element_are_an_array() -> None:
    """As an array parameter of elements of the class would be."""
    one = f'<n1:Msvm_CompatibilityVector xmlns:n1="{resource_uri("Msvm_CompatibilityVector")}">'
    each = "".join(
        f"{one}<n1:CompareOperation>2</n1:CompareOperation><n1:CompatibilityInfo>9</n1:CompatibilityInfo>"
        f"<n1:VectorId>{number}</n1:VectorId></n1:Msvm_CompatibilityVector>"
        for number in (1, 2)
    )
    found = vectors_in(output("V", f"<p:V>{each}</p:V>"))
    assert found == tuple(Vector(id=i, operation=2, value=9) for i in (1, 2))


def test_a_vector_in_the_namespace_of_the_method_is_one() -> None:
    """Where nothing names the class, the parameter's own decides how the properties are read."""
    inner = "<p:CompareOperation>2</p:CompareOperation><p:CompatibilityInfo>9</p:CompatibilityInfo><p:VectorId>1</p:VectorId>"
    assert vectors_in(output("V", f"<p:V>{inner}</p:V>")) == (Vector(id=1, operation=2, value=9),)


@pytest.mark.parametrize("form", FORMS)
def test_one_vector_that_cannot_be_read_makes_all_unknown(form: str) -> None:
    """A number that is none, beside one that is."""
    broken = embedded(
        form, "V", "Msvm_CompatibilityVector", names.VIRTUALIZATION,
        {"VectorId": "one", "CompareOperation": "2", "CompatibilityInfo": "1"},
    )  # fmt: skip
    good = embedded(
        form, "V", "Msvm_CompatibilityVector", names.VIRTUALIZATION,
        {"VectorId": "1", "CompareOperation": "2", "CompatibilityInfo": "1"},
    )  # fmt: skip
    assert vectors_in(output("V", good)) is not None
    assert vectors_in(output("V", good + broken)) is None


@pytest.mark.parametrize("form", FORMS)
def test_a_role_is_the_same_in_every_form(form: str) -> None:
    """PrivateProperties is an object of a class made at run time (dsccommunity/SqlServerDsc issue 484)."""
    private = embedded(
        form, "PrivateProperties", "MSCluster_Property_Resource_Virtual_Machine", MSCLUSTER,
        {"CheckHeartbeat": "1", "VmID": guid(1).lower()},
    )  # fmt: skip
    row = (
        f'<p:MSCluster_Resource xmlns:p="{RESOURCE}"><p:Name>SCVMM WEB01</p:Name><p:OwnerNode>HV1</p:OwnerNode>'
        f"{private}<p:Type>Virtual Machine</p:Type></p:MSCluster_Resource>"
    )
    page = decode_response(
        envelope(f"<n:PullResponse><n:Items>{row}</n:Items><n:EndOfSequence/></n:PullResponse>")
    )
    assert isinstance(page, PullResponse)
    (item,) = page.items
    assert isinstance(item, Instance)
    view = view_of("CL1", [item], "HV1").beside(["renamed"])
    assert view.holds(guid(1), "renamed") is True
    assert view.holds(guid(2), "other") is False


@pytest.mark.parametrize("form", FORMS)
def test_a_volume_in_the_private_properties_is_no_machine(form: str) -> None:
    """A role that shows the GUID of a volume and no VmID identifies nobody: all machines of its node stay in doubt."""
    private = embedded(
        form, "PrivateProperties", "MSCluster_Property_Resource_Virtual_Machine", MSCLUSTER,
        {"DependsOnSharedVolumes": guid(70), "CheckHeartbeat": "1"},
    )  # fmt: skip
    row = (
        f'<p:MSCluster_Resource xmlns:p="{RESOURCE}"><p:Name>Virtual Machine former name</p:Name>'
        f"<p:OwnerNode>HV1</p:OwnerNode>{private}</p:MSCluster_Resource>"
    )
    read = decode_response(envelope(row))
    assert isinstance(read, GetResponse)
    assert view_of("CL1", [read.instance], "HV1").beside(["web"]).holds(guid(1), "web") is None


def test_a_summary_is_read_as_virt_who_reads_it() -> None:
    """Properties in the namespace of Msvm_SummaryInformation (virt-who hyperv.py, Invoke_GetSummaryInformation)."""
    values = {"Name": guid(1), "EnabledState": "2"}
    content = embedded(
        "untyped element", "SummaryInformation", "Msvm_SummaryInformation", names.VIRTUALIZATION, values
    )
    (summary,) = objects_in(output("SummaryInformation", content), "Msvm_SummaryInformation")
    assert (summary.class_name, summary["Name"], summary["EnabledState"]) == (
        "Msvm_SummaryInformation",
        guid(1),
        2,
    )


@pytest.mark.parametrize("value", ["no XML", "<a/>", 7, True])
def test_what_is_no_object_is_refused(value: Value) -> None:
    """Whoever asks for an object must not take something else for it."""
    with pytest.raises(ProtocolError):
        objects_in(value, "Msvm_CompatibilityVector")


@pytest.mark.parametrize("value", [None, ""])
def test_no_object_is_none(value: Value) -> None:
    """NULL, and the empty text that a host writes for it."""
    assert objects_in(value, "Msvm_CompatibilityVector") == ()


def test_an_object_is_written_with_its_class_and_read_back() -> None:
    """Also one without properties, one within another, and several."""
    inner = Instance("Msvm_CompatibilityVector", {"VectorId": 1, "CompatibilityInfo": None})
    empty = Instance("Msvm_CompatibilityVector")
    message = InvokeResponse(
        resource_uri=SERVICE,
        method="M",
        outputs={"One": inner, "Two": (inner, empty), "Outer": Instance("X_Y", {"Of": inner})},
    )
    read = decode_response(encode_response(message, relates_to="uuid:1", message_id="2"))
    assert isinstance(read, InvokeResponse)
    assert dict(read.outputs) == dict(message.outputs)


ROW = Instance("Msvm_ComputerSystem", {"ElementName": "web", "ReplicationMode": "many", "ProcessID": 7})


def test_a_number_that_is_none_leaves_the_rest_of_an_answer() -> None:
    """It is kept as it came, and written so again; whoever needs the number is refused, for it is not NULL."""
    written = encode_response(GetResponse(instance=ROW), relates_to="uuid:1", message_id="2")
    read = decode_response(written)
    assert isinstance(read, GetResponse)
    row = read.instance
    assert (row["ElementName"], row.number("ProcessID")) == ("web", 7)
    assert isinstance(row.properties["ReplicationMode"], Unreadable)
    assert row.text("ReplicationMode") == "many"
    for reading in (row.number, row.flag, row.many, row.get, row.__getitem__):
        with pytest.raises(ProtocolError, match="ReplicationMode of Msvm_ComputerSystem is 'many'"):
            reading("ReplicationMode")
    assert encode_response(GetResponse(instance=row), relates_to="uuid:1", message_id="2") == written


def test_a_job_whose_percentage_cannot_be_read_is_still_a_job() -> None:
    """How far it is decides nothing; in which state it is does."""
    values: dict[str, Value] = {
        "InstanceID": "A", "VirtualSystemName": guid(1), "PercentComplete": "most", "JobState": 4,
    }  # fmt: skip
    written = encode_response(
        GetResponse(instance=Instance("Msvm_MigrationJob", values)), relates_to="uuid:1", message_id="2"
    )
    read = decode_response(written)
    assert isinstance(read, GetResponse)
    job = job_of(read.instance)
    assert job is not None
    assert (job.percent, job.state) == (0, 4)
    with pytest.raises(ProtocolError):
        job_of(read.instance.replace(JobState=Unreadable("done")))


def test_a_row_of_a_projection_keeps_what_can_be_read() -> None:
    """A machine's name, beside a number that is none."""
    row = Fragment({"ElementName": "web", "EnabledState": "on"}).typed("Msvm_ComputerSystem")
    assert row["ElementName"] == "web"
    with pytest.raises(ProtocolError):
        row.number("EnabledState")

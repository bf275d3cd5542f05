"""Enumerate, Pull and Release: contexts, pages, and the forms of an answer."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    EnumerationMode,
    Fault,
    Fragment,
    Instance,
    InstanceWithReference,
    Pull,
    PullResponse,
    Release,
    ReleaseResponse,
    catalogue,
    resource_uri,
)
from lab.estate.generated import generate

from .conftest import Dialled, Maker, Wire, basic, envelope, post

SYSTEMS = resource_uri("Msvm_ComputerSystem")
ALL = resource_uri("*")


def begin(client: Dialled, uri: str = SYSTEMS, **how: object) -> EnumerateResponse:
    """Start an enumeration."""
    answer = client.send(Enumerate(resource_uri=uri, **how))  # type: ignore[arg-type]
    assert isinstance(answer, EnumerateResponse), answer
    return answer


def pull(client: Dialled, context: str | None, count: int | None = None, uri: str = SYSTEMS) -> PullResponse:
    """Pull a page."""
    answer = client.send(Pull(resource_uri=uri, context=context or "", max_elements=count))
    assert isinstance(answer, PullResponse), answer
    return answer


def test_a_plain_enumerate_brings_a_context_and_nothing_else(wire: Wire) -> None:
    """As recorded: no items, no end, no expiry."""
    text = envelope(Enumerate(resource_uri=SYSTEMS))
    _, body = post(wire.connect(), text.encode(), Authorization=basic(wire))
    content = body.decode().partition("<n:EnumerateResponse>")[2].partition("</n:EnumerateResponse>")[0]
    assert content.startswith("<n:EnumerationContext>uuid:")
    assert content.count("<") == 2


def test_pull_brings_one_item_and_a_new_context_each_time(wire: Wire) -> None:
    """Without MaxElements one item a Pull; the last comes with the end and without a context."""
    client = wire.dial()
    context, seen, names = begin(client).context, set[str](), []
    while context:
        assert context not in seen
        seen.add(context)
        page = pull(client, context)
        assert len(page.items) == 1
        assert isinstance(page.items[0], Instance)
        names.append(page.items[0].text("ElementName"))
        assert page.end == (page.context is None)
        context = page.context
    assert sorted(names) == sorted([*(vm.name for vm in wire.world.vms()), "HV1"])
    assert names != sorted(names), "an order that looks like a promise"


def test_a_context_is_good_once(wire: Wire) -> None:
    """The context before, and one that never was, are invalid."""
    client = wire.dial()
    context = begin(client).context
    pull(client, context)
    for stale in (context or "", "uuid:NEVER"):
        fault = client.fault(Pull(resource_uri=SYSTEMS, context=stale))
        assert (fault.code, fault.subcode) == ("Receiver", "InvalidEnumerationContext")
        assert fault.wsman_code == catalogue.INVALID_ENUMERATION_CONTEXT


def test_a_context_works_on_another_connection_of_the_same_account(wire: Wire) -> None:
    """The context belongs to the host, not to the connection."""
    context = begin(wire.dial()).context
    assert len(pull(wire.dial(), context).items) == 1


def test_contexts_expire(wire: Wire) -> None:
    """After EnumerationTimeoutms without a Pull the context is gone; each Pull renews it."""
    client = wire.dial()
    context = begin(client).context
    wire.seconds.passed += 59
    context = pull(client, context).context
    wire.seconds.passed += 59
    context = pull(client, context).context
    wire.seconds.passed += 61
    assert client.fault(Pull(resource_uri=SYSTEMS, context=context or "")).subcode == (
        "InvalidEnumerationContext"
    )


def test_release_ends_an_enumeration(wire: Wire) -> None:
    """A released context is invalid."""
    client = wire.dial()
    context = begin(client).context or ""
    assert isinstance(client.send(Release(resource_uri=SYSTEMS, context=context)), ReleaseResponse)
    assert isinstance(client.send(Pull(resource_uri=SYSTEMS, context=context)), Fault)


def test_max_elements_bounds_a_page(wire: Wire) -> None:
    """Four at a time of eleven: four, four, three."""
    client = wire.dial()
    context, sizes = begin(client, max_elements=4).context, []
    while context:
        page = pull(client, context, 4)
        sizes.append(len(page.items))
        context = page.context
    assert sizes == [4, 4, 3]


def test_optimised_with_room_for_all_ends_at_once(wire: Wire) -> None:
    """As on current hosts: items and end in the wsman namespace, an empty context."""
    text = envelope(Enumerate(resource_uri=SYSTEMS, optimize=True, max_elements=32000))
    _, body = post(wire.connect(), text.encode(), Authorization=basic(wire))
    assert b"<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext><w:Items><p:Msvm_" in body
    assert body.endswith(b"</w:Items><w:EndOfSequence/></n:EnumerateResponse></s:Body></s:Envelope>")


def test_optimised_with_more_to_come_brings_a_page_and_a_context(wire: Wire) -> None:
    """The first page comes with the answer, the rest by Pull; without MaxElements that page is one item."""
    client = wire.dial()
    for count, expected in ((5, 5), (None, 1)):
        first = begin(client, optimize=True, max_elements=count)
        assert len(first.items or ()) == expected
        assert first.context
        assert not first.end
        assert len(pull(client, first.context, 100).items) == 11 - expected


def test_nothing_to_enumerate(wire: Wire) -> None:
    """An empty result is an empty page with the end."""
    client, uri = wire.dial(), resource_uri("Msvm_MigrationJob")
    page = pull(client, begin(client, uri).context, uri=uri)
    assert (page.items, page.context, page.end) == ((), None, True)
    first = begin(client, uri, optimize=True, max_elements=10)
    assert (first.items, first.context, first.end) == ((), None, True)


@pytest.mark.parametrize("size", [153600, 512000])
def test_pages_end_near_half_of_the_envelope_in_characters(make_wire: Maker, size: int) -> None:
    """MaxEnvelopeSize counts UTF-16 bytes: 75 to 77 thousand characters at 153600."""
    wire = make_wire(generate(vms=300))
    connection, query = wire.connect(), "SELECT * FROM CIM_ResourceAllocationSettingData"
    request = Enumerate(resource_uri=ALL, query=query, optimize=True, max_elements=32000)
    text = envelope(request, max_envelope_size=size)
    _, body = post(connection, text.encode(), Authorization=basic(wire))
    assert size / 2 * 0.94 < len(body.decode()) <= size / 2
    found = [item.properties["InstanceID"] for item in wire.dial().select(query)]
    assert len(found) == len(set(found)) > 600


def test_an_item_that_does_not_fit_is_an_encoding_limit(wire: Wire) -> None:
    """One object larger than the envelope faults, and the enumeration goes on with a larger one."""
    client = wire.dial()
    uri = resource_uri("Msvm_VirtualSystemSettingData")
    context = begin(client, uri).context or ""
    fault = client.fault(Pull(resource_uri=uri, context=context), max_envelope_size=8192)
    assert fault.subcode == "EncodingLimit"
    assert len(pull(client, context, uri=uri).items) == 1


def test_references_instead_of_objects(wire: Wire) -> None:
    """EnumerateEPR: the keys alone, each of which can be read."""
    client = wire.dial()
    found = begin(client, mode=EnumerationMode.EPRS, optimize=True, max_elements=100).items or ()
    assert len(found) == 11
    for item in found:
        assert isinstance(item, EndpointReference)
        assert set(item.selectors) == {"CreationClassName", "Name"}
        answer = client.get("Msvm_ComputerSystem", **item.selectors)
        assert not isinstance(answer, Fault)


def test_objects_with_references(wire: Wire) -> None:
    """EnumerateObjectAndEPR: both, and they agree."""
    found = begin(wire.dial(), mode=EnumerationMode.OBJECTS_AND_EPRS, optimize=True, max_elements=100).items
    assert found
    for item in found:
        assert isinstance(item, InstanceWithReference)
        assert isinstance(item.instance, Instance)
        assert item.reference.selector("Name") == item.instance.text("Name")


def test_a_query_goes_to_the_wildcard_only(wire: Wire) -> None:
    """WQL on a class URI is refused (r4sd/go-wsman issue 80); Pull works on either URI (libvirt)."""
    client, query = wire.dial(), "SELECT Name FROM Msvm_ComputerSystem"
    fault = client.fault(Enumerate(resource_uri=SYSTEMS, query=query))
    assert (fault.subcode, fault.wsman_code) == ("CannotProcessFilter", catalogue.CANNOT_PROCESS_FILTER)
    for uri in (ALL, SYSTEMS):
        page = pull(client, begin(client, ALL, query=query).context, uri=uri)
        assert isinstance(page.items[0], Fragment)


def test_the_wildcard_without_a_query_is_no_class(wire: Wire) -> None:
    """`*` alone names nothing."""
    fault = wire.dial().fault(Enumerate(resource_uri=ALL))
    assert fault.subcode == "DestinationUnreachable"


def test_another_dialect_is_unavailable(wire: Wire) -> None:
    """Only WQL is served."""
    request = Enumerate(resource_uri=ALL, query="SELECT * FROM X", dialect="urn:other")
    assert wire.dial().fault(request).subcode == "FilterDialectRequestedUnavailable"


@pytest.mark.parametrize("namespace", ["root/nothing", "root/MSCluster"])
def test_a_namespace_that_is_not_there(wire: Wire, namespace: str) -> None:
    """An unknown namespace, and the cluster's on a host outside a cluster."""
    for name, query, subcode in (
        ("*", "SELECT * FROM MSCluster_Cluster", "CannotProcessFilter"),
        ("MSCluster_Cluster", None, "DestinationUnreachable"),
    ):
        request = Enumerate(resource_uri=resource_uri(name, namespace), query=query)
        assert wire.dial().fault(request).subcode == subcode

"""Subscriptions to the event log: each message both ways, and an entry as a real host was seen to send it (txwinrm, test/data_subscribe)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    LogEvent,
    Pull,
    PullResponse,
    Request,
    Response,
    Subscribe,
    SubscribeResponse,
    Unsubscribe,
    UnsubscribeResponse,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
    names,
)

QUERY = (
    '<QueryList><Query Path="System"><Select>*[System[EventID=1 and 1 &lt;= 2]]</Select></Query></QueryList>'
)
ENTRY = LogEvent(
    id=20418, record=7, time=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), channel="C & D", computer="hv1.lab.example",
    data=("A <b>", ""), message="moved",
)  # fmt: skip
SEEN = b"""<s:Envelope xml:lang="en-US" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>
<a:Action>http://schemas.xmlsoap.org/ws/2004/09/enumeration/PullResponse</a:Action>
<w:Bookmark><BookmarkList><Bookmark Channel="Application" IsCurrent="true" RecordId="12"/></BookmarkList></w:Bookmark>
</s:Header><s:Body><n:PullResponse><n:EnumerationContext>uuid:1</n:EnumerationContext><n:Items>
<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="P"/>
<EventID Qualifiers="0">1</EventID><Level>2</Level><Keywords>0x80000000000000</Keywords>
<TimeCreated SystemTime="2013-04-25T21:23:39.000000000Z"/><EventRecordID>12</EventRecordID>
<Channel>Application</Channel><Computer>HOST</Computer><Security UserID="S-1-5-18"/></System>
<UserData><Own xmlns="http://provider.example"><Name>x</Name><Id>42</Id></Own></UserData>
<RenderingInfo Culture="en-US"><Message>said</Message><Level>Error</Level></RenderingInfo></Event>
</n:Items></n:PullResponse></s:Body></s:Envelope>"""


@pytest.mark.parametrize(
    "message",
    [
        Subscribe(query=QUERY),
        Unsubscribe(identifier="885E-1"),
        Pull(resource_uri=names.EVENT_LOG, context="uuid:1"),
    ],
)
def test_a_request_is_read_as_it_was_meant(message: Request) -> None:
    """The log is the resource of each."""
    read = decode_request(encode_request(message, to="http://hv1/wsman", message_id="1"))
    assert read.header.resource_uri == names.EVENT_LOG
    assert read.header.unknown_mandatory == ()
    bare = type(message)(**{name: getattr(read, name) for name in message.__slots__ if name != "header"})
    assert bare == message


@pytest.mark.parametrize(
    "message",
    [
        SubscribeResponse(identifier="885E-1", context="uuid:1"),
        UnsubscribeResponse(),
        PullResponse(context="uuid:2", items=(ENTRY,)),
        PullResponse(context="uuid:2"),
    ],
)
def test_an_answer_is_read_as_it_was_meant(message: Response) -> None:
    """Names and texts of providers are only texts."""
    read = decode_response(encode_response(message, relates_to="uuid:1", message_id="2"))
    bare = type(message)(**{name: getattr(read, name) for name in message.__slots__ if name != "header"})
    assert bare == message


def test_an_entry_of_a_real_host_is_read() -> None:
    """With the provider's own data, whatever its namespace."""
    read = decode_response(SEEN)
    assert isinstance(read, PullResponse)
    (entry,) = read.items
    assert entry == LogEvent(
        id=1, record=12, time=datetime(2013, 4, 25, 21, 23, 39, tzinfo=UTC), channel="Application", computer="HOST",
        data=("x", "42"), message="said",
    )  # fmt: skip


@pytest.mark.parametrize(
    "cut", [b"<EventRecordID>12</EventRecordID>", b'SystemTime="2013-04-25T21:23:39.000000000Z"']
)
def test_an_entry_that_lacks_what_all_have_is_refused(cut: bytes) -> None:
    """It is no entry of a log."""
    with pytest.raises(ProtocolError):
        decode_response(SEEN.replace(cut, b""))

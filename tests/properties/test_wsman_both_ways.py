"""Decoding undoes encoding: requests, faults, values in both forms, embedded instances of any class."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    AssociationFilter,
    CimType,
    EndpointReference,
    Enumerate,
    EnumerationMode,
    Fault,
    Get,
    Instance,
    Invoke,
    ProviderFault,
    Pull,
    Release,
    Request,
    SelectorFilter,
    WsmanFault,
    decode_embedded,
    decode_request,
    decode_response,
    encode_embedded,
    encode_request,
    encode_response,
    names,
    resource_uri,
    wql,
)
from hyperv_placement.wsman.values import (
    cim_datetime,
    cim_interval,
    iso_datetime,
    iso_interval,
    text_to_value,
)

NAMES = st.from_regex(r"[A-Z_][A-Za-z0-9_]{0,9}", fullmatch=True)
TEXTS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
    )
    | st.sampled_from("<>&\"'\n\r\t\\%]"),
    max_size=20,
)  # fmt: skip
STRIPPED = TEXTS.map(str.strip)
MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=99_999_999))
URIS = st.builds(resource_uri, NAMES, st.sampled_from(["root/cimv2", "root/virtualization/v2"]))
KEYS = TEXTS.filter(lambda text: not {text[:1], text.rstrip(" \t")[-1:]} & {"\n", "\r"})
"""A key neither starts nor ends with a line: such is read as indentation."""
REFERENCES = st.recursive(
    st.builds(EndpointReference, URIS, st.dictionaries(NAMES, KEYS, max_size=3)),
    lambda inner: st.builds(EndpointReference, URIS, st.dictionaries(NAMES, KEYS | inner, max_size=3)),
    max_leaves=3,
)
SETTINGS = st.builds(
    Instance, NAMES, st.dictionaries(NAMES, st.none() | TEXTS | st.booleans() | MOMENTS | SPANS, max_size=4)
)
ARGUMENTS = st.none() | TEXTS | REFERENCES | MOMENTS | SPANS
COUNTS = st.none() | st.integers(1, 32000)
WORDS = TEXTS.filter(str.strip) | st.just("")
MACHINES = TEXTS.map(lambda text: " ".join(text.split()))
WSMAN_FAULTS = st.recursive(
    st.builds(WsmanFault, code=st.none() | st.integers(0, 2**32 - 1), machine=MACHINES, text=TEXTS),
    lambda inner: st.builds(
        WsmanFault, code=st.integers(0, 2**32 - 1), machine=MACHINES, text=WORDS,
        provider=st.builds(
            ProviderFault, provider=MACHINES, path=MACHINES, text=WORDS, inner=inner,
            extended=st.none() | st.builds(
                Instance, st.just("__ExtendedStatus"), st.dictionaries(NAMES, st.none() | TEXTS), st.just("root/cimv2"),
            ),
        ),
    ),
    max_leaves=3,
)  # fmt: skip
ERRORS = st.builds(
    Instance,
    st.just("MSFT_WmiError"),
    st.fixed_dictionaries({"Message": st.none() | TEXTS}, optional={"error_Code": st.integers(0, 2**32 - 1)}),
    st.just(""),
    st.just("http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"),
)
FILTERS = st.builds(
    SelectorFilter, selectors=st.dictionaries(NAMES, KEYS | REFERENCES, min_size=1, max_size=3)
) | st.builds(
    AssociationFilter, source=REFERENCES, associations=st.booleans(), association_class=STRIPPED, role=STRIPPED,
    result_class=STRIPPED, result_role=STRIPPED, properties=st.lists(NAMES, max_size=3).map(tuple),
)  # fmt: skip
REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.builds(Get, target=REFERENCES),
    st.builds(
        Enumerate, resource_uri=URIS, query=st.none() | STRIPPED, mode=st.sampled_from(EnumerationMode),
        optimize=st.booleans(), max_elements=COUNTS,
    ),
    st.builds(Enumerate, resource_uri=URIS, matching=FILTERS, mode=st.sampled_from(EnumerationMode)),
    st.builds(Pull, resource_uri=URIS, context=STRIPPED, max_elements=COUNTS),
    st.builds(Release, resource_uri=URIS, context=STRIPPED),
    st.builds(
        Invoke, target=REFERENCES, method=NAMES,
        arguments=st.dictionaries(
            NAMES, ARGUMENTS | st.lists(ARGUMENTS, min_size=2, max_size=3).map(tuple), max_size=4
        ),
    ),
)  # fmt: skip


def content(message: Request) -> dict[str, Any]:
    """Return a request's fields but for its headers."""
    return {name: getattr(message, name) for name in message.__slots__ if name != "header"}


@given(REQUESTS, STRIPPED, st.integers(1, 10**6), st.integers(1, 10**6))
def test_requests(message: Request, to: str, size: int, milliseconds: int) -> None:
    """What one side writes, the other reads, with the headers that decide."""
    timeout = timedelta(milliseconds=milliseconds)
    written = encode_request(
        message, to=to, message_id="1", max_envelope_size=size, operation_timeout=timeout, locale="de-DE"
    )
    read = decode_request(written)
    assert type(read) is type(message)
    assert content(read) == content(message)
    header = read.header
    assert (header.to, header.message_id, header.reply_to) == (to, "uuid:1", names.ANONYMOUS)
    assert (header.max_envelope_size, header.operation_timeout) == (size, timeout)
    assert (header.locale, header.locale_mandatory, header.unknown_mandatory) == ("de-DE", False, ())


@given(SETTINGS)
def test_instances_as_arguments(setting: Instance) -> None:
    """Through two escapings, of classes that nobody knows."""
    call = Invoke(
        target=EndpointReference(resource_uri("X")), method="M", arguments={"A": (setting, setting)}
    )
    read = decode_request(encode_request(call, to="t", message_id="1"))
    assert isinstance(read, Invoke)
    texts = read.arguments["A"]
    assert isinstance(texts, tuple)
    assert [decode_embedded(str(text)) for text in texts] == [setting, setting]


@given(SETTINGS)
def test_embedded_texts_hold_no_refused_reference(setting: Instance) -> None:
    """`&amp;` and `&lt;` in a value were refused (r4sd/go-wsman hyperv/embedded_escape_test.go)."""
    text = encode_embedded(setting)
    assert "&amp;" not in text
    assert "&lt;" not in text


@given(
    st.builds(
        Fault,
        code=st.sampled_from(["Sender", "Receiver"]),
        subcode=NAMES,
        subcode_namespace=st.sampled_from([names.ADDRESSING, names.ENUMERATION, names.WSMAN]),
        reason=TEXTS,
        detail_uri=STRIPPED,
        detail=st.none() | WSMAN_FAULTS | ERRORS,
        dialects=st.lists(STRIPPED, max_size=2).map(tuple),
        not_understood=NAMES,
    )
)
def test_faults(fault: Fault) -> None:
    """Every field, whatever the texts and however deep a provider's fault."""
    read = decode_response(encode_response(fault, relates_to="uuid:1", message_id="2", lang="de-DE"))
    assert isinstance(read, Fault)
    assert replace(read, header=fault.header) == fault
    assert (read.header.relates_to, read.header.action, read.header.lang) == ("uuid:1", fault.action, "de-DE")


@given(MOMENTS)
def test_moments(moment: datetime) -> None:
    """In both forms, to the microsecond."""
    for text in (iso_datetime(moment), cim_datetime(moment)):
        assert text_to_value(text, CimType.DATETIME) == moment


@given(SPANS)
def test_spans(span: timedelta) -> None:
    """In both forms, to the microsecond."""
    for text in (iso_interval(span), cim_interval(span)):
        assert text_to_value(text, CimType.INTERVAL) == span


def read_both_ways(sent: bytes) -> None:
    """Read as a request and as an answer; any error but ProtocolError comes through."""
    for decode in (decode_request, decode_response):
        with suppress(ProtocolError):
            decode(sent)


@given(st.binary(max_size=200) | TEXTS.map(str.encode))
def test_bytes_are_a_message_or_one_error(sent: bytes) -> None:
    """Nothing else ever comes out of the reader."""
    read_both_ways(sent)


FRAGMENTS = st.sampled_from([
    "<s:Fault>", "</s:Fault>", "<s:Detail/>", "<s:Code><s:Value>x:y</s:Value></s:Code>", "<n:Pull/>",
    "<n:PullResponse>", "</n:PullResponse>", "<n:Items>", "</n:Items>", "<w:XmlFragment>", "</w:XmlFragment>",
    "<w:Item/>", "<a:EndpointReference/>", "<q:M_INPUT>", "</q:M_INPUT>", "<q:M_OUTPUT>", "</q:M_OUTPUT>",
    "<q:Msvm_ComputerSystem>", "</q:Msvm_ComputerSystem>", "<q:EnabledState>2</q:EnabledState>",
    "<q:EnabledState/>", "<q:InstallDate>x</q:InstallDate>", "<a:ReferenceParameters/>", "text",
])  # fmt: skip


@given(
    st.sampled_from([names.PULL, names.ENUMERATE, names.GET, f"{resource_uri('X')}/M", ""]),
    st.lists(FRAGMENTS),
)
def test_bodies_of_any_shape_are_a_message_or_one_error(action: str, parts: list[str]) -> None:
    """Elements that are known, in places where they are not expected."""
    body = "".join(parts)
    sent = (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}" '
        f'xmlns:n="{names.ENUMERATION}" xmlns:q="{resource_uri("X")}"><s:Header><a:Action>{action}</a:Action>'
        f"<w:ResourceURI>{resource_uri('X')}</w:ResourceURI></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    read_both_ways(sent.encode())


@given(TEXTS)
def test_a_prefix_pattern_matches_only_itself(prefix: str) -> None:
    """LIKE's own characters are taken out of their meaning; only the last percent sign is one."""
    inside = wql.starts_with(prefix)[1:-1].replace("\\\\", "\\").replace("\\'", "'")
    assert inside.endswith("%")
    plain = inside[:-1]
    for character in "%_[":
        plain = plain.replace(f"[{character}]", character)
    assert plain == prefix

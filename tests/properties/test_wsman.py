"""Decoding undoes encoding."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.wsman import (
    CimType,
    EndpointReference,
    EnumerateResponse,
    Fragment,
    GetResponse,
    Instance,
    InvokeResponse,
    PullResponse,
    decode_embedded,
    decode_response,
    encode_embedded,
    encode_response,
    resource_uri,
    schema_of,
    wql,
)

CLASSES = (
    "Msvm_ComputerSystem",
    "Msvm_MigrationJob",
    "Msvm_StorageAllocationSettingData",
    "Msvm_AffectedJobElement",
)
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff")
    | st.sampled_from("<>&\"'\n\t\\"),
    max_size=20,
)
MOMENTS = st.datetimes(min_value=datetime(1601, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999))
KEYS = TEXT.filter(lambda text: not {text[:1], text.rstrip(" \t")[-1:]} & {"\n", "\r"})
"""A key neither starts nor ends with a line: such is read as indentation."""
REFERENCES = st.builds(
    EndpointReference,
    st.sampled_from([resource_uri(name) for name in CLASSES]),
    st.dictionaries(st.sampled_from(["Name", "InstanceID"]), KEYS, min_size=1),
)


def scalars(kind: CimType) -> st.SearchStrategy[Any]:
    """Draw a value of one CIM type."""
    match kind:
        case CimType.BOOLEAN:
            return st.booleans()
        case CimType.STRING:
            return TEXT
        case CimType.DATETIME:
            return MOMENTS
        case CimType.INTERVAL:
            return SPANS
        case CimType.REFERENCE:
            return REFERENCES
        case _:
            return numbers(kind)


def numbers(kind: CimType) -> st.SearchStrategy[Any]:
    """Draw a number that fits a CIM type."""
    if kind in {CimType.REAL32, CimType.REAL64}:
        return st.floats(allow_nan=False, allow_infinity=False)
    bits = int(kind.removeprefix("uint").removeprefix("sint"))
    least, most = (0, 2**bits - 1) if kind.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return st.integers(least, most)


@st.composite
def instances(draw: st.DrawFn, *, embedded: bool = False) -> Instance:
    """Draw an instance of a known class; NULL arrays are left out, as hosts leave them out."""
    schema = schema_of(draw(st.sampled_from(CLASSES[1:3] if embedded else CLASSES)))
    assert schema is not None
    values: dict[str, Any] = {}
    for spec in draw(
        st.lists(st.sampled_from(schema.properties), unique_by=lambda spec: spec.name, max_size=8)
    ):
        one = scalars(spec.type)
        values[spec.name] = draw(
            st.lists(one, min_size=1, max_size=3).map(tuple) if spec.array else st.none() | one
        )
    return Instance(schema.name, values)


@given(instances())
def test_instances(instance: Instance) -> None:
    """Typed values come back typed, an array of one as an array."""
    read = decode_response(
        encode_response(GetResponse(instance=instance), relates_to="uuid:1", message_id="2")
    )
    assert isinstance(read, GetResponse)
    assert read.instance == instance


@given(st.lists(instances(), min_size=2, max_size=3).map(tuple), instances())
def test_objects_in_an_answer(several: tuple[Instance, ...], outer: Instance) -> None:
    """As out parameters, and one within another: with class, types and NULLs."""
    held = outer.replace(PrivateProperties=several[0])
    message = InvokeResponse(
        resource_uri=resource_uri("Msvm_X"),
        method="M",
        outputs={"All": several, "One": several[0], "Held": held},
    )
    read = decode_response(encode_response(message, relates_to="uuid:1", message_id="2"))
    assert isinstance(read, InvokeResponse)
    assert read.outputs == message.outputs


@given(instances(embedded=True))
def test_embedded_instances(instance: Instance) -> None:
    """Through CIM-XML text, dates as literals."""
    assert decode_embedded(encode_embedded(instance)) == instance


@given(
    st.lists(instances() | REFERENCES, max_size=3).map(tuple), st.none() | st.just("uuid:9"), st.booleans()
)
def test_pages(items: tuple[Any, ...], context: str | None, end: bool) -> None:
    """Both kinds of pages, with objects and references."""
    for page in (
        PullResponse(context=context, items=items, end=end),
        EnumerateResponse(context=context, items=items, end=end),
    ):
        read = decode_response(encode_response(page, relates_to="uuid:1", message_id="2"))
        assert isinstance(read, type(page))
        assert (read.items, read.context, read.end) == (items, context, end)


@given(instances())
def test_projections(instance: Instance) -> None:
    """A row of texts, with the class given back, is the instance again."""
    page = PullResponse(items=(Fragment(instance.properties),))
    read = decode_response(encode_response(page, relates_to="uuid:1", message_id="2"))
    assert isinstance(read, PullResponse)
    (row,) = read.items
    assert isinstance(row, Fragment)
    assert row.typed(instance.class_name) == instance


@given(
    st.dictionaries(
        st.sampled_from(["Job", "State", "Errors"]),
        st.one_of(
            st.none(),
            TEXT,
            REFERENCES,
            MOMENTS,
            SPANS,
            st.lists(TEXT | REFERENCES, min_size=2, max_size=3).map(tuple),
        ),
    ),
    st.integers(0, 40000),
)
def test_outputs(outputs: dict[str, Any], value: int) -> None:
    """References, texts, times, arrays and NULLs; the ReturnValue a number."""
    message = InvokeResponse(
        resource_uri=resource_uri("X"), method="M", outputs={**outputs, "ReturnValue": value}
    )
    read = decode_response(encode_response(message, relates_to="uuid:1", message_id="2"))
    assert isinstance(read, InvokeResponse)
    assert (read.outputs, read.method) == (message.outputs, "M")


@given(st.text(max_size=30))
def test_a_literal_never_ends_early(text: str) -> None:
    """Unescaping what stands between the quotes gives the text back, and no bare quote is inside."""
    literal = wql.literal(text)
    inside, plain, position = literal[1:-1], "", 0
    assert literal[0] == literal[-1] == "'"
    while position < len(inside):
        assert inside[position] != "'"
        position += inside[position] == "\\"
        plain += inside[position]
        position += 1
    assert plain == text

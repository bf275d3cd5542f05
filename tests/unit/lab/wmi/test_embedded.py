"""Embedded instances as VMMS takes and writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from hyperv_placement.wsman import Instance, Value, decode_embedded, encode_embedded
from lab.wmi import embedded
from lab.wmi.embedded import TextRefusedError
from lab.wmi.view import instance

SYSTEM = "Msvm_VirtualSystemSettingData"


def test_what_the_host_writes_our_client_reads() -> None:
    """Every property, NULLs without value, TRUE and FALSE, dates in CIM form."""
    row = instance(
        SYSTEM,
        {
            "ElementName": 'A & B < C "D"',
            "IsSaved": True,
            "SecureBootEnabled": False,
            "CreationTime": datetime(2026, 3, 1, 12, tzinfo=UTC),
            "AutomaticStartupActionDelay": timedelta(minutes=5),
            "Notes": ("one", "two"),
            "LowMmioGapSize": 128,
        },
    )
    text = embedded.write(row)
    assert "<VALUE>TRUE</VALUE>" in text
    assert '<PROPERTY NAME="Caption" TYPE="string"></PROPERTY>' in text
    assert '<PROPERTY.ARRAY NAME="BootOrder" TYPE="uint16"></PROPERTY.ARRAY>' in text
    assert decode_embedded(text) == row


def test_what_our_client_writes_the_host_takes() -> None:
    """Lower-case booleans, numeric references, arrays of one, dates and intervals."""
    values: dict[str, Value] = {
        "ElementName": 'A & B < C "D"',
        "IsSaved": True,
        "CreationTime": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "AutomaticStartupActionDelay": timedelta(minutes=5),
        "Notes": ("one",),
        "LowMmioGapSize": 128,
        "Parent": None,
    }
    assert embedded.read(encode_embedded(Instance(SYSTEM, values)), SYSTEM) == values


def test_a_property_of_a_later_build_is_unknown() -> None:
    """A class of Windows Server 2022 lacks what 23H2 brought."""
    name = "Msvm_VirtualSystemMigrationSettingData"
    text = encode_embedded(Instance(name, {"EnableVhdCompression": True}))
    assert embedded.read(text, name) == {"EnableVhdCompression": True}
    with pytest.raises(TextRefusedError) as refused:
        embedded.read(text, name, missing=("EnableVhdCompression",))
    assert refused.value.return_value == 32773


def prop(name: str, kind: str, value: str) -> str:
    """Return the text of an instance with one property."""
    return f'<INSTANCE CLASSNAME="{SYSTEM}"><PROPERTY NAME="{name}" TYPE="{kind}"><VALUE>{value}</VALUE></PROPERTY></INSTANCE>'


def test_the_host_writes_properties_sorted_by_name() -> None:
    """Recorded by nova."""
    names = re.findall(' NAME="([^"]+)"', embedded.write(instance(SYSTEM, {})))
    assert names == sorted(names, key=str.casefold)
    assert len(names) > 50


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("AutomaticStartupActionDelay", "datetime", "P0DT0H30M0S"),
        ("AutomaticStartupActionDelay", "string", "P0DT0H30M0S"),
        ("AutomaticStartupActionDelay", "string", "00000000003000.000000:000"),
        ("AutomaticStartupActionDelay", "datetime", "20261008151536.684240+000"),
        ("CreationTime", "datetime", "2026-10-08T15:15:36Z"),
        ("CreationTime", "datetime", "20261308151536.684240+000"),
        ("CreationTime", "datetime", " 20261008151536.684240+000"),
    ],
)
def test_times_of_another_form_or_type_are_failures(name: str, kind: str, value: str) -> None:
    """Of type and form only one pair passes (r4sd/go-wsman #119)."""
    with pytest.raises(TextRefusedError) as refused:
        embedded.read(prop(name, kind, value), SYSTEM)
    assert refused.value.return_value == 32768


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("LowMmioGapSize", "uint32", "128"),
        ("ElementName", "uint16", "1"),
        ("IsSaved", "string", "true"),
        ("LowMmioGapSize", "uint64", "many"),
        ("LowMmioGapSize", "uint64", " 128"),
        ("LowMmioGapSize", "uint64", "-1"),
        ("DebugPort", "uint32", "4294967296"),
        ("IsSaved", "boolean", "1"),
        ("IsSaved", "boolean", ""),
        ("ElementName", "text", "a"),
    ],
)
def test_values_that_are_none_are_refused(name: str, kind: str, value: str) -> None:
    """By the letter, and a type by its name, whatever would fit: this is not the client's reader of answers."""
    with pytest.raises(TextRefusedError) as refused:
        embedded.read(prop(name, kind, value), SYSTEM)
    assert refused.value.return_value == 32773


def test_what_a_host_has_written_it_takes_back() -> None:
    """With the qualifiers and system properties that stand in such texts (recorded by nova)."""
    qualifier = '<QUALIFIER NAME="key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>'
    text = (
        f'<INSTANCE CLASSNAME="{SYSTEM}">{qualifier}<PROPERTY NAME="__PATH" TYPE="string"><VALUE>x</VALUE></PROPERTY>'
        f'<PROPERTY NAME="InstanceID" TYPE="string">{qualifier}<VALUE>a</VALUE></PROPERTY>'
        f'<PROPERTY.ARRAY NAME="Notes" TYPE="string">{qualifier}<VALUE.ARRAY><VALUE>b</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>'
        '<PROPERTY NAME="IsSaved" TYPE="boolean"><VALUE>TRUE</VALUE></PROPERTY></INSTANCE>'
    )
    assert embedded.read(text, SYSTEM) == {"InstanceID": "a", "Notes": ("b",), "IsSaved": True}


@pytest.mark.parametrize(("value", "expected"), [("a &amp; b", 32768), ("a &lt; b", 32773)])
def test_named_references_in_a_value_are_refused(value: str, expected: int) -> None:
    """Numeric ones pass (r4sd/go-wsman #173)."""
    with pytest.raises(TextRefusedError) as refused:
        embedded.read(prop("ElementName", "string", value), SYSTEM)
    assert refused.value.return_value == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        "<INSTANCE/>",
        '<INSTANCE CLASSNAME="Msvm_Other"/>',
        f'<INSTANCE CLASSNAME="{SYSTEM}"><PROPERTY TYPE="string"/></INSTANCE>',
        f'<INSTANCE CLASSNAME="{SYSTEM}"><OTHER NAME="Caption" TYPE="string"/></INSTANCE>',
        f'<INSTANCE CLASSNAME="{SYSTEM}"><PROPERTY.ARRAY NAME="Caption" TYPE="string"/></INSTANCE>',
        f'<INSTANCE CLASSNAME="{SYSTEM}"><PROPERTY NAME="Notes" TYPE="string"><VALUE>a</VALUE></PROPERTY></INSTANCE>',
        f'<!DOCTYPE x><INSTANCE CLASSNAME="{SYSTEM}"/>',
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    """No INSTANCE, another class, nameless or misplaced properties, document types: 32773."""
    with pytest.raises(TextRefusedError) as refused:
        embedded.read(text, SYSTEM)
    assert refused.value.return_value == 32773

"""Embedded instances as VMMS takes and writes them."""

from __future__ import annotations

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

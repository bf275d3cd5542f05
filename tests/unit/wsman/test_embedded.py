"""Embedded instances: what hosts write, and what they accept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import EndpointReference, Instance, Value, decode_embedded, encode_embedded

# Synthetic: the form is what a Windows Server 2012 host answered to GetError (alexpilotti/nova, the Hyper-V
# driver's recorded stubs), CLASSORIGIN, PROPAGATED and CDATA added from other texts of that host.
MSVM_ERROR = """
<INSTANCE CLASSNAME="Msvm_Error">
  <QUALIFIER NAME="dynamic" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>
  <PROPERTY NAME="CIMStatusCode" TYPE="uint32" CLASSORIGIN="CIM_Error"><VALUE>1</VALUE></PROPERTY>
  <PROPERTY NAME="CIMStatusCodeDescription" TYPE="string"></PROPERTY>
  <PROPERTY NAME="Message" TYPE="string" PROPAGATED="true"><VALUE><![CDATA['a' failed & ended <here>.]]></VALUE></PROPERTY>
  <PROPERTY.ARRAY NAME="MessageArguments" TYPE="string">
    <QUALIFIER NAME="read" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>
    <VALUE.ARRAY><VALUE>a</VALUE><VALUE></VALUE><VALUE.NULL/></VALUE.ARRAY>
  </PROPERTY.ARRAY>
  <PROPERTY.ARRAY NAME="RecommendedActions" TYPE="string"></PROPERTY.ARRAY>
  <PROPERTY.REFERENCE NAME="Source" CLASSORIGIN="X"><VALUE.REFERENCE/></PROPERTY.REFERENCE>
  <PROPERTY NAME="NewInLaterBuilds" TYPE="boolean"><VALUE>FALSE</VALUE></PROPERTY>
</INSTANCE>
"""


def one(value: Value, name: str = "Notes", class_name: str = "Msvm_VirtualSystemSettingData") -> str:
    """Return the text of an instance with one property."""
    return encode_embedded(Instance(class_name, {name: value}))


def test_what_a_host_writes_is_read() -> None:
    """CDATA, qualifiers, NULLs of both kinds, upper-case booleans, unknown properties; references are left out."""
    error = decode_embedded(MSVM_ERROR)
    assert error.properties == {
        "CIMStatusCode": 1,
        "CIMStatusCodeDescription": None,
        "Message": "'a' failed & ended <here>.",
        "MessageArguments": ("a", "", None),
        "RecommendedActions": None,
        "NewInLaterBuilds": False,
    }


def test_an_array_goes_as_an_array() -> None:
    """HostResource sent as a scalar is 32773 on one service and 32776 on another (r4sd/go-wsman CLAUDE.md #114)."""
    text = one("D:\\a.vhdx", "HostResource", "Msvm_StorageAllocationSettingData")
    assert "<VALUE.ARRAY><VALUE>D:\\a.vhdx</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>" in text


def test_named_references_are_not_sent() -> None:
    """`&amp;` in a value gave 32768 and `&lt;` 32773, `&#38;` and `&#60;` passed (r4sd/go-wsman embedded_escape_test.go)."""
    text = one(("a & b < c > d \" e ' f",))
    assert "<VALUE>a &#38; b &#60; c &gt; d &#34; e ' f</VALUE>" in text
    assert "&amp;" not in text
    assert "&lt;" not in text


def test_booleans_are_lower_case() -> None:
    """That is what was accepted (r4sd/go-wsman hyperv/embedded.go); the host itself writes them in capitals."""
    assert one(value=False, name="BIOSNumLock").count("<VALUE>false</VALUE>") == 1


def test_times_go_as_literals_of_type_datetime() -> None:
    """Read as ISO, written as CIM literals: of four combinations only this one passed (r4sd/go-wsman CLAUDE.md #119)."""
    text = one(timedelta(minutes=30), "AutomaticCriticalErrorActionTimeout")
    assert (
        '<PROPERTY NAME="AutomaticCriticalErrorActionTimeout" TYPE="datetime"><VALUE>00000000003000.000000:000<'
        in text
    )
    moment = one(datetime(2026, 10, 8, 15, 15, 36, 684240, tzinfo=UTC), "CreationTime")
    assert "<VALUE>20261008151536.684240+000</VALUE>" in moment


def test_null_has_no_value_and_an_empty_text_an_empty_one() -> None:
    """The difference between "leave" and "clear" (SWbem GetText_, alexpilotti/nova)."""
    assert one(None, "Parent").endswith(
        '<PROPERTY NAME="Parent" TYPE="string"></PROPERTY></INSTANCE>'
    )  # fmt: skip
    assert '<PROPERTY NAME="Parent" TYPE="string"><VALUE></VALUE></PROPERTY>' in one("", "Parent")
    assert '<PROPERTY.ARRAY NAME="Notes" TYPE="string"></PROPERTY.ARRAY>' in one(None)
    assert '<PROPERTY.ARRAY NAME="Notes" TYPE="string"><VALUE.ARRAY></VALUE.ARRAY>' in one(())


def test_a_number_goes_with_the_type_of_its_class() -> None:
    """DebugPort is uint32, MigrationType uint16 (microsoft/wmi, generated from live hosts)."""
    assert 'NAME="DebugPort" TYPE="uint32"' in one(0, "DebugPort")
    text = one(32771, "MigrationType", "Msvm_VirtualSystemMigrationSettingData")
    assert 'NAME="MigrationType" TYPE="uint16"' in text


@pytest.mark.parametrize(
    "value",
    [
        7,
        1.5,
        EndpointReference("u"),
        datetime(2026, 1, 1),  # noqa: DTZ001 - that is the point
        timedelta(seconds=-1),
        "\x07",
        (None,),
    ],
    ids=repr,
)
def test_what_a_host_could_misread_is_not_sent(value: Value) -> None:
    """A number of unknown type, a reference, a time without zone, a negative interval, a control character."""
    with pytest.raises(ProtocolError):
        one(value, "Unknown", "Msvm_Unknown")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<INSTANCE/>",
        '<CLASS NAME="X"/>',
        '<INSTANCE CLASSNAME="X"><PROPERTY TYPE="string"/></INSTANCE>',
        '<!DOCTYPE INSTANCE [<!ENTITY a "b">]><INSTANCE CLASSNAME="X"/>',
        '<INSTANCE CLASSNAME="\ud800"/>',
    ],
    ids=range(6),
)
def test_what_is_no_instance_is_one_error(text: str) -> None:
    """Errors of XML and of shape alike."""
    with pytest.raises(ProtocolError):
        decode_embedded(text)


@pytest.mark.parametrize(("kind", "text"), [("uint16", "1_0"), ("datetime", "soon"), ("object", "x")])
def test_a_value_that_is_not_of_its_type_leaves_the_rest(kind: str, text: str) -> None:
    """It is not NULL either: whoever asks for it is refused."""
    read = decode_embedded(
        f'<INSTANCE CLASSNAME="X"><PROPERTY NAME="A" TYPE="{kind}"><VALUE>{text}</VALUE></PROPERTY>'
        '<PROPERTY NAME="B" TYPE="uint16"><VALUE>2</VALUE></PROPERTY></INSTANCE>'
    )
    assert (read.number("B"), read.text("A")) == (2, text)
    with pytest.raises(ProtocolError):
        read.number("A")

"""Words and values that say nothing of a site: Windows' own words, times, numbers, classes, the protocol's own addresses.

What a site has called something wins over all of it; whoever asks here has looked for that first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from hyperv_placement.wsman.schema import CimType, schema_of

from .segments import Text

_FILE = Path(__file__).with_name("plain_words.txt")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_CODE = re.compile(r"0[xX][0-9A-Fa-f]{1,16}|[0-9]+(?:st|nd|rd|th)")
_BOOLEAN = re.compile(r"true|false", re.IGNORECASE)
_DAY = r"[0-9]{4}(?:0[1-9]|1[0-2]|\*\*)(?:0[1-9]|[12][0-9]|3[01]|\*\*)"
_CLOCK = r"(?:[01][0-9]|2[0-3]|\*\*)(?:[0-5][0-9]|\*\*)(?:[0-5][0-9]|60|\*\*)\.[0-9*]{6}"
_CIM_TIME = re.compile(rf"(?:{_DAY}|\*{{8}}){_CLOCK}[+-][0-9]{{3}}")
"""DSP0004, 5.2.4: 25 characters, asterisks for what is not known."""
_CIM_INTERVAL = re.compile(rf"[0-9]{{8}}{_CLOCK}:000")
_DURATION = re.compile(
    r"-?P(?=[0-9T])(?:[0-9]{1,9}Y)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}D)?"
    r"(?:T(?=[0-9])(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}(?:\.[0-9]{1,9})?S)?)?"
)
"""XML Schema part 2, 3.2.6."""
_XML_TIME = re.compile(
    r"-?[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-4]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,12})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?"
)
"""XML Schema part 2, 3.2.7."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")
"""BCP 47 as Windows writes it: language, script, region."""
_PROTOCOL = re.compile(
    r"http://(?:schemas\.microsoft\.com|schemas\.xmlsoap\.org|schemas\.dmtf\.org|www\.w3\.org)(?P<path>(?:/[\w.-]+)*/?)"
)
_STEPS = frozenset({
    "wbem", "wsman", "1", "wmi", "root", "virtualization", "v2", "cimv2", "mscluster", "standardcimv2", "ws",
    "2001", "2003", "2004", "2005", "2006", "08", "09", "05", "03", "10", "soap", "addressing", "role",
    "anonymous", "fault", "faultdetail", "enumeration", "transfer", "eventing", "mex", "config", "winrm",
    "shell", "cim", "cimbinding", "schemas", "wsmanidentity", "identity", "wsmanfault", "common", "xmlschema",
    "xmlschema-instance", "soap-envelope", "windows", "hypervcluster", "cim-schema", "2",
})  # fmt: skip
"""Parts of the addresses of WS-Management and of WMI (MS-WSMV 2.2, DSP0226, DSP0227)."""
_CLASS = re.compile(r"(?:Msvm|CIM|Win32|MSCluster|MSFT)_\w+")
_METHOD = re.compile(r"[A-Z][A-Za-z]{3,50}")
"""The last step of an action's address, after that of its class."""
_QUALIFIED = re.compile(r"[a-z0-9]{1,8}:[A-Z][A-Za-z]{2,60}")
"""A fault's code, as `s:Sender`, `wsman:InvalidSelectors`."""
_MARKED = re.compile(r"Microsoft(?::[\w.-]+(?: [\w.-]+){0,4}){1,3}")
_MARKS = frozenset({
    "ResourceSubType", "ResourceType", "OtherResourceType", "VirtualSystemType", "VirtualSystemSubType", "Tags",
})  # fmt: skip
_UNITS = frozenset({"AllocationUnits", "VirtualQuantityUnits"})
_MEASURES = frozenset({"byte * 2^20", "byte", "count", "percent", "percent / 1000", "count*1000", "hertz"})
_CREATORS = frozenset({"CreationClassName", "SystemCreationClassName", "CSCreationClassName"})
_COUNTS = frozenset({"ReturnValue", "TotalItemsCountEstimate", "MaxElements", "JobReturnValue"})
"""Numbers of the protocol and of methods; no schema of a class has them."""
_LIFETIMES = frozenset({"Expires", "OperationTimeout", "MaxTime"})
_RELATES = frozenset({"MessageID", "RelatesTo", "EnumerationContext", "ActivityId", "OperationID"})
_ITS_NUMBER = re.compile(r"(?:uuid:)?\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_NUMBERS = frozenset(CimType) - {
    CimType.STRING, CimType.REFERENCE, CimType.DATETIME, CimType.INTERVAL, CimType.BOOLEAN,
}  # fmt: skip
_CAPITALS = frozenset({
    "SELECT", "FROM", "WHERE", "ASSOCIATORS", "REFERENCES", "GUID", "HTTP", "HTTPS", "NTLM", "CREDSSP", "SOAP",
    "WINRM", "RDMA", "VHDX", "UEFI", "BIOS", "IPV4", "IPV6", "ISCSI", "SCSI", "VMBUS", "NUMA", "KERBEROS",
    "WS-MANAGEMENT",
})  # fmt: skip
"""Words that Windows writes in capitals; of others those are what people call computers."""
_SHORT = 3
"""Letters of a word in capitals that is taken for an abbreviation."""
_HYPHEN = re.compile(r"[-/]")


@cache
def words() -> frozenset[str]:
    """Return the words that stay, in lower case."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_word(token: str) -> bool:
    """Say whether a word of a sentence is one of Windows' own, a number, or a code."""
    if _NUMBER.fullmatch(token) or _CODE.fullmatch(token) or is_class(token):
        return True
    if token.casefold() not in words() and token not in _properties():
        parts = _HYPHEN.split(token)
        return len(parts) > 1 and all(part and is_word(part) and not part.isdigit() for part in parts)
    return token != token.upper() or len(token) <= _SHORT or token in _CAPITALS or not token.isalpha()


def is_class(token: str) -> bool:
    """Say whether a word has the form of a class of WMI."""
    return _CLASS.fullmatch(token) is not None


def is_known_class(token: str) -> bool:
    """Say whether a word is a class that is read of hosts."""
    return schema_of(token) is not None


def is_time(value: str) -> bool:
    """Say whether a value is a moment, an interval or a duration, by the whole grammar of each."""
    return any(form.fullmatch(value) for form in (_CIM_TIME, _CIM_INTERVAL, _DURATION, _XML_TIME))


def is_language(value: str) -> bool:
    """Say whether a value has the form of a language's tag, as `en-US`: no computer is called so where one must stand."""
    return _LANGUAGE.fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Say whether a value is a number or a truth."""
    return _NUMBER.fullmatch(value) is not None or _BOOLEAN.fullmatch(value) is not None


def is_address(value: str) -> bool:
    """Say whether a value is an address of the protocol itself, every part of it."""
    found = _PROTOCOL.fullmatch(value)
    if found is None:
        return False
    steps = [step for step in found["path"].split("/") if step]
    return all(_is_step(step, steps[number - 1] if number else "") for number, step in enumerate(steps))


def is_protocols(text: Text, value: str) -> bool:
    """Say whether a value is the protocol's or the class's own, whatever a site has called something.

    Numbers, truths and times of properties that hold nothing else; addresses, classes and identifiers of messages where the
    protocol has them; kinds of systems and resources; units.
    """
    if {"Code", "Subcode"} & set(text.within):
        return _QUALIFIED.fullmatch(value) is not None
    if is_address(value):
        return text.property not in FREE
    own = _OWN.get(text.property)
    return own(value) if own is not None else _is_typed(text, value)


FREE = frozenset({
    "ElementName", "Name", "SystemName", "DNSHostName", "Domain", "OwnerNode", "LastKnownSwitchName", "Owner", "Notes",
    "DestinationHost", "HostComputerSystemName", "NodeName", "CSName", "UserName", "Workgroup", "VirtualSystemName",
    "PrimaryOwnerName", "PrimaryOwnerContact", "FriendlyName", "Label", "Roles", "IdentifyingDescriptions",
    "OtherIdentifyingInfo", "RegisteredUser", "Organization",
})  # fmt: skip
"""Properties in which a site may have anything: whatever the form of a value, it may be a name there."""


def _is_mark(value: str) -> bool:
    return _MARKED.fullmatch(value) is not None and all(map(is_word, re.split(r"[: ]", value)))


def _is_count(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _is_version(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}", value) is not None


def _is_number_of_its_own(value: str) -> bool:
    return _ITS_NUMBER.fullmatch(value) is not None


_OWN: Final[Mapping[str, Callable[[str], bool]]] = {
    **dict.fromkeys(_RELATES, _is_number_of_its_own),
    **dict.fromkeys(_MARKS, _is_mark),
    **dict.fromkeys(_UNITS, _MEASURES.__contains__),
    **dict.fromkeys(_CREATORS, is_known_class),
    **dict.fromkeys(_COUNTS, _is_count),
    **dict.fromkeys(_LIFETIMES, is_time),
    **dict.fromkeys(("Version", "BuildNumber"), _is_version),
}
"""What says of a property's value that it is the protocol's own."""


def _is_typed(text: Text, value: str) -> bool:
    schema = schema_of(text.class_name)
    found = schema.property(text.property) if schema else None
    if found is None:
        return False
    if found.type in (CimType.DATETIME, CimType.INTERVAL):
        return is_time(value)
    if found.type is CimType.BOOLEAN:
        return _BOOLEAN.fullmatch(value) is not None
    return found.type in _NUMBERS and _NUMBER.fullmatch(value) is not None


def _is_step(step: str, before: str) -> bool:
    if step.casefold() in _STEPS or is_class(step):
        return True
    return (
        _METHOD.fullmatch(step) is not None
        and (is_class(before) or before.casefold() in _STEPS)
        and (is_class(before) or step.removesuffix("Response") in _ACTIONS)
    )


_ACTIONS = frozenset({
    "Get", "Put", "Create", "Delete", "Enumerate", "Pull", "Release", "Renew", "Invoke", "fault", "Identify",
    "Fault",
})  # fmt: skip


@cache
def _properties() -> frozenset[str]:
    from hyperv_placement.wsman.classes import CLASSES  # noqa: PLC0415 - read at the first sentence alone

    found = {each.name for name in CLASSES if (schema := schema_of(name)) for each in schema.properties}
    return frozenset(name for name in found if any(letter.isupper() for letter in name[1:]))

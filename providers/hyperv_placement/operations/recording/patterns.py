"""What names, addresses and identifiers look like in the texts of envelopes, and what the protocol puts around them."""

from __future__ import annotations

import re

GUID = r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
# MS-DTYP 2.4.2.1.
SID = r"\bS-1-\d+(?:-\d+)+"
# Twelve digits without separators count where one is a letter, or where they begin as the addresses that Hyper-V gives: else they
# are a number.
MAC = r"(?<![\w])(?:[0-9A-Fa-f]{2}(?P<between>[:-])(?:[0-9A-Fa-f]{2}(?P=between)){4}[0-9A-Fa-f]{2}|(?=\d*[A-Fa-f])[0-9A-Fa-f]{12}|00155[Dd][0-9A-Fa-f]{6})(?![\w])"
IPV4 = r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
IPV6 = r"(?<![\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{3,39}(?:%\w+)?(?![\w:.])"
FIXED = rf"(?P<guid>{GUID})|(?P<sid>{SID})|(?P<mac>{MAC})|(?P<ipv4>{IPV4})|(?P<ipv6>{IPV6})"
# Pieces that are settled already stand in a text as their number between two letters of the area for private use (Unicode 16, 23.5),
# so that a later pattern cannot match across them or within.
PIECE = "(?P<piece>\ue000[0-9]+\ue001)"
WORDS = re.compile(
    rf"{PIECE}|(?P<entity>&\#?\w+;)|{FIXED}|(?P<word>[^\ue000\ue001\\/:\"'=,;()<>%&|\[\]{{}}\r\n]+)"
)
"""Each part of a text that holds names, paths and identifiers."""
PATH = r"(?<!\w)(?:[A-Za-z]:\\|\\\\)[^\"'<>|\r\n()]*"
QUOTED = (
    r"(?<!\w)'[^'\r\n]{1,300}'(?!\w)|\"[^\"\r\n]{1,300}\""
    "|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019|\u300c[^\u300d]*\u300d|\u00ab[^\u00bb]*\u00bb"
)
ACCOUNT = r"(?<![\w\\:])[\w.-]+\\[\w.$-]+|[\w.+-]+@[\w.-]+"
SPOKEN = r"\w+(?:[-.\u2019'/+][\w]+)*"
SENTENCE = re.compile(
    rf"{PIECE}|(?P<entity>&\#?\w+;)|{FIXED}|(?P<path>{PATH})|(?P<quoted>{QUOTED})|(?P<account>{ACCOUNT})|(?P<spoken>{SPOKEN})",
    re.IGNORECASE,
)
"""Each part of a sentence that Windows has written."""
OWN = re.compile(
    # uuid: and Microsoft: before a GUID, and the numbers of controller and slot behind one, as in
    # Microsoft:5E3A...\83F8638B-8DCA-4152-9EDA-2CA8B33039B4\0\0\D
    rf"uuid:(?={GUID})"
    rf"|Microsoft:(?:Definition\\{{1,2}})?(?={GUID})"
    r"|(?<=[0-9A-Fa-f]{12})(?:\\{1,2}[0-9]{1,3}){1,3}(?:\\{1,2}[A-Z])?(?![\w-])"
    r"|Microsoft:Definition\\{1,2}VirtualSystem\\{1,2}Version\\{1,2}[0-9]{1,3}\.[0-9]{1,3}(?![\w.])"
    r"|(?<=\\)root\\(?:virtualization(?:\\v2)?|cimv2|mscluster|standardcimv2)(?=:)"
    r"|(?<=[.,])(?:SystemCreationClassName|CreationClassName|SystemName|InstanceID|DeviceID|Name)(?=\\?=)"
    r"|(?<!\w)(?:Msvm|CIM|Win32|MSCluster|MSFT)_\w+"
)
"""What the protocol itself puts around names in identifiers and references (object paths of DSP0004)."""
MARKS = re.compile("[\ue000\ue001]")
REFERS = re.compile(r"(?:[:{=]|\bfrom\s)$", re.IGNORECASE)
"""Before a class in references and queries."""
# Up to a quote or a bracket: folders have blanks in their names.
PLACE = re.compile(r"(?<![\w\\])(?:[A-Za-z]:\\|\\\\)[^\"'<>|\r\n]*")
# As \\HV1\root\virtualization\v2:Msvm_ComputerSystem.
REFERENCE = re.compile(r"\\\\(?P<host>[^\\]+)\\root\\[^:]*:\w+")
DRIVE = re.compile(r"(?<![\w\\])[A-Za-z]:(?=\\)")
FILE = re.compile(r"(.+)(\.(?:a?vhdx?|vhds|iso|vmcx|vmrs|vmgs|xml|bin|vsv|vfd|exp|dll))", re.IGNORECASE)

"""Which texts of an envelope may be told, and what takes the place of the others.

What is not known to be harmless is replaced: a text stays only where its property says nothing of a place, or where
its words are Hyper-V's own. Sentences that a host has written stay, but for the names in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .pseudonyms import Pseudonyms
from .segments import Text, rewritten, texts

_SENTENCES = frozenset({
    "Caption", "Description", "Status", "StatusDescriptions", "JobStatus", "ResourceType", "ResourceSubType",
    "OtherResourceType", "VirtualSystemType", "VirtualSystemSubType", "Version", "BuildNumber", "CreationClassName",
    "SystemCreationClassName", "AllocationUnits", "VirtualQuantityUnits", "ErrorDescription",
    "ErrorSummaryDescription", "Message", "MessageID", "OwningEntity", "Operation", "Text", "ProviderFault",
    "ParameterInfo", "Type", "Tags", "error_Type", "FaultDetail", "OSLanguage", "MUILanguages", "GuestOperatingSystem",
    "Architecture", "Code", "ProviderName", "CIMStatusCodeDescription", "ErrorSource",
})  # fmt: skip
"""Properties whose value Windows writes; names and addresses may stand in it."""
_PUBLIC = frozenset({
    "Msvm_VirtualSystemMigrationSettingData", "Msvm_VirtualSystemMigrationCapabilities", "Msvm_CompatibilityVector",
})  # fmt: skip
"""Classes of which every text is Windows's own."""
_TITLED = re.compile(
    r"Msvm_(?:\w*Service|\w*Job|\w*ServiceSettingData|ResourceAllocationSettingData|StorageAllocationSettingData"
    r"|MemorySettingData|ProcessorSettingData|SecuritySettingData|\w*Component(?:SettingData)?|MigrationSettingData)"
)
"""Classes whose names are titles, the same on every host of a language."""
_TITLES = frozenset({"ElementName", "Name"})
_NAMED = frozenset({
    "ElementName", "Name", "SystemName", "DNSHostName", "Domain", "OwnerNode", "LastKnownSwitchName", "Owner",
    "DestinationHost", "HostComputerSystemName", "NodeName", "CSName", "UserName", "Workgroup",
})  # fmt: skip
_HARDWARE = frozenset({"Address", "PermanentAddress", "NetworkAddresses", "MACAddress"})
_SECRET = re.compile(r"serial|assettag|productid|identifyingnumber|password|secret|token", re.IGNORECASE)
_GUID = r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
_SID = r"\bS-1-\d+(?:-\d+)+"
_MAC = r"(?<![\w])(?:[0-9A-Fa-f]{2}(?P<between>[:-])(?:[0-9A-Fa-f]{2}(?P=between)){4}[0-9A-Fa-f]{2}|(?=\d*[A-Fa-f])[0-9A-Fa-f]{12}|00155[Dd][0-9A-Fa-f]{6})(?![\w])"
_IPV4 = r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
_IPV6 = r"(?<![\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{3,39}(?:%\w+)?(?![\w:.])"
_FIXED = rf"(?P<guid>{_GUID})|(?P<sid>{_SID})|(?P<mac>{_MAC})|(?P<ipv4>{_IPV4})|(?P<ipv6>{_IPV6})"
_WORDS = re.compile(rf"(?P<entity>&\#?\w+;)|{_FIXED}|(?P<word>[^\\/:\"'=,;()<>%&|\[\]{{}}\r\n]+)")
_PATH = r"(?<!\w)(?:[A-Za-z]:\\|\\\\)[^\"'<>|\r\n()]*"
_QUOTED = (
    r"(?<!\w)'[^'\r\n]{1,300}'(?!\w)|\"[^\"\r\n]{1,300}\""
    "|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019|\u300c[^\u300d]*\u300d|\u00ab[^\u00bb]*\u00bb"
)
_ACCOUNT = r"(?<![\w\\:])[\w.-]+\\[\w.$-]+|[\w.+-]+@[\w.-]+"
_PROTOCOL = re.compile(r"\s*http://(?:schemas\.(?:microsoft|xmlsoap|dmtf)\.|www\.w3\.org)")
_NUMBER = re.compile(r"\s*(?:-?\d+(?:\.\d+)?|true|false|TRUE|FALSE)\s*")
_TIME = re.compile(r"\d{8,14}\.[\d*]{6}[+:-]\d{3}|-?P\S+|\d{4}-\d\d-\d\dT\S+")
_CLASS = re.compile(r"(?:Msvm|CIM|Win32|MSCluster|MSFT)_\w+(?:\.\w+)?")
_FILE = re.compile(r"(.+)(\.(?:a?vhdx?|vhds|iso|vmcx|vmrs|vmgs|xml|bin|vsv|vfd|exp|dll))", re.IGNORECASE)
_KNOWN = frozenset({
    "microsoft", "hyper-v", "system", "realized", "planned", "snapshot", "recovery", "missing", "replica", "standard",
    "subtype", "definition", "default", "maximum", "minimum", "increment", "root", "virtualization", "cimv2",
    "mscluster", "hypervcluster", "uuid", "virtual hard disks", "virtual machines", "snapshots", "programdata",
    "program files", "windows", "users", "public", "documents", "public documents", "clusterstorage", "vmms",
    "migrationwmi", "guestnetwork", "usermanaged", "system32", "systemroot", "wsmwmipl.dll", "creationclassname",
    "systemcreationclassname", "systemname", "name", "instanceid", "deviceid", "localhost", "workgroup", "http",
    "https", "wsman", "ok", "virtual machine", "virtual machine configuration", "network name", "ip address",
    "vmid", "volume", "count*1000", "byte * 2^20", "byte", "percent", "percent / 1000", "count", "migrationcapabilities",
})  # fmt: skip
"""Words of Hyper-V's own paths and identifiers."""
_DEFINITION = "Microsoft:Definition\\"
"""How the identifiers of templates start: the rest is Windows's own too."""
_SHORTEST = 2
"""Characters of a name that is looked for in sentences: a letter alone is too common."""


class Disguise:
    """First learns the names in all envelopes, then rewrites each."""

    def __init__(self, known: Iterable[str]) -> None:
        """`known`: names that are known beforehand: hosts as they are dialled, accounts."""
        self.pseudonyms = Pseudonyms()
        self._names: set[str] = set()
        self._sentence: re.Pattern[str] | None = None
        for name in known:
            self._add(name)

    def learn(self, envelope: str, class_name: str) -> None:
        """Note the names that an envelope tells. Raises ProtocolError."""
        for text in texts(envelope, class_name):
            if text.property in _NAMED and not _titled(text):
                self._add(text.text)
                if text.property == "ElementName" and re.fullmatch(r"\d{3,}", text.text):
                    self._names.add(text.text)

    def _add(self, text: str) -> None:
        """Note a name, an account's two parts, and of a full name its first label and its domain."""
        for part in re.split(r"[\\@]", text.strip()):
            first, _, rest = part.partition(".")
            for name in (part, first, rest, rest.partition(".")[0]):
                if len(name) >= _SHORTEST and not _plain(name):
                    self._names.add(name)
        self._sentence = None

    def applied(self, envelope: str, class_name: str) -> str:
        """Return an envelope with everything replaced that is not known to be harmless. Raises ProtocolError."""
        return rewritten(envelope, class_name, self._changed, self.words)

    def _changed(self, text: Text) -> str:
        whole = text.text
        if _SECRET.search(text.property):
            return self.pseudonyms.secret(whole)
        if text.property in _HARDWARE and re.fullmatch(r"[0-9A-Fa-f]{12}", whole):
            return self.pseudonyms.hardware(whole)
        if text.property == "ElementName" and not _titled(text) and _ordinary(whole):
            return self.pseudonyms.name(whole)  # machines may be called System, or 4711
        if _says_nothing(text):
            return whole
        return self.sentences(whole) if _written_by_windows(text) else self.words(whole)

    def words(self, text: str) -> str:
        """Return a text of names, paths and identifiers with every part replaced that is not Hyper-V's own."""
        return _WORDS.sub(self._word, text)

    def sentences(self, text: str) -> str:
        """Return what Windows wrote, with names, addresses, paths and whatever is quoted replaced."""
        if self._sentence is None:
            listed = "|".join(re.escape(name) for name in sorted(self._names, key=len, reverse=True))
            names = rf"|(?P<name>(?<!\w)(?:{listed})(?!\w))" if listed else ""
            self._sentence = re.compile(
                rf"{_FIXED}|(?P<path>{_PATH})|(?P<quoted>{_QUOTED})|(?P<account>{_ACCOUNT}){names}",
                re.IGNORECASE,
            )
        return self._sentence.sub(self._found, text)

    def _found(self, match: re.Match[str]) -> str:
        return self._fixed(match) or self.words(match.group())

    def _word(self, match: re.Match[str]) -> str:
        if match["entity"]:
            return match.group()
        if fixed := self._fixed(match):
            return fixed
        whole = match["word"]
        word = whole.strip()
        before, after = whole[: len(whole) - len(whole.lstrip())], whole[len(whole.rstrip()) :]
        return f"{before}{self._named(word)}{after}" if word else whole

    def _named(self, word: str) -> str:
        if word in self._names and word.isdigit():
            return self.pseudonyms.name(word)
        if _plain(word):
            return word
        if file := _FILE.fullmatch(word):
            return self.pseudonyms.name(file[1]) + file[2]
        return self.pseudonyms.domain_name(word) if "." in word.strip(".") else self.pseudonyms.name(word)

    def _fixed(self, match: re.Match[str]) -> str | None:
        """Return what takes the place of a GUID or an address, None where it is neither."""
        text, made = match.group(), self.pseudonyms
        for kind, replaced in (
            ("guid", made.guid), ("sid", made.sid), ("mac", made.hardware), ("ipv4", made.address),
            ("ipv6", made.address),
        ):  # fmt: skip
            if match[kind]:
                return replaced(text)
        return None


def _ordinary(word: str) -> bool:
    """Say whether a name is a word or a number that stands for something else in other places."""
    return word.strip().casefold() in _KNOWN or _NUMBER.fullmatch(word) is not None


def _says_nothing(text: Text) -> bool:
    """Say whether a text is the protocol's, a time or a number."""
    return (
        _PROTOCOL.match(text.text) is not None
        or _TIME.fullmatch(text.text.strip()) is not None
        or _NUMBER.fullmatch(text.text) is not None
        or bool({"Subcode", "Code"} & set(text.within))
    )


def _titled(text: Text) -> bool:
    return text.property in _TITLES and _TITLED.fullmatch(text.class_name) is not None


def _written_by_windows(text: Text) -> bool:
    if "Fault" in text.within or text.text.startswith(_DEFINITION):
        return True
    if text.class_name.startswith("MSCluster_"):  # whose descriptions people write
        return text.property == "Type"
    return text.property in _SENTENCES or text.class_name in _PUBLIC or _titled(text)


def _plain(word: str) -> bool:
    """Say whether a word tells nothing: Hyper-V's own, a class, a number, a drive's letter, a GUID."""
    return (
        len(word) < _SHORTEST
        or word.casefold() in _KNOWN
        or _NUMBER.fullmatch(word) is not None
        or _CLASS.fullmatch(word) is not None
        or re.fullmatch(rf"\{{?{_GUID}\}}?", word) is not None
        or re.fullmatch(r"(?:v|volume)?\d+(?:\.\d+)*", word, re.IGNORECASE) is not None
    )

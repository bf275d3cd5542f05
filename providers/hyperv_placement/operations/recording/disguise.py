"""Which texts of an envelope stay in a recording, and what takes the place of the others.

What a site has called something goes first, wherever it stands and whatever it looks like. Of the rest, what is not known to
be harmless is replaced: a text stays only where its property says nothing of a place, or where its words are Windows' own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from . import patterns, vocabulary
from .known import KnownNames
from .pseudonyms import Pseudonyms
from .segments import Text, peeled, rewritten, texts, wrapped

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
"""Classes of which every text is Windows' own."""
_TITLED = re.compile(
    r"Msvm_(?:\w*Service|\w*Job|\w*ServiceSettingData|ResourceAllocationSettingData|StorageAllocationSettingData"
    r"|MemorySettingData|ProcessorSettingData|SecuritySettingData|\w*Component(?:SettingData)?|MigrationSettingData)"
)
"""Classes whose names are titles, the same on every host of a language."""
_TITLES = frozenset({"ElementName", "Name"})
_NAMED = vocabulary.FREE - {"Notes", "IdentifyingDescriptions", "OtherIdentifyingInfo", "Roles"}
"""Properties that hold a name, whole."""
_PROSE = frozenset({"Notes"})
"""Properties that hold what a person wrote: no part of it stays."""
_HARDWARE = frozenset({"Address", "PermanentAddress", "NetworkAddresses", "MACAddress"})
_SECRET = re.compile(r"serial|assettag|productid|identifyingnumber|password|secret|token", re.IGNORECASE)
_VOLUMES = frozenset({"Win32_Volume", "Win32_LogicalDisk"})
"""Classes whose names are drives, and paths of mount points."""
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
"""How the identifiers of templates start: the rest is Windows' own too."""
_EDGES = " \t\u00a0\u3000."
"""Around a word: no part of a name."""
_SHORTEST = 2
"""Characters of a folder, or of a part of a name, that is looked for elsewhere: a letter alone is too common."""
_TELLING = 4
"""Characters of a serial number, or of a line of notes: shorter ones stand for nothing, as 0 or None."""


class Disguise:
    """First learns the names in all envelopes, then rewrites each."""

    def __init__(self, known: Iterable[str]) -> None:
        """`known`: names from elsewhere: hosts as they are dialled, accounts, machines."""
        self.known = KnownNames()
        self.pseudonyms = Pseudonyms(self.known)
        for name in known:
            self._add(name)

    def learn(self, envelope: str, class_name: str) -> None:
        """Note the names in an envelope. Raises ProtocolError."""
        for text in texts(envelope, class_name):
            self._learn(text, peeled(text.text)[0].strip())

    def _learn(self, text: Text, value: str) -> None:
        if vocabulary.is_protocols(text, value):
            return
        if text.property in _NAMED and not _titled(text) and text.class_name not in _VOLUMES:
            if re.fullmatch(rf"\{{?{patterns.GUID}\}}?", value) is None:
                self._add(value)
        elif _SECRET.search(text.property) or text.property in _PROSE:
            for line in value.splitlines():
                if len(line.strip()) >= _TELLING:
                    self.known.add(line)
        for place in patterns.PLACE.findall(value):
            for part in _parts(place):
                self.known.add(part)

    def _add(self, text: str) -> None:
        """Note a name whole, an account's two parts, and of a full name its first label and its domain."""
        whole = text.strip()
        self.known.add(whole)
        if file := patterns.FILE.fullmatch(whole):
            self.known.add(file[1])
        elif not any(letter.isspace() for letter in whole):
            for part in re.split(r"[\\@]", whole):
                first, _, rest = part.partition(".")
                for name in (part, first, rest, rest.partition(".")[0]):
                    if len(name) >= _SHORTEST and (name == part or not _plain(name)):
                        self.known.add(name)

    def applied(self, envelope: str, class_name: str) -> str:
        """Return an envelope with everything replaced that is not known to be harmless. Raises ProtocolError."""
        return rewritten(envelope, class_name, self._changed, self._machine)

    def _changed(self, text: Text) -> str:
        value, layers = peeled(text.text)
        said = self._said(text, value)
        return text.text if said == value else wrapped(said, layers)

    def _machine(self, text: str) -> str:
        value, layers = peeled(text)
        return wrapped(self.words(value), layers)

    def _said(self, text: Text, value: str) -> str:
        core = value.strip()
        before, _, after = value.partition(core)
        # The protocol's own stays by its place, never by its look: a machine may be called `root`, or `0`.
        if vocabulary.is_protocols(text, core):
            return re.sub(patterns.GUID, lambda found: self.pseudonyms.guid(found.group()), value)
        if _SECRET.search(text.property):
            return f"{before}{self.pseudonyms.secret(core)}{after}"
        if text.property in _HARDWARE and re.fullmatch(r"[0-9A-Fa-f]{12}", core):
            return f"{before}{self.pseudonyms.hardware(core)}{after}"
        # A name that is the whole of a text is replaced whole: it may hold what separates names elsewhere.
        odd = text.property in vocabulary.FREE or _says_nothing(core)
        if text.property in _PROSE or (core in self.known and not _titled(text) and odd):
            return f"{before}{self.pseudonyms.name(core)}{after}"
        if text.property not in vocabulary.FREE and core not in self.known and _says_nothing(core):
            return value
        return self.sentences(value) if _written_by_windows(text) else self.words(value)

    def words(self, text: str) -> str:
        """Return a text of names, paths and identifiers with every part replaced that is not Hyper-V's own."""
        return self._around(text, lambda rest: patterns.WORDS.sub(self._word, rest))

    def sentences(self, text: str) -> str:
        """Return what Windows wrote: its own words, and a pseudonym for every other one."""
        return self._around(text, lambda rest: patterns.SENTENCE.sub(self._token, rest))

    def _around(self, text: str, change: Callable[[str], str]) -> str:
        """Return a text with known names replaced, what the protocol puts around names kept, and the rest changed."""
        # A text that held such marks itself could be taken for a piece that is settled.
        text = patterns.MARKS.sub("", text)
        settled: list[str] = []
        marked, end = [], 0
        for start, stop, own in self._pieces(text):
            marked += [text[end:start], f"\ue000{len(settled)}\ue001"]
            settled.append(text[start:stop] if own else self._named(text[start:stop]))
            end = stop
        changed = change("".join([*marked, text[end:]]))
        return re.sub(patterns.PIECE, lambda found: settled[int(found.group()[1:-1])], changed)

    def without_own(self, text: str) -> str:
        """Return a text without what the protocol puts around names."""
        rest = patterns.OWN.sub(lambda found: "\n" if self._is_own(found) else found.group(), text)
        return patterns.DRIVE.sub("\n", rest)

    def _is_own(self, found: re.Match[str]) -> bool:
        """Say whether a piece is the protocol's: a site may have called a machine like a class, which stays in references alone."""
        if found.group() not in self.known:
            return True
        refers = patterns.REFERS.search(found.string, max(found.start() - 8, 0), found.start()) is not None
        return vocabulary.is_known_class(found.group()) and refers

    def _pieces(self, text: str) -> Iterator[tuple[int, int, bool]]:
        """Yield what is the protocol's own in a text, and the known names around it, in order."""
        drives = {
            (start, stop)
            for each in patterns.DRIVE.finditer(text)
            for start in [each.start()]
            for stop in (start + 1, start + 2)
        }
        fixed = [found.span() for found in re.finditer(patterns.FIXED, text)]
        end = 0
        for found in (*patterns.OWN.finditer(text), None):
            start = found.start() if found else len(text)
            for first, last in self.known.spans(text[end:start]):
                span = (end + first, end + last)
                inside = any(a <= span[0] and span[1] <= b and span != (a, b) for a, b in fixed)
                if not inside and span not in drives:
                    yield (*span, False)
            if found:
                yield (*found.span(), self._is_own(found))
                end = found.end()

    def _named(self, name: str) -> str:
        """Return what takes the place of a name, of its shape."""
        if (found := re.fullmatch(patterns.FIXED, name)) and (fixed := self._fixed(found)) is not None:
            return fixed if fixed != name else self.pseudonyms.name(name)
        if file := patterns.FILE.fullmatch(name):
            return self._named(file[1]) + file[2]
        if account := re.fullmatch(r"([\w.-]+)([\\@])([\w.$-]+)", name):
            return self._named(account[1]) + account[2] + self._named(account[3])
        plain = re.fullmatch(r"[\w.-]+", name) is not None and "." in name.strip(".")
        return self.pseudonyms.domain_name(name) if plain else self.pseudonyms.name(name)

    def _token(self, match: re.Match[str]) -> str:
        if match["piece"] or match["entity"]:
            return match.group()
        if fixed := self._fixed(match):
            return fixed
        token = match["spoken"]
        if token is None:
            return patterns.WORDS.sub(self._word, match.group())
        if vocabulary.is_word(token) or re.fullmatch(r"\d+(?:[.:]\d+)*", token):
            return token
        return self.pseudonyms.domain_name(token) if "." in token else self.pseudonyms.name(token)

    def _word(self, match: re.Match[str]) -> str:
        if match["piece"] or match["entity"]:
            return match.group()
        if fixed := self._fixed(match):
            return fixed
        whole = match["word"]
        word = whole.strip(_EDGES)
        before, after = whole[: len(whole) - len(whole.lstrip(_EDGES))], whole[len(whole.rstrip(_EDGES)) :]
        drive = match.string.startswith(":", match.end("word"))
        stays = _plain(word) and (drive or len(word) > 1 or not word.isalpha())
        return f"{before}{word if stays else self._named(word)}{after}" if word else whole

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


def _parts(place: str) -> Iterator[str]:
    """Yield what a site has called a server, a share, folders and files of a path; of a reference to WMI, the host."""
    if reference := patterns.REFERENCE.match(place):
        yield reference["host"]
        return
    if place.startswith("\\\\"):
        server = place[2:].partition("\\")[0]
        yield from (label for label in server.split(".") if len(label) > _SHORTEST and not label.isdigit())
    for part in re.split(r"[\\/]", place)[1:]:
        name = part.strip()
        if file := patterns.FILE.fullmatch(name):
            name = file[1]
        if len(name) >= _SHORTEST and not _plain(name):
            yield name


def _says_nothing(value: str) -> bool:
    """Say whether a value is a time, a number, or an address of the protocol."""
    return vocabulary.is_number(value) or vocabulary.is_time(value) or vocabulary.is_address(value)


def _titled(text: Text) -> bool:
    return text.property in _TITLES and _TITLED.fullmatch(text.class_name) is not None


def _written_by_windows(text: Text) -> bool:
    if "Fault" in text.within or text.text.startswith(_DEFINITION):
        return True
    if text.class_name.startswith("MSCluster_"):  # whose descriptions people write
        return text.property == "Type"
    return text.property in _SENTENCES or text.class_name in _PUBLIC or _titled(text)


def _plain(word: str) -> bool:
    """Say whether a word says nothing of a site: Hyper-V's own, a class, a number, a drive's letter, a GUID."""
    return (
        len(word) < _SHORTEST
        or word.casefold() in _KNOWN
        or vocabulary.is_number(word)
        or vocabulary.is_class(word)
        or re.fullmatch(rf"\{{?{patterns.GUID}\}}?", word) is not None
        or re.fullmatch(r"(?:v|volume)?\d+(?:\.\d+)*", word, re.IGNORECASE) is not None
    )

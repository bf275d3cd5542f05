"""Joins pages and the lists of live hosts: a list says which properties there are, a page their types and since when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tools.wmi_schema.pages import Page, PageProperty
from tools.wmi_schema.trees import TreeClass, TreeProperty

_OLDER, _NEWER = 17763, 25398
"""The builds of the hosts that microsoft/wmi was made on: its trees server2019 and server23h2."""
_INTERVALS = frozenset(
    {
        "automaticstartupactiondelay", "autoresynchronizeintervalend", "autoresynchronizeintervalstart", "duration",
        "elapsedtime", "metricsflushinterval", "runstartinterval", "timebeforeremoval",
    }
)  # fmt: skip
"""Intervals that their pages describe in words, without the qualifier SubType."""
_DATED: Mapping[str, Mapping[int, str]] = {
    "Msvm_ComputerSystem": {14393: "LastSuccessfulBackupTime", 17763: "HwThreadsPerCoreRealized"},
    "Msvm_VirtualSystemSettingData": {
        14393: (
            "AllowFullSCSICommandSet DebugChannelId DebugPort DebugPortEnabled EnableHibernation HighMmioGapBase "
            "LowMmioGapSize TurnOffOnGuestRestart"
        ),
    },
    "Msvm_MemorySettingData": {
        14393: "HugePagesEnabled",
        17763: "SgxEnabled SgxLaunchControlDefault SgxLaunchControlMode SgxSize",
    },
    "Msvm_SyntheticEthernetPortSettingData": {
        14393: "InterruptModeration NumaAwarePlacement",
        17763: "MediaType",
    },
    "MSCluster_Cluster": {20348: "MaximumParallelMigrations"},
}
"""Class -> build -> what came with it: guesses, by the feature that the property belongs to. The last is dated: the
updates of September 2022 brought it (Get-Cluster page)."""
_CAME: Mapping[str, int] = {
    "Msvm_GpuPartition": 16299, "Msvm_GpuPartitionSettingData": 16299, "Msvm_PartitionableGpu": 16299,
    "Win32_DeviceGuard": 14393,
}  # fmt: skip
"""Classes whose pages do not say since when. That partitions of a GPU came with version 1709 is a guess; the other one
came with Windows Server 2016 (Learn, "Enable virtualization-based protection of code integrity")."""
_KINDS: Mapping[tuple[str, str], str] = {("Msvm_ProcessorSettingData", "LimitProcessorFeaturesMode"): "uint8"}
"""Types of enumerations that no page has, and are not the usual one: guesses."""
_RECORDED: Mapping[str, Mapping[str, str]] = {
    "Msvm_ComputerSystem": {
        "ManagementVtlImageFileName": "string since 26100",
        "ManagementVtlImageVersion": "string since 26100",
    },
}
"""What a host of build 26220 showed beside them (r4sd/go-wsman, recorded_computersystem_*.xml)."""
_GUESSED = "uint16"
"""Type of an enumeration that no page has: that of nearly all that have one."""
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Merger:
    """What is known of the classes of a namespace, each by its name."""

    pages: Mapping[str, tuple[str, Page]]
    """Class -> where its page is, and the page."""
    older: Mapping[str, TreeClass]
    newer: Mapping[str, TreeClass]
    keep_unlisted: bool
    """Take what a page has and no live host had: pages of Win32 classes are what clients read."""
    _full: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def classes(self, wanted: Iterable[str]) -> Json:
        """Return these classes and their superclasses as they are written down."""
        names = {each for name in wanted for each in self._line(name)}
        return {name: self._class(name) for name in sorted(names, key=str.casefold)}

    def _base(self, name: str) -> str:
        listed = self.newer.get(name) or self.older.get(name)
        if listed is not None:
            return listed.base
        return self.pages[name][1].base if name in self.pages else ""

    def _line(self, name: str) -> Iterator[str]:
        while name:
            yield name
            name = self._base(name)

    def _page(self, name: str) -> Page | None:
        return self.pages[name][1] if name in self.pages else None

    def _class(self, name: str) -> Json:
        page, older, newer = self._page(name), self.older.get(name), self.newer.get(name)
        found: Json = {}
        if base := self._base(name):
            found["super"] = base
        if page is not None:
            found["page"] = self.pages[name][0]
        given = _CAME.get(name, page.since if page else 0)
        if since := given or (_NEWER if newer and not older else 0):
            found["since"] = since
        if older and not newer:
            found["until"] = _NEWER
        found |= {word: True for word in ("association", "singleton") if page and word in page.flags}
        full, inherited = self._properties(name), self._properties(self._base(name))
        found["properties"] = {
            spelled: text for folded, (spelled, text) in full.items() if folded not in inherited
        }
        if defaults := dict(_defaults(page, full)):
            found["defaults"] = defaults
        return found

    def _properties(self, name: str) -> dict[str, tuple[str, str]]:
        """Return all properties of a class, inherited ones first: lower-case name -> name, and type with dates."""
        if not name:
            return {}
        if name not in self._full:
            found = dict(self._properties(self._base(name)))
            own = {spelled: self._type(name, spelled) for spelled in self._own(name, found)}
            for spelled, text in sorted({**own, **_RECORDED.get(name, {})}.items()):
                found.setdefault(spelled.casefold(), (spelled, text))
            self._full[name] = found
        return self._full[name]

    def _own(self, name: str, inherited: Mapping[str, object]) -> Iterator[str]:
        trees = [tree for tree in (self.newer.get(name), self.older.get(name)) if tree is not None]
        listed = {each.casefold(): each for tree in reversed(trees) for each in tree.properties}
        yield from listed.values()
        page = self._page(name)
        for each in page.properties.values() if page else ():
            known = each.name.casefold() in listed or each.name.casefold() in inherited
            if not known and (self.keep_unlisted or each.until or not trees):
                yield each.name

    def _type(self, name: str, spelled: str) -> str:
        """Return a property's type and dates: `string[] since 16299`."""
        newer, older = _listed(self.newer.get(name), spelled), _listed(self.older.get(name), spelled)
        listed, page = newer or older, self._page(name)
        seen = _on(page, spelled) or self._elsewhere(name, spelled)
        kind = _KINDS.get((name, spelled)) or _kind(listed, seen)
        array = listed.array if listed else bool(seen and seen.array)
        since = (seen.since if seen else 0) or (_NEWER if newer and not older and name in self.older else 0)
        since = next(
            (build for build, names in _DATED.get(name, {}).items() if spelled in names.split()), since
        )
        until = (seen.until if seen else 0) or (_NEWER if older and not newer and name in self.newer else 0)
        dates = f" since {since}" * bool(since) + f" until {until}" * bool(until)
        return f"{kind}{'[]' * array}{dates}"

    def _elsewhere(self, name: str, spelled: str) -> PageProperty | None:
        """Return the property as the page of a subclass has it, where its own class has no page."""
        found = [
            each
            for other, (_, page) in sorted(self.pages.items())
            if other != name and name in self._line(other) and (each := _on(page, spelled))
        ]
        undated = [
            PageProperty(name=e.name, type=e.type, array=e.array, reference=e.reference) for e in found
        ]
        return max(undated, key=lambda each: sum(each.type == other.type for other in undated), default=None)


def _on(page: Page | None, spelled: str) -> PageProperty | None:
    folded = spelled.casefold()
    return next((e for e in page.properties.values() if e.name.casefold() == folded), None) if page else None


def _listed(tree: TreeClass | None, spelled: str) -> TreeProperty | None:
    folded = spelled.casefold()
    return next((e for e in tree.properties.values() if e.name.casefold() == folded), None) if tree else None


def _kind(listed: TreeProperty | None, seen: PageProperty | None) -> str:
    """Return the type; a list knows no times and no sizes of enumerations, and a page misspells now and then."""
    if listed is not None and listed.object:
        embedded = listed.object == "MSCluster_Property" or (seen is not None and not seen.reference)
        return f"{listed.object} {'object' if embedded else 'ref'}"
    if (
        listed is not None
        and listed.type
        and not (listed.type == "string" and seen and seen.type == "datetime")
    ):
        return listed.type
    if seen is None:
        return _GUESSED
    if seen.reference:
        return f"{seen.type} ref"
    if seen.type == "datetime" and (seen.interval or seen.name.casefold() in _INTERVALS):
        return "interval"
    return seen.type


def _defaults(page: Page | None, full: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, object]]:
    """Yield the numbers and flags that a page gives properties; its texts are in one language, or stand for others."""
    for each in page.properties.values() if page else ():
        _, text = full.get(each.name.casefold(), ("", ""))
        kind = text.split(" ")[0]
        values: list[object] = []
        if kind.startswith("boolean"):
            values = [word == "true" for word in re.findall(r"true|false", each.default.lower())]
        elif kind.startswith(("uint", "sint")):
            values = [int(word, 0) for word in _NUMBER.findall(each.default)]
        if values:
            yield full[each.name.casefold()][0], values if kind.endswith("[]") else values[0]

"""pypsrp's WSMan walks every class of a host of each build: what comes is what the public pages list, no codec of ours between.

The lists are read here from the files beside the lab's code, whose source are MicrosoftDocs/win32 and microsoft/wmi
(`python -m tools.wmi_schema`), by a reader of this module's own.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import WSMan

from hyperv_placement.wsman import VIRTUALIZATION, WQL_DIALECT, resource_uri
from lab.estate.spec import DiskSpec, EstateSpec
from lab.wmi.classes import CLASSES, WmiClass
from lab.wmi.views.namespaces import namespaces
from lab.world.builds import BUILDS
from tests.fabric.test_lab_service.conftest import Maker, Wire, make_wire
from tests.unit.lab.conftest import estate, machine
from tools.workspace import PROJECT

from .test_pypsrp import WSA, WSMAN, XSI, Client, local

pytestmark = pytest.mark.lab
__all__ = ["make_wire"]  # a fixture, found by its name
LISTS = PROJECT / "lab" / "wmi" / "schema"
LEAST_CLASSES, LEAST_ASSOCIATIONS = 40, 15
READ_BY_KEYS = 1
"""How many instances of each class are read again, each by the reference that came with it."""
PLAIN = {
    "string": re.compile(r".*", re.DOTALL), "boolean": re.compile(r"true|false"), "real32": re.compile(r"-?[\d.]+"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"),
    "interval": re.compile(r"P\d+DT\d+H\d+M\d+(\.\d{1,6})?S"),
}  # fmt: skip
TIMES = {"datetime": "Datetime", "interval": "Interval"}


@dataclass(frozen=True, slots=True)
class Listed:
    """What the pages list of a class for one build: property -> type, and which of them are arrays."""

    types: Mapping[str, str]
    arrays: frozenset[str]


@cache
def files() -> list[dict[str, Any]]:
    """Return the lists, a namespace each."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(LISTS).glob("*.json"))]


def known(namespace: str) -> Mapping[str, Any]:
    """Return the classes of a namespace, with the one of WMI's own that is in every namespace (win32 page __NAMESPACE)."""
    system = {"__NAMESPACE": {"properties": {"Name": "string"}}}
    return system | next((each["classes"] for each in files() if each["namespace"] == namespace), {})


def listed(name: str, namespace: str, build: int) -> Listed:
    """Return the properties of a class and its superclasses."""
    classes = known(namespace)
    types: dict[str, str] = {}
    arrays = set()
    while name:
        for spelled, text in classes[name]["properties"].items():
            dates = dict(re.findall(r"(since|until) (\d+)", text))
            if (
                int(dates.get("since", 0)) <= build < int(dates.get("until", 1 << 32))
                and spelled not in types
            ):
                types[spelled] = re.sub(r"\[\]| (since|until) \d+", "", text)
                arrays |= {spelled} if "[]" in text else set()
        name = classes[name].get("super", "")
    return Listed(types, frozenset(arrays))


def own(found: WmiClass) -> Mapping[str, Any]:
    """Return what the lists say of a class itself."""
    return cast("Mapping[str, Any]", known(found.namespace)[found.name])


def has(found: WmiClass, build: int) -> bool:
    """Say whether a host of this build has the class."""
    return bool(own(found).get("since", 0) <= build < own(found).get("until", 1 << 32))


def above(namespace: str, name: str) -> Iterator[str]:
    """Yield the superclasses of a class."""
    classes = known(namespace)
    while name := classes[name].get("super", ""):
        yield name


class Keys:
    """A SelectorSet for pypsrp: the one that came with an instance, element by element."""

    def __init__(self, found: ET.Element) -> None:
        """Take the SelectorSet."""
        self.found = found

    def pack(self) -> ET.Element:
        """Return it as pypsrp asks for it."""
        return copy.deepcopy(self.found)


@dataclass(slots=True)
class Walk:
    """What was met on a host, and every difference to the lists."""

    client: Client
    build: int
    differences: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)

    def through(self, found: WmiClass) -> None:
        """Enumerate a class, read instances by their keys, query for all: each time the same, and as listed."""
        uri = resource_uri(found.name, found.namespace)
        rows = dict(self.enumerated(uri))
        asked = listed(found.name, found.namespace, self.build)
        for text, row in rows.items():
            self.differences += [
                f"{found.name} {text}: {each}" for each in differences(row, asked, found.name, uri)
            ]
        for text in list(rows)[:READ_BY_KEYS]:
            selectors = ET.fromstring(text)  # noqa: S314 - written below
            got = self.client.wsman.get(uri, selector_set=Keys(selectors) if len(selectors) else None)[0]  # type: ignore[arg-type]
            if canonical(got) != canonical(rows[text]):
                self.differences.append(f"{found.name} {text}: Get shows another instance than Enumerate")
        queried = Counter(canonical(row) for row in self.queried(found) if local(row) == found.name)
        if queried != Counter(map(canonical, rows.values())):
            self.differences.append(f"{found.name}: a query shows other instances than an enumeration")
        self.met[found.name] += len(rows)

    def enumerated(self, uri: str) -> Iterator[tuple[str, ET.Element]]:
        """Yield each instance of this very class by its keys, as text."""
        begun = self.client.begin(
            uri, f'<w:EnumerationMode xmlns:w="{WSMAN}">EnumerateObjectAndEPR</w:EnumerationMode>'
        )
        context = begun[0].text
        while context:
            page = self.client.pull(uri, context, "<n:MaxElements>500</n:MaxElements>")
            for item in page.iter(f"{{{WSMAN}}}Item"):
                row, reference = item
                if reference.find(f".//{{{WSMAN}}}ResourceURI").text == uri:  # type: ignore[union-attr]
                    keys = reference.find(f".//{{{WSMAN}}}SelectorSet")
                    yield ET.tostring(ET.Element("none") if keys is None else keys, encoding="unicode"), row
            context = next((item.text for item in page if local(item) == "EnumerationContext"), None)

    def queried(self, found: WmiClass) -> Iterator[ET.Element]:
        """Yield what a query on `*` brings."""
        uri = resource_uri("*", found.namespace)
        text = f'<w:Filter Dialect="{WQL_DIALECT}">SELECT * FROM {found.name}</w:Filter>'  # noqa: S608 - WQL
        content = f"<w:OptimizeEnumeration/><w:MaxElements>5000</w:MaxElements>{text}"
        return everything(self.client, uri, self.client.begin(uri, content))


def canonical(row: ET.Element) -> str:
    """Return an instance as a text to compare by."""
    return ET.canonicalize(ET.tostring(row))


def differences(row: ET.Element, asked: Listed, class_name: str, uri: str) -> Iterator[str]:
    """Yield what an instance shows otherwise than listed: names, namespaces, types, arrays; NULL arrays are left out."""
    if row.tag != f"{{{uri}}}{class_name}" or row.get(f"{{{XSI}}}type") != f"p:{class_name}_Type":
        yield f"the element is {row.tag}"
    times = Counter(local(item) for item in row)
    if unlisted := times.keys() - asked.types.keys():
        yield f"no page lists {sorted(unlisted)}"
    if missing := asked.types.keys() - times.keys() - asked.arrays:
        yield f"{sorted(missing)} are missing"
    if doubled := {name for name, count in times.items() if count > 1} - asked.arrays:
        yield f"{sorted(doubled)} are no arrays"
    for item in row:
        name = local(item)
        if name in asked.types and not fits(item, asked.types[name]):
            yield f"{name} is no {asked.types[name]}: {ET.tostring(item)!r}"


def fits(item: ET.Element, kind: str) -> bool:
    """Say whether a property's element can be one of its type."""
    if item.get(f"{{{XSI}}}nil") == "true":
        return item.text is None and len(item) == 0
    if kind.endswith(" ref"):
        return [local(each) for each in item] == ["Address", "ReferenceParameters"] and item[
            0
        ].tag == f"{{{WSA}}}Address"
    if kind.endswith(" object"):
        return len(item) > 0
    if kind in TIMES:
        return [local(each) for each in item] == [TIMES[kind]] and PLAIN[kind].fullmatch(
            item[0].text or ""
        ) is not None
    if kind in PLAIN:
        return len(item) == 0 and PLAIN[kind].fullmatch(item.text or "") is not None
    bits = int(kind.removeprefix("uint").removeprefix("sint"))
    low, high = (0, 2**bits) if kind.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    return re.fullmatch(r"-?\d+", item.text or "") is not None and low <= int(item.text or "") < high


def world(build: int) -> EstateSpec:
    """Return a host of a build, with a machine of each generation, one that is off, and what a host can have besides."""
    folder = "D:\\Hyper-V\\WEB01"
    return estate(
        machine("WEB01", disks=(DiskSpec(path=f"{folder}\\os.vhdx"), DiskSpec(path="D:\\setup.iso", kind="iso")),
                checkpoints=("before",), fibre_channel=("SAN",), clustered=True, gpu_partitions=1, assigned_devices=1),
        machine("OLD01", generation=1),
        machine("OFF01", enabled_state=3),
        build=build, cluster="CL1", fibre_channel=("SAN",),
    )  # fmt: skip


@pytest.fixture
def client(make_wire: Maker, build: int) -> Iterator[tuple[Wire, Client]]:
    """pypsrp with NTLM over TLS on hv1, which has a planned machine and a migration under way, too."""
    wire = make_wire(world(build))
    host = wire.world.hosts["hv1"]
    planned = replace(wire.vm("OFF01"), id="0A1B2C3D-0000-4000-8000-00000000000A", name="COMING")
    host.planned[planned.id] = planned
    with ExitStack() as stack:
        wsman = WSMan(
            "127.0.0.1", port=urlsplit(host.url).port, username=wire.account.username, password=wire.account.password,
            ssl=True, auth="ntlm", no_proxy=True, cert_validation=wire.ca,  # type: ignore[arg-type]
        )  # fmt: skip
        yield wire, Client(stack.enter_context(wsman))


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_every_class_is_as_its_page_lists_it(client: tuple[Wire, Client], build: int) -> None:
    """Enumerate and Pull, Get by the keys that came, a query on `*`; 40 classes and 15 associations at least, and no difference."""
    walk = Walk(client[1], build)
    there = set(namespaces(client[0].world.hosts["hv1"]))
    served = [found for found in CLASSES if found.namespace in there and has(found, build)]
    for found in served:
        walk.through(found)
    associations = [found.name for found in served if own(found).get("association")]
    met = [name for name in associations if walk.met[name]]
    sys.stdout.write(
        f"{len(served)} classes, {len(associations)} of them associations, {sum(walk.met.values())} instances of "
        f"{len(+walk.met)} classes, {len(met)} of them associations\n"
    )
    assert walk.differences == []
    assert len(+walk.met) - len(met) >= LEAST_CLASSES
    assert len(met) >= LEAST_ASSOCIATIONS


@pytest.mark.parametrize("build", [BUILDS["2025"]])
def test_a_superclass_answers_for_all_below_it(client: tuple[Wire, Client], build: int) -> None:
    """Each superclass of root/virtualization/v2, by enumeration of references: those of its subclasses, and no other."""
    served = [found for found in CLASSES if found.namespace == VIRTUALIZATION and has(found, build)]
    names = sorted({name for found in served for name in above(VIRTUALIZATION, found.name)})
    found = {name: counted(client[1], name) for name in (*names, *(each.name for each in served))}
    for name in names:
        below = [each.name for each in served if name in above(VIRTUALIZATION, each.name)]
        assert found[name] == sum((found[each] for each in below), Counter()), name
    assert len(names) > LEAST_CLASSES


def counted(client: Client, name: str) -> Counter[str]:
    """Return how many references of each class an enumeration brings."""
    uri = resource_uri(name)
    content = "<w:OptimizeEnumeration/><w:MaxElements>5000</w:MaxElements><w:EnumerationMode>EnumerateEPR</w:EnumerationMode>"
    return Counter(
        (item.find(f".//{{{WSMAN}}}ResourceURI").text or "").rsplit("/", 1)[-1]  # type: ignore[union-attr]
        for item in everything(client, uri, client.begin(uri, content))
    )


def everything(client: Client, uri: str, begun: ET.Element) -> Iterator[ET.Element]:
    """Yield the items of an answer to an optimised Enumerate, and of all Pulls after it."""
    page: ET.Element | None = begun
    while page is not None:
        for holder in page:
            if local(holder) == "Items":
                yield from holder
        context = next((item.text for item in page if local(item) == "EnumerationContext"), None)
        page = client.pull(uri, context, "<n:MaxElements>5000</n:MaxElements>") if context else None


@pytest.mark.parametrize("build", [BUILDS["2022"]])
def test_a_singleton_has_no_key(client: tuple[Wire, Client]) -> None:
    """Win32_OperatingSystem by Get without selectors (win32 WinRM page session-get); a selector is refused."""
    uri = resource_uri("Win32_OperatingSystem", "root/cimv2")
    assert local(client[1].get(uri)) == "Win32_OperatingSystem"
    with pytest.raises(WSManFaultError) as caught:
        client[1].get(uri, Name="x")
    assert caught.value.code == 2150858843


def test_a_difference_is_seen() -> None:
    """Of every sort: the walk would not pass over it."""
    asked = Listed(
        {"Name": "string", "Size": "uint8", "When": "datetime", "Roles": "string"}, frozenset({"Roles"})
    )
    head = f'<p:C xmlns:p="u" xmlns:xsi="{XSI}" xsi:type="p:C_Type">'
    whole = '<p:Name>x</p:Name><p:Size>255</p:Size><p:When xsi:nil="true"/>'
    assert list(differences(ET.fromstring(f"{head}{whole}</p:C>"), asked, "C", "u")) == []  # noqa: S314
    for content, word in (
        (whole + "<p:Odd/>", "no page lists"), (whole.replace("<p:Name>x</p:Name>", ""), "missing"),
        (whole.replace("255", "256"), "no uint8"), (whole + "<p:Name>y</p:Name>", "no arrays"),
        (whole.replace('<p:When xsi:nil="true"/>', "<p:When>today</p:When>"), "no datetime"),
    ):  # fmt: skip
        found = list(differences(ET.fromstring(f"{head}{content}</p:C>"), asked, "C", "u"))  # noqa: S314
        assert len(found) == 1
        assert word in found[0]

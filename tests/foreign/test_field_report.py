"""The sample of a field report, step by step as its VB.NET does it, by pypsrp's WSMan: every build, English and Japanese.

The machine by its name, its settings and their disks by GetRelated, an instance of the migration settings, texts in CIM DTD 2.0,
MigrateVirtualSystemToHost, and the job read until it is neither starting nor running. Texts are written here, not by our codec.
"""

# ruff: noqa: S608 - WQL, and the names in it are the tests' own

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from pypsrp.wsman import NAMESPACES, WSMan

from hyperv_placement.wsman import WQL_DIALECT, resource_uri
from lab.estate.building import build
from lab.estate.spec import DiskSpec, EstateSpec, HostSpec, ShareSpec, VmSpec, VolumeSpec
from lab.home import certificates, credentials
from lab.server import serve
from lab.world import vmms
from lab.world.builds import BUILDS
from tests.fabric.test_lab_service.conftest import Seconds, Wire
from tests.unit.lab.conftest import StillClock

from .test_pypsrp import Client, local, only, reference, texts

pytestmark = pytest.mark.lab
MIGRATION = resource_uri("Msvm_VirtualSystemMigrationService")
HOST, STORAGE, STAGED, BOTH = 32768, 32769, 32770, 32771
STARTING, RUNNING, COMPLETED = "3", "4", "7"
SHARE = r"\\sofs.lab.example\vms"
GIB = 1024**3
TYPES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "Access", "AutomaticCriticalErrorAction", "AutomaticRecoveryAction", "AutomaticShutdownAction", "AutomaticStartupAction",
            "AutomaticStartupActionSequenceNumber", "BootOrder", "CachingMode", "ConsoleMode", "ConsumerVisibility", "DebugPortEnabled",
            "EnhancedSessionTransportType", "GuestStateIsolationMode", "GuestStateIsolationType", "HostExtentNameFormat",
            "HostExtentNameNamespace", "MappingBehavior", "MigrationType", "NetworkBootPreferredProtocol", "ResourceType", "TransportType", "UserSnapshotType",
            "VMBusMessageRedirection", "WriteHardeningMethod",
        ),
        "uint16",
    ),
    **dict.fromkeys(("DebugChannelId", "DebugPort", "Weight"), "uint32"),
    **dict.fromkeys(
        (
            "GuestFeatureSet", "HighMmioGapBase", "HighMmioGapSize", "HostExtentStartingAddress", "HostResourceBlockSize", "IOPSLimit",
            "IOPSReservation", "Limit", "LowMmioGapSize", "Reservation", "VirtualQuantity", "VirtualResourceBlockSize",
            "Vtl2AddressRangeBase", "Vtl2AddressRangeSize", "Vtl2MmioAddressRangeSize",
        ),
        "uint64",
    ),
    **dict.fromkeys(
        ("AutomaticCriticalErrorActionTimeout", "AutomaticStartupActionDelay", "CreationTime"), "datetime"
    ),
}  # fmt: skip
"""Types of the class pages; a property that is not here is a string, or a boolean by its value."""
ARRAYS = {
    "BootOrder", "BootSourceOrder", "Connection", "DestinationIPAddressList", "HostResource", "Notes", "NumaNodeTopologyArray",
    "VirtualSystemIdentifiers",
}  # fmt: skip
_DATE = re.compile(r"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?Z")
_SPAN = re.compile(r"P(\d+)DT(\d+)H(\d+)M(\d+)(?:\.(\d+))?S")


def host(letter: str, release: str, locale: str) -> HostSpec:
    """Return one of a release's two hosts."""
    volumes = (
        VolumeSpec(path="C:\\", capacity_bytes=100 * GIB),
        VolumeSpec(path="D:\\", capacity_bytes=500 * GIB),
    )
    return HostSpec(
        name=f"{letter}{release}".lower(),
        memory_mib=65536,
        volumes=volumes,
        build=BUILDS[release],
        locale=locale,
    )


def machine(release: str, kind: int) -> VmSpec:
    """Return the machine of one move; where only the host changes its files lie on a share."""
    name = f"VM{release}-{kind}"
    folder = f"{SHARE}\\{name}" if kind == HOST else f"D:\\Hyper-V\\{name}"
    disks = tuple(
        DiskSpec(path=f"{folder}\\{each}.vhdx", size_bytes=GIB // 4, virtual_bytes=GIB)
        for each in ("os", "data")
    )
    return VmSpec(name=name, host=f"a{release}".lower(), folder=folder, memory_mib=512, disks=disks)


@pytest.fixture(scope="module", params=["en-US", "ja-JP"])
def hosts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Two hosts of each build, with a machine for each kind of move; all of them speak one language."""
    pairs = tuple(host(letter, release, request.param) for release in BUILDS for letter in "AB")
    spec = EstateSpec(
        hosts=pairs,
        shares=(ShareSpec(path=SHARE, capacity_bytes=500 * GIB, hosts=tuple(each.name for each in pairs)),),
        vms=tuple(machine(release, kind) for release in BUILDS for kind in (HOST, STORAGE, STAGED, BOTH)),
    )
    clock, home = StillClock(), tmp_path_factory.mktemp("field") / "lab"
    world = build(spec, home, clock, ports={each.name: 0 for each in pairs})
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(each.name, each.full_name) for each in world.hosts.values()])
    seconds = Seconds()
    servers = serve(world, home, now=seconds)
    servers.start()
    yield Wire(world, clock, servers, seconds)
    servers.stop()


def query(client: Client, wql: str) -> list[ET.Element]:
    """Return everything that a query yields."""
    uri = resource_uri("*")
    content = f'<w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements><w:Filter Dialect="{WQL_DIALECT}">{escape(wql)}</w:Filter>'
    answer = client.begin(uri, content)
    found, page = list(only(answer, "wsman:Items")), answer
    while (context := page.find("wsen:EnumerationContext", NAMESPACES)) is not None and context.text:
        page = client.pull(uri, context.text)
        found += list(only(page, "wsen:Items"))
    return found


def related(
    client: Client, path: str, result: str, association: str, roles: tuple[str, str]
) -> list[ET.Element]:
    """GetRelated, as .NET makes a query of it: result class, association, role of the result and of the source."""
    words = f"AssocClass = {association} ResultClass = {result} ResultRole = {roles[0]} Role = {roles[1]}"
    return query(client, f"ASSOCIATORS OF {{{path}}} WHERE {words}")


def path_of(class_name: str, **keys: str) -> str:
    """Return an object path, as Path.RelativePath has it."""
    listed = (f'{name}="{value.replace(chr(92), chr(92) * 2)}"' for name, value in keys.items())
    return f"{class_name}.{','.join(listed)}"


def get_text(class_name: str, properties: Mapping[str, list[str]]) -> str:
    """GetText(TextFormat.CimDtd20): types by name, booleans in capitals, times in CIM's form."""
    content = ""
    for name in sorted(properties):
        values = [_cim(name, value) for value in properties[name]]
        kind = TYPES.get(name) or ("boolean" if values and set(values) <= {"TRUE", "FALSE"} else "string")
        written = "".join(f"<VALUE>{_escaped(value)}</VALUE>" for value in values)
        content += (
            f'<PROPERTY.ARRAY NAME="{name}" TYPE="{kind}"><VALUE.ARRAY>{written}</VALUE.ARRAY></PROPERTY.ARRAY>'
            if name in ARRAYS
            else f'<PROPERTY NAME="{name}" TYPE="{kind}">{written}</PROPERTY>'
        )
    return f'<INSTANCE CLASSNAME="{class_name}">{content}</INSTANCE>'


def _escaped(value: str) -> str:
    return value.replace("&", "&#38;").replace("<", "&#60;")


def _cim(name: str, value: str) -> str:
    if value in {"true", "false"} and name not in TYPES:
        return value.upper()
    if match := _DATE.fullmatch(value):
        return "".join(match.groups()[:6]) + f".{(match[7] or '').ljust(6, '0')}+000"
    if match := _SPAN.fullmatch(value):
        days, *rest = match.groups()[:4]
        return (
            f"{int(days):08d}{''.join(each.zfill(2) for each in rest)}.{(match[5] or '').ljust(6, '0')}:000"
        )
    return value


def held(row: ET.Element) -> dict[str, list[str]]:
    """Return what a row says, by name; what is NULL is not there."""
    found: dict[str, list[str]] = {}
    for item in row:
        if item.get("{http://www.w3.org/2001/XMLSchema-instance}nil") != "true":
            found.setdefault(local(item), []).append("".join(item.itertext()))
    return found


def migration_settings(kind: int, addresses: list[str]) -> str:
    """Return a new instance of the migration settings with what the sample sets of it."""
    properties = {"MigrationType": [str(kind)], "TransportType": ["5"]}
    if kind != STORAGE:
        properties["DestinationIPAddressList"] = addresses
    return get_text("Msvm_VirtualSystemMigrationSettingData", properties)


def cdata(name: str, text: str) -> str:
    """Return a text as an argument."""
    return f"<p:{name}><![CDATA[{text}]]></p:{name}>"


@pytest.mark.parametrize("kind", [HOST, STORAGE, STAGED, BOTH])
@pytest.mark.parametrize("release", list(BUILDS))
def test_the_sample(hosts: Wire, release: str, kind: int) -> None:
    """From the name of a machine to the end of its job, on the release's own two hosts."""
    source, destination = hosts.world.hosts[f"a{release}".lower()], hosts.world.hosts[f"b{release}".lower()]
    name = f"VM{release}-{kind}"
    with ExitStack() as stack:
        client = Client(stack.enter_context(dialled(hosts, source.url)))
        (vm,) = (
            texts(row)
            for row in query(client, f"SELECT * FROM Msvm_ComputerSystem WHERE ElementName = '{name}'")
        )
        guid = vm["Name"] or ""
        keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": guid}
        (settings,) = related(
            client, path_of("Msvm_ComputerSystem", **keys), "Msvm_VirtualSystemSettingData", "Msvm_SettingsDefineState",
            ("SettingData", "ManagedElement"),
        )  # fmt: skip
        disks = related(
            client, path_of("Msvm_VirtualSystemSettingData", InstanceID=texts(settings)["InstanceID"] or ""),
            "Msvm_StorageAllocationSettingData", "Msvm_VirtualSystemSettingDataComponent", ("PartComponent", "GroupComponent"),
        )  # fmt: skip
        assert len(disks) == 2
        arguments = f"<p:ComputerSystem>{reference('Msvm_ComputerSystem', **keys)}</p:ComputerSystem>"
        if kind != STORAGE:
            arguments += f"<p:DestinationHost>{destination.full_name}</p:DestinationHost>"
        arguments += cdata("MigrationSettingData", migration_settings(kind, list(destination.listening)))
        folder = f"D:\\Moved\\{name}"
        if kind in {STORAGE, BOTH}:
            arguments += moved(settings, disks, folder)
        outputs = client.invoke(
            MIGRATION,
            "MigrateVirtualSystemToHost",
            arguments,
            CreationClassName="Msvm_VirtualSystemMigrationService",
        )
        assert outputs["ReturnValue"].text == "4096"
        assert followed(hosts, client, outputs["Job"]) == COMPLETED
    moved_to = hosts.vm(name)
    assert moved_to.host == (source.name if kind in {STORAGE, STAGED} else destination.name)
    assert all(disk.path.startswith(folder) for disk in moved_to.disks) == (kind in {STORAGE, BOTH})
    assert (guid in destination.planned) == (kind == STAGED)


def moved(settings: ET.Element, disks: list[ET.Element], folder: str) -> str:
    """Return whole texts of the settings with new roots, and of each disk with a new place."""
    system = held(settings)
    for root in ("ConfigurationDataRoot", "SnapshotDataRoot", "SwapFileDataRoot"):
        system[root] = [folder]
    found = cdata("NewSystemSettingData", get_text("Msvm_VirtualSystemSettingData", system))
    for row in disks:
        disk = held(row)
        disk["HostResource"] = [f"{folder}\\{disk['HostResource'][0].rpartition(chr(92))[2]}"]
        found += cdata("NewResourceSettingData", get_text("Msvm_StorageAllocationSettingData", disk))
    return found


def followed(hosts: Wire, client: Client, job: ET.Element) -> str | None:
    """Read the job while it is starting or running, and return its last state."""
    uri = only(job, "wsa:ReferenceParameters/wsman:ResourceURI").text or ""
    (key,) = job.iter(f"{{{NAMESPACES['wsman']}}}Selector")
    for _ in range(600):
        state = texts(client.get(uri, InstanceID=key.text or ""))["JobState"]
        if state not in {STARTING, RUNNING}:
            return state
        hosts.clock.time += timedelta(seconds=1)
        vmms.advance(hosts.world)
    return None


def dialled(hosts: Wire, url: str) -> WSMan:
    """Return pypsrp's WSMan on a host, NTLM over TLS."""
    return WSMan(
        "127.0.0.1", port=urlsplit(url).port, username=hosts.account.username, password=hosts.account.password, ssl=True, auth="ntlm",
        no_proxy=True, cert_validation=hosts.ca,  # type: ignore[arg-type]  # a path too, says its documentation
    )  # fmt: skip


def test_the_language_of_the_answers(hosts: Wire) -> None:
    """What the walks above read is in the host's language: no step of theirs leans on words."""
    listed = next(iter(hosts.world.hosts.values()))
    with dialled(hosts, listed.url) as wsman:
        (own,) = query(Client(wsman), "SELECT * FROM Msvm_ComputerSystem WHERE Name = __SERVER")
    caption = texts(own)["Caption"] or ""
    assert caption.isascii() == (listed.locale == "en-US")

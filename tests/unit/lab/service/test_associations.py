"""Associations of a host: each class enumerated and got, walks from object to object, and both filters that are no WQL."""

# ruff: noqa: S608 - WQL, and the names in it are the tests' own

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    CIMV2,
    MSCLUSTER,
    VIRTUALIZATION,
    AssociationFilter,
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    EnumerationMode,
    Fault,
    Fragment,
    Get,
    Instance,
    InstanceWithReference,
    Item,
    SelectorFilter,
    resource_uri,
)
from lab.estate.building import build
from lab.estate.spec import DiskSpec
from lab.wmi.associations import ASSOCIATIONS
from lab.wmi.classes import CLASSES
from lab.wmi.paths import reference_path
from tests.unit.lab.conftest import Stage, StillClock, estate, machine
from tests.unit.lab.service.conftest import MAKER, Desk

FOLDER = "D:\\Hyper-V\\WEB01"
SETTINGS, DISKS = "Msvm_VirtualSystemSettingData", "Msvm_StorageAllocationSettingData"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A host with a machine of two disks and a DVD, one with two checkpoints, one that is off; nothing changes it."""
    disks = (
        DiskSpec(path=f"{FOLDER}\\os.vhdx"),
        DiskSpec(path=f"{FOLDER}\\data.vhdx"),
        DiskSpec(path="D:\\ISO\\setup.iso", kind="iso"),
    )
    spec = estate(
        machine("WEB01", disks=disks),
        machine("SNAP01", checkpoints=("before", "after")),
        machine("OFF01", enabled_state=3),
    )
    clock, ports = StillClock(), {host.name: 0 for host in spec.hosts}
    world = build(spec, tmp_path_factory.mktemp("associations") / "lab", clock, ports=ports)
    return Desk(Stage(world, clock))


def ask(at: Desk, message: Enumerate) -> list[Item]:
    """Return what an enumeration yields."""
    answer = at.send(message)
    assert isinstance(answer, EnumerateResponse), answer
    return list(answer.items or ())


def query(
    at: Desk, wql: str, namespace: str = VIRTUALIZATION, mode: EnumerationMode = EnumerationMode.OBJECTS
) -> list[Item]:
    """Return everything that a query yields."""
    uri = resource_uri("*", namespace)
    return ask(at, Enumerate(resource_uri=uri, query=wql, optimize=True, max_elements=32000, mode=mode))


def rows(items: list[Item]) -> list[Instance]:
    """Return items that must be instances."""
    found = [item for item in items if isinstance(item, Instance)]
    assert len(found) == len(items)
    return found


def refused(at: Desk, wql: str, namespace: str = VIRTUALIZATION) -> str:
    """Return the innermost words of the fault that a query is answered with."""
    return at.fault(Enumerate(resource_uri=resource_uri("*", namespace), query=wql)).texts[-1]


def path(at: Desk, name: str, quote: str = '"') -> str:
    """Return a machine's path."""
    keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": at.stage.vm(name).id}
    return "Msvm_ComputerSystem." + ",".join(f"{key}={quote}{value}{quote}" for key, value in keys.items())


def settings_path(at: Desk, name: str) -> str:
    """Return the path of a machine's active settings."""
    return f'{SETTINGS}.InstanceID="Microsoft:{at.stage.vm(name).id}"'


@pytest.mark.parametrize(
    "each", [each for each in ASSOCIATIONS if each.namespace != MSCLUSTER], ids=lambda each: each.name
)
def test_each_is_enumerated_and_got_by_its_references(at: Desk, each: object) -> None:
    """Both ends are references to instances that are there, and the reference to the association itself leads back to it."""
    assert each in ASSOCIATIONS
    found = next(association for association in ASSOCIATIONS if association is each)
    uri = resource_uri(found.name, found.namespace)
    items = rows(ask(at, Enumerate(resource_uri=uri, optimize=True, max_elements=32000)))
    assert items or found.name in EMPTY
    for row in items:
        for end in found.ends:
            reference = row[end]
            assert isinstance(reference, EndpointReference)
            at.get(reference)
    references = ask(
        at, Enumerate(resource_uri=uri, optimize=True, max_elements=32000, mode=EnumerationMode.EPRS)
    )
    for item in references:
        assert isinstance(item, EndpointReference)
        assert at.get(item) in items


SOME = 5
"""How many objects of each association are asked for theirs."""


def test_each_association_is_found_from_both_of_its_ends(at: Desk) -> None:
    """What an enumeration shows and what REFERENCES OF finds is the same, whichever machine the end is of."""
    for found in ASSOCIATIONS:
        if found.namespace != VIRTUALIZATION:
            continue
        links = rows(
            ask(at, Enumerate(resource_uri=resource_uri(found.name), optimize=True, max_elements=32000))
        )
        for end in found.ends:
            ends = {
                reference_path(each) for link in links if isinstance(each := link[end], EndpointReference)
            }
            for source in sorted(ends)[:SOME]:
                wanted = [link for link in links if reference_path(link[end]) == source]  # type: ignore[arg-type]
                listed = rows(
                    query(at, f"REFERENCES OF {{{source}}} WHERE ResultClass = {found.name} Role = {end}")
                )
                assert sorted(map(str, listed)) == sorted(map(str, wanted))


EMPTY = {
    "Msvm_LastAppliedSnapshot", "Msvm_AffectedJobElement", "Msvm_OwningJobElement", "Msvm_VirtualSystemMigrationServiceSettingDataComponent",
    "Msvm_ControlledBy",
}  # fmt: skip
"""Nothing was applied, no job runs, any network may be used, no machine is of generation 1."""


def test_a_machine_its_settings_its_disks(at: Desk) -> None:
    """The walk of libvirt's driver, in its spelling: quotes, blanks and all."""
    (settings,) = rows(
        query(
            at,
            f"ASSOCIATORS OF {{{path(at, 'WEB01', chr(39))}}} "
            f"WHERE AssocClass = Msvm_SettingsDefineState ResultClass = {SETTINGS}",
        )
    )
    assert settings.text("VirtualSystemIdentifier") == at.stage.vm("WEB01").id
    disks = rows(
        query(
            at,
            f"ASSOCIATORS OF {{{SETTINGS}.InstanceID='{settings.text('InstanceID')}'}} "
            f"WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent ResultClass = {DISKS}",
        )
    )
    held = sorted(str(row.many("HostResource")[0]) for row in disks)
    assert held == ["D:\\Hyper-V\\WEB01\\data.vhdx", "D:\\Hyper-V\\WEB01\\os.vhdx", "D:\\ISO\\setup.iso"]


def test_each_word_narrows_what_is_found(at: Desk) -> None:
    """From a machine with checkpoints, the same settings by several associations, once for each."""
    whole = f"ASSOCIATORS OF {{{path(at, 'SNAP01')}}}"
    settings = rows(query(at, f"{whole} WHERE ResultClass = CIM_VirtualSystemSettingData"))
    assert len(settings) == 1 + 2 + 1  # active, both checkpoints, and the latest once more as the current one
    assert len(query(at, f"{whole} WHERE ResultClass = {SETTINGS} ResultRole = SettingData")) == 1
    assert len(query(at, f"{whole} WHERE ResultClass = {SETTINGS} Role = antecedent")) == 3
    assert (
        len(
            query(
                at,
                f"{whole} WHERE AssocClass = CIM_SnapshotOfVirtualSystem RequiredAssocQualifier = Association",
            )
        )
        == 2
    )
    assert query(at, f"{whole} WHERE ResultClass = Msvm_VirtualEthernetSwitch") == []
    assert query(at, f"{whole} WHERE Role = PartComponent") == []
    assert {row.class_name for row in rows(query(at, whole))} >= {
        SETTINGS, "Msvm_ComputerSystem", "Msvm_HeartbeatComponent", "Msvm_VirtualSystemManagementService",
    }  # fmt: skip


def test_references_of_yields_the_associations(at: Desk) -> None:
    """With both ends; narrowed by their own class and by the role of the source."""
    whole = f"REFERENCES OF {{{settings_path(at, 'SNAP01')}}}"
    classes = sorted(row.class_name for row in rows(query(at, f"{whole} WHERE Role = SettingData")))
    assert classes == ["Msvm_SettingsDefineState"]
    (parent,) = rows(
        query(at, f"{whole} WHERE ResultClass = Msvm_ParentChildSettingData RequiredQualifier = Dynamic")
    )
    latest = at.stage.vm("SNAP01").checkpoints[-1]
    reference = parent["Antecedent"]
    assert isinstance(reference, EndpointReference)
    assert reference.selectors == {"InstanceID": f"Microsoft:{latest.id}"}
    assert len(query(at, f"{whole} WHERE ResultClass = CIM_Component")) == len(
        query(at, f"{whole} WHERE Role = GroupComponent")
    )


def test_the_source_may_be_an_association(at: Desk) -> None:
    """Its path holds paths; with the host's name and without."""
    row = query(
        at,
        f"SELECT __PATH, __RELPATH FROM Msvm_SettingsDefineState WHERE __PATH LIKE '%{at.stage.vm('WEB01').id}%'",
    )[0]
    assert isinstance(row, Fragment)
    assert str(row.properties["__PATH"]).startswith(
        "\\\\HV1\\root\\virtualization\\v2:Msvm_SettingsDefineState.ManagedElement="
    )
    for name in ("__PATH", "__RELPATH"):
        assert query(at, f"REFERENCES OF {{{row.properties[name]}}}") == []


def test_a_condition_on_a_reference_is_a_path(at: Desk) -> None:
    """With or without host and namespace, as clients write it in quotes."""
    relative, whole = settings_path(at, "OFF01"), "SELECT * FROM Msvm_SettingsDefineState WHERE SettingData"
    for text in (relative, f"\\\\HV1\\root\\virtualization\\v2:{relative}"):
        literal = text.replace("\\", "\\\\").replace('"', '\\"')
        (found,) = rows(query(at, f'{whole} = "{literal}"'))
        assert found["ManagedElement"] == at.machine("OFF01")
        assert found not in query(at, f'{whole} <> "{literal}"')
    assert refused(at, f"{whole} LIKE '%'") == "Invalid query"
    assert refused(at, f"{whole} = 5") == "Invalid query"


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "\\\\HV1\\root\\virtualization\\v2:{}",
        "//./root/virtualization/v2:{}",
        "ROOT\\virtualization\\v2:{}",
    ],
)
def test_every_form_of_a_path_finds_the_machine(at: Desk, form: str) -> None:
    """Relative, with a host, with slashes, in any case."""
    source = form.format(path(at, "OFF01").lower())
    assert len(query(at, f"ASSOCIATORS OF {{{source}}} WHERE AssocClass = Msvm_SettingsDefineState")) == 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="NOBODY"', "Not found"),
        ("Msvm_Nothing.Name='a'", "The specified class does not exist in the given namespace."),
        ('Msvm_ComputerSystem.Name="HV1"', "Invalid object path"),
        ('Msvm_ComputerSystem="HV1"', "Invalid object path"),
        ("Msvm_ComputerSystem=@", "Invalid object path"),
        ('Msvm_ComputerSystem.Name="HV1",Nothing="a"', "Invalid object path"),
        (
            '\\\\HV2\\root\\virtualization\\v2:Msvm_VirtualSystemSettingData.InstanceID="a"',
            "Invalid object path",
        ),
        ('\\\\.\\root\\cimv2:Win32_Service.Name="vmms"', "Invalid object path"),
        ("Msvm_ComputerSystem.", "Invalid object path"),
        ("Msvm_Battery.Name='a'", "Not served by the lab: Msvm_Battery of root/virtualization/v2."),
        ("Msvm_ComputerSystem", "Not served by the lab: schema queries (the associations of a class)."),
    ],
)
def test_a_source_that_is_not_there(at: Desk, source: str, words: str) -> None:
    """An instance, a class, keys, another host, another namespace; what the lab lacks says so."""
    assert refused(at, f"ASSOCIATORS OF {{{source}}}") == words


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("ResultClass = Msvm_Nothing", "The specified class does not exist in the given namespace."),
        (
            "AssocClass = Msvm_BasedOn",
            "Not served by the lab: Msvm_BasedOn of root/virtualization/v2.",
        ),
        ("ClassDefsOnly", "Not served by the lab: class definitions (ClassDefsOnly, SchemaOnly)."),
        ("RequiredQualifier = Locale", "Not served by the lab: qualifiers of classes (Locale)."),
        ("Nothing = A", "Invalid query"),
    ],
)
def test_words_that_are_refused(at: Desk, where: str, words: str) -> None:
    """As a host would, or in the lab's own words."""
    assert refused(at, f"ASSOCIATORS OF {{{path(at, 'WEB01')}}} WHERE {where}") == words


def test_keys_alone_and_references(at: Desk) -> None:
    """KEYSONLY leaves the rest NULL; the mode of an enumeration is kept."""
    whole = f"ASSOCIATORS OF {{{path(at, 'WEB01')}}} WHERE AssocClass = Msvm_SettingsDefineState"
    (row,) = rows(query(at, f"{whole} KeysOnly"))
    assert {name for name, value in row.properties.items() if value is not None} == {"InstanceID"}
    (reference,) = query(at, whole, mode=EnumerationMode.EPRS)
    assert isinstance(reference, EndpointReference)
    assert reference.selectors == {"InstanceID": f"Microsoft:{at.stage.vm('WEB01').id}"}


def associated(source: EndpointReference, class_name: str = "*", **words: str) -> Enumerate:
    """Return an enumeration by the association filter."""
    found = AssociationFilter(source=source, **words)  # type: ignore[arg-type]  # all of them are texts
    return Enumerate(resource_uri=resource_uri(class_name), matching=found, optimize=True, max_elements=100)


def test_the_association_filter(at: Desk) -> None:
    """DSP0227: the same walk without WQL, narrowed in the same ways, whole or in parts."""
    (settings,) = rows(
        ask(
            at,
            associated(
                at.machine("WEB01"), association_class="Msvm_SettingsDefineState", role="ManagedElement"
            ),
        )
    )
    source = EndpointReference(resource_uri(SETTINGS), {"InstanceID": settings.text("InstanceID")})
    assert len(ask(at, associated(source, result_class=DISKS, result_role="PartComponent"))) == 3
    found = AssociationFilter(source=source, result_class=DISKS, properties=("instanceid", "Nothing"))
    fragments = ask(
        at, Enumerate(resource_uri=resource_uri("*"), matching=found, optimize=True, max_elements=100)
    )
    assert all(isinstance(each, Fragment) and set(each.properties) == {"InstanceID"} for each in fragments)
    links = AssociationFilter(source=source, associations=True, result_class="Msvm_SettingsDefineState")
    (link,) = rows(
        ask(at, Enumerate(resource_uri=resource_uri("*"), matching=links, optimize=True, max_elements=9))
    )
    assert link["SettingData"] == source


@pytest.mark.parametrize(
    ("uri", "selectors"),
    [
        (resource_uri("Msvm_ComputerSystem"), {"__cimnamespace": "root/virtualization/v2"}),
        (
            "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Msvm_ComputerSystem",
            {"__cimnamespace": "root\\virtualization\\v2"},
        ),
    ],
)
def test_the_filter_s_object_may_name_its_namespace(at: Desk, uri: str, selectors: dict[str, str]) -> None:
    """In a selector, as CIM clients write it."""
    source = EndpointReference(uri, {**at.machine("WEB01").selectors, **selectors})
    assert len(ask(at, associated(source, association_class="Msvm_SettingsDefineState"))) == 1


def test_the_association_filter_refused(at: Desk) -> None:
    """On a class instead of `*`, and from what is not there."""
    message = associated(at.machine("WEB01"), "Msvm_ComputerSystem")
    assert at.fault(message).subcode == "CannotProcessFilter"
    nobody = EndpointReference(
        resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": "NOBODY"}
    )
    assert at.fault(associated(nobody)).texts[-1] == "Not found"


def test_the_selector_filter(at: Desk) -> None:
    """Any property, by its type and without case; on a class, never on `*`."""
    uri = resource_uri("Msvm_ComputerSystem")

    def by(**selectors: str) -> Enumerate:
        return Enumerate(
            resource_uri=uri, matching=SelectorFilter(selectors=selectors), optimize=True, max_elements=9
        )

    assert [row.text("ElementName") for row in rows(ask(at, by(elementname="web01", EnabledState="2")))] == [
        "WEB01"
    ]
    assert ask(at, by(ElementName="web01", EnabledState="3")) == []
    assert at.fault(by(Nothing="1")).subcode == "CannotProcessFilter"
    assert at.fault(by(EnabledState="two")).subcode == "CannotProcessFilter"
    end = SelectorFilter(selectors={"ManagedElement": at.machine("WEB01")})
    uri = resource_uri("Msvm_SettingsDefineState")
    (link,) = rows(ask(at, Enumerate(resource_uri=uri, matching=end, optimize=True, max_elements=9)))
    assert link["ManagedElement"] == at.machine("WEB01")
    wild = Enumerate(resource_uri=resource_uri("*"), matching=SelectorFilter(selectors={"Name": "a"}))
    assert at.fault(wild).subcode == "CannotProcessFilter"


def test_another_dialect_is_told_which_there_are(at: Desk) -> None:
    """The fault lists all three."""
    message = Enumerate(
        resource_uri=resource_uri("*"), query="//x", dialect="http://www.w3.org/TR/1999/REC-xpath-19991116"
    )
    fault = at.fault(message)
    assert fault.subcode == "FilterDialectRequestedUnavailable"
    assert [each.rpartition("/")[2] for each in fault.dialects] == [
        "WQL",
        "SelectorFilter",
        "associationFilter",
    ]


def test_projections_of_system_properties(at: Desk) -> None:
    """Beside the class's own, in WMI's spelling."""
    names = "__class, __DERIVATION, __DYNASTY, __GENUS, __NAMESPACE, __PATH, __PROPERTY_COUNT, __RELPATH, __SERVER, __SUPERCLASS, name"
    (row,) = query(
        at, f"SELECT {names} FROM CIM_System WHERE Name = __SERVER AND __CLASS = 'Msvm_ComputerSystem'"
    )
    assert isinstance(row, Fragment)
    found = row.properties
    relative = 'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="HV1"'
    assert found["Name"] == found["__SERVER"] == "HV1"
    assert (found["__CLASS"], found["__SUPERCLASS"], found["__GENUS"]) == (
        "Msvm_ComputerSystem",
        "CIM_ComputerSystem",
        "2",
    )
    assert found["__NAMESPACE"] == "root\\virtualization\\v2"
    assert (found["__RELPATH"], found["__PATH"]) == (
        relative,
        f"\\\\HV1\\root\\virtualization\\v2:{relative}",
    )
    derivation = found["__DERIVATION"]
    assert isinstance(derivation, tuple)
    assert derivation[-1] == found["__DYNASTY"]
    assert int(str(found["__PROPERTY_COUNT"])) > 40
    exact = relative.replace('"', '\\"')
    assert len(query(at, f'SELECT * FROM Msvm_ComputerSystem WHERE __RELPATH = "{exact}"')) == 1


def test_a_projection_with_references(at: Desk) -> None:
    """Object and reference: the object is a row of the projection, the reference has the keys."""
    mode = EnumerationMode.OBJECTS_AND_EPRS
    (item,) = query(at, "SELECT ElementName FROM Msvm_ComputerSystem WHERE ElementName = 'WEB01'", mode=mode)
    assert isinstance(item, InstanceWithReference)
    assert item.instance == Fragment({"ElementName": "WEB01"})
    assert item.reference == at.machine("WEB01")


def test_what_microsoft_s_own_pages_ask_of_capabilities(at: Desk) -> None:
    """Windows Admin Center reads the migration settings so; a published client the definitions of versions."""
    source = 'Msvm_VirtualSystemMigrationCapabilities.InstanceID="Microsoft:MigrationCapabilities"'
    found = rows(
        query(at, f"associators of {{{source}}} where resultclass = Msvm_VirtualSystemMigrationSettingData")
    )
    assert {row.number("MigrationType") for row in found} == {32768, 32769, 32770, 32771, 32772}
    source = (
        'Msvm_VirtualSystemManagementCapabilities.InstanceID="Microsoft:VirtualSystemManagementCapabilities"'
    )
    found = rows(
        query(
            at,
            f"ASSOCIATORS OF {{{source}}} WHERE AssocClass=Msvm_SettingsDefineCapabilities ResultClass={SETTINGS}",
        )
    )
    assert found
    assert all(row.text("InstanceID").startswith("Microsoft:Definition\\") for row in found)


def test_processors_of_the_computer(at: Desk) -> None:
    """As libvirt counts them."""
    found = query(
        at,
        "ASSOCIATORS OF {Win32_ComputerSystem.Name='HV1'} WHERE AssocClass = Win32_ComputerSystemProcessor ResultClass = Win32_Processor",
        CIMV2,
    )
    assert len(found) == len(query(at, "SELECT * FROM Win32_Processor", CIMV2))


def test_a_cluster_s_roles_and_their_resources(desk: MAKER) -> None:
    """microsoft/wmi finds a machine's resource by its role; outside a cluster there is no namespace."""
    at = desk(estate(machine("WEB01", clustered=True), cluster="C1"))
    (found,) = rows(
        query(
            at,
            "ASSOCIATORS OF {MSCluster_ResourceGroup.Name='WEB01'} WHERE AssocClass = MSCluster_ResourceGroupToResource",
            MSCLUSTER,
        )
    )
    assert found.text("Name") == "Virtual Machine WEB01"
    assert (
        len(
            query(
                at,
                "ASSOCIATORS OF {MSCluster_Cluster='C1'} WHERE ResultClass = MSCluster_ResourceGroup",
                MSCLUSTER,
            )
        )
        == 2
    )


def test_devices_their_settings_and_where_they_come_from(at: Desk) -> None:
    """A drive, its settings, its medium, its controller and its pool; a machine that is off has no devices."""
    assert query(at, f"ASSOCIATORS OF {{{path(at, 'OFF01')}}} WHERE AssocClass = Msvm_SystemDevice") == []
    drives = rows(query(at, f"ASSOCIATORS OF {{{path(at, 'WEB01')}}} WHERE ResultClass = CIM_DiskDrive"))
    assert len(drives) == 2
    keys = ("CreationClassName", "DeviceID", "SystemCreationClassName", "SystemName")
    text = ",".join(f'{key}="{drives[0].text(key).replace(chr(92), chr(92) * 2)}"' for key in keys)
    found = rows(query(at, f"ASSOCIATORS OF {{Msvm_DiskDrive.{text}}}"))
    assert sorted(row.class_name for row in found) == [
        "Msvm_ComputerSystem", "Msvm_LogicalDisk", "Msvm_ResourceAllocationSettingData", "Msvm_ResourcePool", "Msvm_SCSIProtocolController",
    ]  # fmt: skip
    (settings,) = (row for row in found if row.class_name == "Msvm_ResourceAllocationSettingData")
    assert settings.text("InstanceID") == drives[0].text("DeviceID")


def test_a_switch_and_the_port_of_an_adapter(at: Desk) -> None:
    """The steps of "Querying networking objects" (win32): settings of a switch, features of a port, and the machine of a port."""
    (switch, *_) = rows(query(at, "SELECT * FROM Msvm_VirtualEthernetSwitch"))
    keys = f'CreationClassName="Msvm_VirtualEthernetSwitch",Name="{switch.text("Name")}"'
    state = "AssocClass = Msvm_SettingsDefineState"
    (settings,) = rows(query(at, f"ASSOCIATORS OF {{Msvm_VirtualEthernetSwitch.{keys}}} WHERE {state}"))
    assert settings.class_name == "Msvm_VirtualEthernetSwitchSettingData"
    prefix = f"Microsoft:{at.stage.vm('WEB01').id}"
    (port,) = rows(
        query(at, f"SELECT * FROM Msvm_EthernetPortAllocationSettingData WHERE InstanceID LIKE '{prefix}%'")
    )
    text = port.text("InstanceID").replace("\\", "\\\\")
    whole = f'ASSOCIATORS OF {{Msvm_EthernetPortAllocationSettingData.InstanceID="{text}"}}'
    features = rows(query(at, f"{whole} WHERE AssocClass = Msvm_EthernetPortSettingDataComponent"))
    assert {row.class_name for row in features} == {"Msvm_EthernetSwitchPortOffloadSettingData"}
    (owner,) = rows(query(at, f"{whole} WHERE ResultClass = {SETTINGS}"))
    assert owner.text("ElementName") == "WEB01"


def test_jobs_and_what_they_are_about(desk: MAKER) -> None:
    """While a machine moves: the job, its machine, and the service that runs it."""
    at = desk(estate(machine("WEB01")))
    job = at.stage.start_everything("WEB01", "hv2")
    (link,) = rows(query(at, "SELECT * FROM Msvm_AffectedJobElement"))
    assert link.many("ElementEffects") == (0,)
    source = f'Msvm_MigrationJob.InstanceID="{job.id}"'
    (vm,) = rows(query(at, f"ASSOCIATORS OF {{{source}}} WHERE AssocClass = Msvm_AffectedJobElement"))
    assert vm.text("ElementName") == "WEB01"
    (service,) = rows(query(at, f"ASSOCIATORS OF {{{source}}} WHERE ResultRole = OwningElement"))
    assert service.text("Name") == "migrationwmi"


@pytest.mark.parametrize("number", [9600, 14393, 17763, 20348, 26100])
def test_builds_have_at_least_fifteen(desk: MAKER, number: int) -> None:
    """Each with a class of its own; the older ones without what came later."""
    at = desk(estate(machine("WEB01"), build=number))
    served = [
        each.name
        for each in ASSOCIATIONS
        if not isinstance(at.send(Enumerate(resource_uri=resource_uri(each.name, each.namespace))), Fault)
    ]
    assert len(served) >= 15
    assert ("Msvm_ResourceDependentOnResource" in served) == (number >= 14393)


def test_a_key_that_is_a_text_where_a_reference_belongs(at: Desk) -> None:
    """A Get of an association by texts finds nothing."""
    (reference, *_) = ask(
        at,
        Enumerate(
            resource_uri=resource_uri("Msvm_ElementSettingData"),
            mode=EnumerationMode.EPRS,
            optimize=True,
            max_elements=9,
        ),
    )
    assert isinstance(reference, EndpointReference)
    texts = dict.fromkeys(reference.selectors, "Msvm_ComputerSystem")
    assert (
        at.fault(Get(target=EndpointReference(reference.resource_uri, texts))).subcode
        == "DestinationUnreachable"
    )


def test_each_end_is_what_its_class_says() -> None:
    """Every association is in the schema with both ends as references, and among the classes."""
    listed = {each.name for each in CLASSES if each.association}
    assert listed == {each.name for each in ASSOCIATIONS}


def test_references_within_references_have_an_end(at: Desk) -> None:
    """No key of a host stands so deep, and each level would double what it holds."""
    deep = at.machine("WEB01")
    for _ in range(12):
        deep = EndpointReference(deep.resource_uri, {"Name": deep})
    link = EndpointReference(
        resource_uri("Msvm_SettingsDefineState"), {"ManagedElement": deep, "SettingData": deep}
    )
    assert at.fault(Get(target=link)).subcode == "InvalidSelectors"
    assert at.fault(associated(deep)).texts[-1] == "Invalid object path"

"""Settings of a host's migration service, set over the wire: what is declared, and nothing else."""

from __future__ import annotations

import threading

import pytest

from hyperv_placement.errors import HostSettingsError
from hyperv_placement.hyperv.host_facts import service_reference
from hyperv_placement.hyperv.host_settings import HostConfigurator, read_migration
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import ANY_NETWORK, LiveMigration
from hyperv_placement.wsman import Instance, encode_embedded
from lab.world import LabHost
from lab.world.objects import LabNetwork
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Three hosts with a machine."""
    return make_fabric(estate(machine("WEB01")))


def apply(fabric: Fabric, wanted: LiveMigration) -> LabHost:
    """Bring hv1 to what is wanted, and return the lab's own record of it."""
    client = fabric.estate.client(HostName("hv1"))
    HostConfigurator(client, fabric.clock, threading.Event()).apply(wanted, read_migration(client))
    return fabric.world.hosts["hv1"]


@pytest.mark.parametrize(
    ("wanted", "attribute", "value"),
    [
        (LiveMigration(enabled=False), "migration_enabled", False),
        (LiveMigration(authentication="credssp"), "authentication", 0),
        (LiveMigration(live_limit=7), "max_live", 7),
        (LiveMigration(storage_limit=9), "max_storage", 9),
        (LiveMigration(performance="smb"), "smb", True),
        (LiveMigration(performance="tcpip"), "compression", False),
    ],
)
def test_only_what_is_declared_changes(
    fabric: Fabric, wanted: LiveMigration, attribute: str, value: object
) -> None:
    """One setting differs afterwards, or the two that a performance option is made of."""
    names = ("migration_enabled", "authentication", "max_live", "max_storage", "smb", "compression")
    before = {name: getattr(fabric.world.hosts["hv1"], name) for name in names}
    after = apply(fabric, wanted)
    assert getattr(after, attribute) == value
    changed = {name for name in names if getattr(after, name) != before[name]}
    assert changed <= {attribute, "smb", "compression"} if wanted.performance else changed == {attribute}
    assert fabric.world.state.violations == []


def test_what_is_as_declared_is_not_set_again(fabric: Fabric) -> None:
    """A host that has it all gets no order."""
    apply(fabric, LiveMigration(enabled=True, live_limit=2, networks=ANY_NETWORK))
    assert "ModifyServiceSettings" not in fabric.servers.counts()["hv1"]
    assert "AddNetworkSettings" not in fabric.servers.counts()["hv1"]


def test_networks_are_set_in_their_order(fabric: Fabric) -> None:
    """New ones come, those that stay get their place, any network goes; the host listens on the first one first."""
    fabric.world.hosts["hv1"].addresses = ["10.0.1.11", "10.0.2.11", "192.168.0.11"]
    apply(fabric, LiveMigration(networks=("10.0.1.0/24", "10.0.2.0/24")))
    host = apply(fabric, LiveMigration(networks=("10.0.2.0/24", "10.0.1.0/24")))
    assert host.listening == ["10.0.2.11", "10.0.1.11"]
    assert [(network.subnet, network.metric) for network in host.ranked] == [
        ("10.0.2.0", 10),
        ("10.0.1.0", 20),
    ]
    assert apply(fabric, LiveMigration(networks=ANY_NETWORK)).listening == host.addresses
    assert fabric.world.state.violations == []


def test_a_host_that_refuses_says_why(fabric: Fabric) -> None:
    """A subnet that is none on the host: the ReturnValue in words."""
    client = fabric.estate.client(HostName("hv1"))
    fabric.world.hosts["hv1"].networks.append(LabNetwork(id="X", subnet="10.1.0.0", prefix=16))
    actual = read_migration(client)
    fabric.world.hosts["hv1"].networks.pop()
    with pytest.raises(
        HostSettingsError, match=r"RemoveNetworkSettings with ReturnValue 32773 \(invalid parameter\)"
    ):
        HostConfigurator(client, fabric.clock, threading.Event()).apply(
            LiveMigration(networks=ANY_NETWORK), actual
        )


@pytest.mark.parametrize(
    ("wanted", "ignored", "expected"),
    [
        (
            LiveMigration(performance="tcpip"),
            "EnableCompression",
            "performance is compression, not tcpip. On hv1 run Set-VMHost -VirtualMachineMigrationPerformanceOption 'tcpip'",
        ),
        (
            LiveMigration(performance="smb", live_limit=7),
            "EnableSmbTransport EnableCompression",
            "performance is compression, not smb. On hv1 run Set-VMHost -VirtualMachineMigrationPerformanceOption 'smb'",
        ),
        (
            LiveMigration(enabled=False, live_limit=7, authentication="credssp"),
            "",
            "enabled is true, not false, authentication is kerberos, not credssp, liveLimit is 2, not 7. On hv1 run Disable-VMMigration; Set-VMHost -VirtualMachineMigrationAuthenticationType 'credssp'; Set-VMHost -MaximumVirtualMachineMigrations 7",
        ),
    ],
)
def test_a_host_that_answers_0_and_takes_nothing_is_found_out(
    fabric: Fabric, wanted: LiveMigration, ignored: str, expected: str
) -> None:
    """By reading it again: which settings, as they are, and what to type there; what it did take stays."""
    fabric.fault("settings-ignored", host="hv1", text=ignored)
    with pytest.raises(HostSettingsError, match="shows otherwise") as caught:
        apply(fabric, wanted)
    assert expected in str(caught.value)
    assert fabric.world.hosts["hv1"].max_live == (7 if ignored and wanted.live_limit else 2)


def test_what_the_host_shows_is_returned(fabric: Fabric) -> None:
    """After the change, not as it was before."""
    client = fabric.estate.client(HostName("hv1"))
    configurator = HostConfigurator(client, fabric.clock, threading.Event())
    found = configurator.apply(LiveMigration(performance="smb"), read_migration(client))
    assert found.performance == "smb"


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        encode_embedded(
            Instance("Msvm_VirtualSystemMigrationServiceSettingData", {"InstanceID": "Microsoft:HV9"})
        ),
        encode_embedded(Instance("Msvm_VirtualSystemMigrationServiceSettingData", {"AuthenticationType": 3})),
        encode_embedded(Instance("Msvm_VirtualSystemManagementServiceSettingData", {})),
    ],
)
def test_the_lab_refuses_settings_as_a_host_would(fabric: Fabric, text: str) -> None:
    """No text, another host's, a value out of range, another class: 32773, and the lab notes it."""
    client = fabric.estate.client(HostName("hv1"))
    service = client.query("Msvm_VirtualSystemMigrationService")[0]
    keys = {
        n: service.text(n) for n in ("SystemCreationClassName", "SystemName", "CreationClassName", "Name")
    }

    answer = client.invoke(service_reference(keys), "ModifyServiceSettings", {"ServiceSettingData": text})
    assert answer.return_value == 32773
    assert len(fabric.world.state.violations) == 1

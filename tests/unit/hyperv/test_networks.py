"""How switches are made: read off their own ports and settings."""

from __future__ import annotations

import pytest

from hyperv_placement.hyperv.networks import kinds_by_adapters, kinds_of
from hyperv_placement.hyperv.vlans import vlan_ids
from hyperv_placement.model.estate import SwitchKind
from hyperv_placement.wsman import Instance, Value
from tests.estates import guid

OUTSIDE, INSIDE, ALONE = guid(1), guid(2), guid(3)
SWITCHES = [Instance("Msvm_VirtualEthernetSwitch", {"Name": each}) for each in (OUTSIDE, INSIDE, ALONE)]
PATH = "\\\\HV1\\root\\virtualization\\v2:"
PHYSICAL = f'{PATH}Msvm_ExternalEthernetPort.CreationClassName="Msvm_ExternalEthernetPort",DeviceID="Microsoft:{{X}}"'
HOST = f'{PATH}Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="HV1"'


def port(switch: str, path: str | None, name: str = "X") -> Instance:
    """Return the settings of a switch's own port, and what it is connected to."""
    resource = None if path is None else (path,)
    return Instance("X", {"InstanceID": f"Microsoft:{switch.lower()}\\{name}", "HostResource": resource})


def test_a_switch_is_what_its_own_ports_are_connected_to() -> None:
    """To a physical adapter, beside the host or not; to the host alone; to neither."""
    found = kinds_of(SWITCHES, [port(OUTSIDE, HOST), port(OUTSIDE, PHYSICAL, "Y"), port(INSIDE, HOST)])
    assert found == {
        OUTSIDE: SwitchKind.EXTERNAL,
        INSIDE: SwitchKind.INTERNAL,
        ALONE: SwitchKind.PRIVATE,
    }
    assert (
        kinds_of(SWITCHES, [port(OUTSIDE, PHYSICAL.replace("ExternalEthernetPort", "WiFiPort"))])[OUTSIDE]
        == "external"
    )
    assert kinds_of(SWITCHES, [port(OUTSIDE, PHYSICAL.removeprefix(PATH))])[OUTSIDE] == "external"


@pytest.mark.parametrize("ports", [[], [port(OUTSIDE, None), port(INSIDE, "")]])
def test_without_any_port_that_says_so_no_switch_is_called_private(ports: list[Instance]) -> None:
    """A host that does not show the ports of its switches proves nothing by their absence."""
    assert kinds_of(SWITCHES, ports) == {}


@pytest.mark.parametrize(
    ("switches", "bound", "virtual", "kind"),
    [
        (1, (True, False), 1, SwitchKind.EXTERNAL),
        (2, (True, False), 1, None),
        (1, (False,), 1, SwitchKind.INTERNAL),
        (2, (False,), 1, SwitchKind.WITHIN),
        (2, (False,), 0, SwitchKind.PRIVATE),
        (1, (), 0, SwitchKind.PRIVATE),
        (1, (False,), None, SwitchKind.WITHIN),
    ],
)
def test_the_adapters_of_a_host_prove_what_no_port_says(
    switches: int, bound: tuple[bool, ...], virtual: int | None, kind: SwitchKind | None
) -> None:
    """Nothing bound, nothing external; which of several switches is bound does not show."""
    physical = [Instance("Msvm_ExternalEthernetPort", {"IsBound": each}) for each in bound]
    host = None if virtual is None else [Instance("Msvm_InternalEthernetPort", {})] * virtual
    found = kinds_by_adapters(SWITCHES[:switches], physical, host)
    assert set(found.values()) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({"OperationMode": 1, "AccessVlanId": 20, "NativeVlanId": 7}, [20]),
        (
            {"OperationMode": 2, "AccessVlanId": 20, "NativeVlanId": 7, "TrunkVlanIdArray": (30, 31)},
            [7, 30, 31],
        ),
        ({"OperationMode": 3, "PrimaryVlanId": 40, "SecondaryVlanId": 41}, [40, 41]),
        ({"OperationMode": 1, "AccessVlanId": 0}, []),
        ({"OperationMode": 0, "AccessVlanId": 20}, []),
        ({}, []),
    ],
)
def test_the_mode_says_which_ids_count(values: dict[str, Value], ids: list[int]) -> None:
    """Access, trunk with its native id, private; a mode without a name has none."""
    assert list(vlan_ids([Instance("Msvm_EthernetSwitchPortVlanSettingData", values)])) == ids

"""Integration services of machines: a component while a machine runs, and its settings at all times.

Their ids are those that Get-VMIntegrationService shows on every host. What a component says while the guest does not
answer is a guess: the heartbeat's class page alone describes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import View, instance
from lab.world.objects import UP

from .guest_devices import device
from .holders import holders

_OK, _NO_CONTACT = 2, 12
_ENABLED, _DISABLED = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One integration service; its settings' class is named after it."""

    class_name: str
    text: str
    description: str
    id: str
    enabled: bool = True

    @property
    def settings_class(self) -> str:
        """The class of its settings."""
        return f"{self.class_name}SettingData"

    def rows(self, view: View) -> Iterator[Instance]:
        """Yield the component of each running machine."""
        for vm in view.host.vms():
            if vm.enabled_state in UP:
                status: dict[str, Value] = {
                    "EnabledDefault": 7,
                    "EnabledState": _ENABLED if self.enabled else _DISABLED,
                    "OperationalStatus": (_OK if vm.heartbeat else _NO_CONTACT,),
                    "StatusDescriptions": (view.texts["ok" if vm.heartbeat else "no-contact"],),
                }
                yield device(view, vm, self.class_name, self.text, self.description, self.id, **status)

    def settings(self, view: View) -> Iterator[Instance]:
        """Yield the settings of each machine, planned machine and checkpoint."""
        for holder in holders(view):
            yield instance(
                self.settings_class,
                {
                    "Caption": view.texts[self.text],
                    "Description": f"{self.description} Setting Data",
                    "ElementName": view.texts[self.text],
                    "EnabledState": _ENABLED if self.enabled else _DISABLED,
                    "InstanceID": f"{holder.prefix}\\{self.id}",
                },
            )


COMPONENTS = (
    Component(
        class_name="Msvm_ShutdownComponent", text="shutdown", description="Microsoft Shutdown Service",
        id="9F8233AC-BE49-4C79-8EE3-E7E1985B2077",
    ),
    Component(
        class_name="Msvm_TimeSyncComponent", text="time-sync", description="Microsoft Time Synchronization Service",
        id="2497F4DE-E9FA-4204-80E4-4B75C46419C0",
    ),
    Component(
        class_name="Msvm_KvpExchangeComponent", text="kvp", description="Microsoft Key-Value Pair Exchange Service",
        id="2A34B1C2-FD73-4043-8A5B-DD2159BC743F",
    ),
    Component(
        class_name="Msvm_VssComponent", text="vss", description="Microsoft VSS Service",
        id="5CED1297-4598-4915-A5FC-AD21BB4D02A4",
    ),
    Component(
        class_name="Msvm_GuestServiceInterfaceComponent", text="guest-service",
        description="Microsoft Guest Service Interface", id="6C09BB55-D683-4DA0-8931-C9BF705F6480", enabled=False,
    ),
)  # fmt: skip
HEARTBEAT = Component(
    class_name="Msvm_HeartbeatComponent", text="heartbeat", description="Microsoft Heartbeat Service",
    id="84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47",
)  # fmt: skip
"""The rows of the component itself stand in `systems`: moves look at them."""

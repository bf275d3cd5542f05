"""Whether Virtual Machine Manager manages a host."""

from __future__ import annotations

from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import CIMV2, Instance

_AGENT = "SCVMMAgent"
"""Service of Virtual Machine Manager's agent (Learn, "Ports and protocols for VMM")."""
_HYPER_V = "vmms"
"""Service of Hyper-V's management (windowsserverdocs, best practices of Hyper-V; Name of Msvm_VirtualSystemManagementService)."""


def is_managed_by_vmm(client: Client) -> bool | None:
    """Say whether the agent runs; None where the account may not see the host's services. Raises PlacementError.

    Who may not see a service gets no row of it (centreon/centreon-plugins issue 4062): that the agent is not there is believed only
    beside a service that every Hyper-V host has.
    """
    rows = client.query("Win32_Service", "Name", "State", where={"Name": (_AGENT, _HYPER_V)}, namespace=CIMV2)
    services = {row.text("Name").casefold(): row for row in rows}
    agent = services.get(_AGENT.casefold())
    if agent is not None:
        return manages(agent)
    return False if _HYPER_V in services else None


def manages(service: Instance) -> bool:
    """Say whether the agent of Virtual Machine Manager runs, by its row of Win32_Service."""
    return service.text("State") == "Running"
